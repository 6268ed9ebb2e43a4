//! A stream is redacted line by line, because a secret may arrive in pieces.

use std::io::{self, Write};
use std::sync::Arc;

use super::patterns::{KEY_CLOSES, KEY_LINE_ENDS, KEY_OPENS};
use super::{MARK, Redacted, Redactor};

/// A line longer than this is passed on in parts, so that a stream without lines stays bounded.
const LONGEST_LINE: usize = 1024 * 1024;

/// A private key has fewer lines; what goes on longer was none.
const LONGEST_KEY: u32 = 200;

/// Puts a stream of bytes together to lines and takes the secrets out of them.
#[derive(Debug)]
pub struct LineRedactor {
    redactor: Arc<Redactor>,
    pending: Vec<u8>,
    lines_in_key: Option<u32>,
}

impl LineRedactor {
    /// Begins a stream.
    pub fn new(redactor: Arc<Redactor>) -> Self {
        Self { redactor, pending: Vec::new(), lines_in_key: None }
    }

    /// Takes bytes in and gives out what can be given, line ends included.
    pub fn push(
        &mut self,
        bytes: &[u8],
        mut give: impl FnMut(&Redacted<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.pending.extend_from_slice(&rest[..=end]);
            rest = &rest[end + 1..];
            self.give_line(&mut give)?;
        }
        self.pending.extend_from_slice(rest);
        if self.pending.len() > LONGEST_LINE {
            self.give_part(&mut give)?;
        }
        Ok(())
    }

    /// Gives out what is left of the last line. The stream may go on.
    pub fn finish(&mut self, mut give: impl FnMut(&Redacted<'_>) -> io::Result<()>) -> io::Result<()> {
        if self.pending.is_empty() { Ok(()) } else { self.give_line(&mut give) }
    }

    fn give_line(&mut self, give: &mut impl FnMut(&Redacted<'_>) -> io::Result<()>) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.pending);
        let line = String::from_utf8_lossy(&bytes);
        if self.is_in_key(&line) {
            let mut mark = Redacted(MARK.into());
            mark.end_line();
            return give(&mark);
        }
        give(&self.redactor.line(&line))
    }

    /// Follows a private key over its lines. One within a line of JSON is a matter of the patterns.
    fn is_in_key(&mut self, line: &str) -> bool {
        let text = line.trim_end();
        if let Some(count) = self.lines_in_key {
            let is_over = text.contains(KEY_CLOSES) || count >= LONGEST_KEY;
            self.lines_in_key = (!is_over).then_some(count + 1);
            return true;
        }
        if text.ends_with(KEY_LINE_ENDS) && text.rfind(KEY_OPENS) > text.rfind(KEY_CLOSES) {
            self.lines_in_key = Some(0);
        }
        false
    }

    /// Gives out the beginning of an overlong line, cut where no secret can lie across the cut.
    fn give_part(&mut self, give: &mut impl FnMut(&Redacted<'_>) -> io::Result<()>) -> io::Result<()> {
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        let wanted = text.floor_char_boundary(text.len().saturating_sub(self.redactor.reach()));
        let across =
            self.redactor.find(&text).into_iter().find(|hit| hit.start < wanted && hit.end >= wanted);
        // What reaches from the very beginning over the cut is given out (as a mark) with it.
        let end = across.map_or(wanted, |hit| if hit.start == 0 { hit.end } else { hit.start });
        give(&self.redactor.line(&text[..end]))?;
        self.pending = text.as_bytes()[end..].to_vec();
        Ok(())
    }
}

/// A writer that lets no known secret through.
///
/// A line is passed on when it is complete, or when the writer is dropped.
#[derive(Debug)]
pub struct RedactingWriter<W: Write> {
    lines: LineRedactor,
    inner: W,
}

impl<W: Write> RedactingWriter<W> {
    /// Redacts what goes to `inner`.
    pub fn new(redactor: Arc<Redactor>, inner: W) -> Self {
        Self { lines: LineRedactor::new(redactor), inner }
    }

    /// Passes on the last line though it may be incomplete.
    pub fn finish(&mut self) -> io::Result<()> {
        let inner = &mut self.inner;
        self.lines.finish(|text| inner.write_all(text.as_str().as_bytes()))?;
        self.inner.flush()
    }
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let inner = &mut self.inner;
        self.lines.push(bytes, |text| inner.write_all(text.as_str().as_bytes()))?;
        Ok(bytes.len())
    }

    /// Flushes whole lines only: the rest of a secret may still come.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for RedactingWriter<W> {
    fn drop(&mut self) {
        // Who must know of an error calls `finish`.
        let _ = self.finish();
    }
}
