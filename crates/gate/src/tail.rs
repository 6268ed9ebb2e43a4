//! The end of an output, in bounded memory.

use std::collections::VecDeque;

/// How much of a red gate's output goes into the next prompt, in bytes.
const LIMIT: usize = 8 << 10;

/// Keeps the last bytes of what it is fed.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: VecDeque<u8>,
}

impl Tail {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend(&bytes[bytes.len().saturating_sub(LIMIT)..]);
        let excess = self.bytes.len().saturating_sub(LIMIT);
        self.bytes.drain(..excess);
    }

    /// As text, whole lines where there are any.
    pub(crate) fn text(&self) -> String {
        let bytes: Vec<u8> = self.bytes.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let is_cut = self.bytes.len() >= LIMIT;
        let start = if is_cut { text.find('\n').map_or(0, |newline| newline + 1) } else { 0 };
        text[start..].trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_bounded_and_begins_with_a_whole_line() {
        let mut tail = Tail::default();
        for number in 0..10_000 {
            tail.feed(format!("line {number}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.len() <= LIMIT && text.starts_with("line ") && text.ends_with("line 9999"));
    }
}
