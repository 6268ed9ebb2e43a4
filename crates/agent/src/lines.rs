//! A stream of bytes as lines, in bounded memory.

/// The longest line that is kept whole, bytes. What a model may write in one message is far below; what a
/// tool returns may be above, and then only that line is lost.
pub const LINE_LIMIT: usize = 4 << 20;

/// What is kept allocated between lines, bytes.
const IDLE_CAPACITY: usize = 64 << 10;

/// One line without its end (`\n` or `\r\n`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line, or its beginning where it was longer than the limit.
    pub bytes: &'a [u8],
    /// How long it was, bytes.
    pub length: u64,
}

impl<'a> Line<'a> {
    /// A line that is all there.
    pub fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, length: bytes.len() as u64 }
    }

    /// Whether its end was cut off.
    pub fn is_cut(&self) -> bool {
        (self.bytes.len() as u64) < self.length
    }
}

/// Splits what is fed to it into lines. Holds at most one line, and of that at most the limit.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    kept: Vec<u8>,
    length: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self::with_limit(LINE_LIMIT)
    }
}

impl Lines {
    /// A splitter with a limit of its own, bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, kept: Vec::new(), length: 0 }
    }

    /// Takes the next bytes and hands out the lines that end in them.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (piece, rest) = (&bytes[..end], &bytes[end + 1..]);
            if self.length == 0 && piece.len() <= self.limit {
                each(Line::whole(without_return(piece)));
            } else {
                self.keep(piece);
                self.hand_out(&mut each);
            }
            bytes = rest;
        }
        self.keep(bytes);
    }

    /// Hands out a last line that had no end.
    pub fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.length > 0 {
            self.hand_out(&mut each);
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = self.limit.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(&piece[..room]);
        self.length += piece.len() as u64;
    }

    fn hand_out(&mut self, each: &mut impl FnMut(Line<'_>)) {
        if self.kept.len() as u64 == self.length {
            each(Line::whole(without_return(&self.kept)));
        } else {
            each(Line { bytes: &self.kept, length: self.length });
        }
        self.kept.clear();
        self.kept.shrink_to(IDLE_CAPACITY);
        self.length = 0;
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(limit: usize, chunks: &[&[u8]]) -> Vec<(Vec<u8>, u64)> {
        let mut lines = Lines::with_limit(limit);
        let mut all = Vec::new();
        for chunk in chunks {
            lines.feed(chunk, |line| all.push((line.bytes.to_vec(), line.length)));
        }
        lines.finish(|line| all.push((line.bytes.to_vec(), line.length)));
        all
    }

    #[test]
    fn lines_come_out_whole_however_the_bytes_arrive() {
        let expected =
            vec![(b"one".to_vec(), 3), (b"".to_vec(), 0), (b"two".to_vec(), 3), (b"cut".to_vec(), 3)];
        assert_eq!(split(100, &[b"one\n\ntwo\r\ncut"]), expected);
        let bytes: Vec<&[u8]> = b"one\n\ntwo\r\ncut".chunks(1).collect();
        assert_eq!(split(100, &bytes), expected);
    }

    #[test]
    fn a_line_beyond_the_limit_is_cut_and_the_next_is_whole() {
        let expected = vec![(b"0123".to_vec(), 10), (b"next".to_vec(), 4)];
        assert_eq!(split(4, &[b"0123456789\nnext\n"]), expected);
        assert_eq!(split(4, &[b"01", b"2345", b"6789\nne", b"xt"]), expected);
    }

    #[test]
    fn a_line_of_ten_mebibytes_holds_no_more_than_the_limit() {
        let mut lines = Lines::default();
        let chunk = vec![b'x'; 64 << 10];
        for _ in 0..160 {
            lines.feed(&chunk, |_| panic!("no line has ended"));
            assert!(lines.kept.capacity() <= 2 * LINE_LIMIT);
        }
        let mut lengths = Vec::new();
        lines.feed(b"\nshort\n", |line| lengths.push((line.bytes.len(), line.length)));
        assert_eq!(lengths, [(LINE_LIMIT, 10 << 20), (5, 5)]);
        assert!(lines.kept.capacity() <= IDLE_CAPACITY);
    }
}
