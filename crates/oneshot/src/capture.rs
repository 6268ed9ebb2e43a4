//! Output kept in bounded memory.

/// Output of a program, cut to a cap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The bytes that were kept.
    pub bytes: Vec<u8>,
    /// How many bytes were thrown away because of the cap.
    pub dropped: u64,
}

impl Captured {
    /// The kept bytes as text without surrounding white space; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).trim().to_owned()
    }

    /// Whether everything the program wrote is here.
    pub fn is_complete(&self) -> bool {
        self.dropped == 0
    }
}

/// Which end of an output is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    First,
    Last,
}

/// Collects output and forgets what exceeds the cap.
#[derive(Debug)]
pub(crate) struct Collector {
    captured: Captured,
    cap: usize,
    keep: Keep,
}

impl Collector {
    pub(crate) fn new(keep: Keep, cap: usize) -> Self {
        Self { captured: Captured::default(), cap, keep }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        match self.keep {
            Keep::First => {
                let room = self.cap.saturating_sub(self.captured.bytes.len()).min(bytes.len());
                self.captured.bytes.extend_from_slice(&bytes[..room]);
                self.captured.dropped += (bytes.len() - room) as u64;
            }
            Keep::Last => {
                self.captured.bytes.extend_from_slice(bytes);
                // Twice the cap, so that not every read moves the whole buffer.
                if self.captured.bytes.len() > self.cap.saturating_mul(2) {
                    self.cut_front();
                }
            }
        }
    }

    pub(crate) fn finish(mut self) -> Captured {
        if self.keep == Keep::Last {
            self.cut_front();
        }
        self.captured
    }

    fn cut_front(&mut self) {
        let excess = self.captured.bytes.len().saturating_sub(self.cap);
        self.captured.bytes.drain(..excess);
        self.captured.dropped += excess as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_kept_and_the_rest_is_counted() {
        let mut collector = Collector::new(Keep::First, 4);
        collector.push(b"abc");
        collector.push(b"def");
        assert_eq!(collector.finish(), Captured { bytes: b"abcd".to_vec(), dropped: 2 });
    }

    #[test]
    fn the_last_bytes_are_kept_however_they_arrive() {
        for chunk in 1..7 {
            let mut collector = Collector::new(Keep::Last, 4);
            for bytes in b"abcdefghijklm".chunks(chunk) {
                collector.push(bytes);
            }
            assert_eq!(collector.finish(), Captured { bytes: b"jklm".to_vec(), dropped: 9 });
        }
    }
}
