//! Following `stats.jsonl` as it grows, for whoever keeps its rows in memory.

use std::path::PathBuf;
use std::time::Duration;

use memchr::memchr_iter;
use serde::Deserialize;

use super::file::{BrokenLine, LONGEST_LINE, is_blank, understood};
use crate::error::RecordError;
use crate::tail::Tail;

/// A place in a file of rows. Bounded in memory however long the file, or a line of it, is.
#[derive(Debug)]
pub struct StatsTail {
    tail: Tail,
    rest: Vec<u8>,
    skipped: u64,
    lines: u64,
}

/// Some lines that were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewLines {
    bytes: Vec<u8>,
    first: u64,
    too_long: Vec<BrokenLine>,
    /// Whether they are the first of a file that took the place of the one before: what was read from that is
    /// no more.
    pub is_anew: bool,
}

impl StatsTail {
    /// Follows a file from its first row on. It need not exist yet.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { tail: Tail::from_start(path), rest: Vec::new(), skipped: 0, lines: 0 }
    }

    /// The lines that are there by now and were not read before, at most 64 KiB of them and one more line; `None`
    /// where nothing is new. Does not wait. A last line that nobody has ended is given once it is a whole row.
    pub fn read(&mut self) -> Result<Option<NewLines>, RecordError> {
        let Some(chunk) = self.tail.read()? else { return Ok(self.unended()) };
        if chunk.is_anew {
            (self.rest, self.skipped, self.lines) = (Vec::new(), 0, 0);
        }
        let mut new = NewLines { first: self.lines + 1, is_anew: chunk.is_anew, ..NewLines::default() };
        let Some(end) = chunk.bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.keep(&chunk.bytes);
            return Ok(Some(new));
        };
        let (whole, rest) = chunk.bytes.split_at(end + 1);
        self.take_whole(whole, &mut new);
        self.keep(rest);
        Ok(Some(new))
    }

    /// Waits until there may be something new, at most so long.
    pub fn wait(&mut self, at_most: Duration) {
        self.tail.wait(at_most);
    }

    fn take_whole(&mut self, whole: &[u8], new: &mut NewLines) {
        if self.skipped > 0 {
            // The end of a line that was too long to be held: an empty line stands for it.
            let end = whole.iter().position(|byte| *byte == b'\n').unwrap_or(whole.len() - 1);
            let bytes = self.skipped + end as u64;
            let broken = BrokenLine { line: self.lines + 1, reason: format!("it has {bytes} bytes") };
            new.too_long.push(broken);
            new.bytes.extend_from_slice(&whole[end..]);
            self.skipped = 0;
        } else {
            new.bytes.append(&mut self.rest);
            new.bytes.extend_from_slice(whole);
        }
        self.lines += memchr_iter(b'\n', &new.bytes).count() as u64;
    }

    /// Keeps the beginning of a line, unless it is too long to be a row.
    fn keep(&mut self, begun: &[u8]) {
        let held = self.rest.len() + begun.len();
        if self.skipped > 0 || held as u64 > LONGEST_LINE {
            self.skipped += held as u64;
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(begun);
        }
    }

    /// The last line, where nobody ended it and it is a whole row all the same: more could not be added to it.
    fn unended(&mut self) -> Option<NewLines> {
        serde_json::from_slice::<serde::de::IgnoredAny>(&self.rest)
            .ok()
            .filter(|_| self.rest.ends_with(b"}"))?;
        // The line's end is still to come, and will then be the end of an empty line.
        let bytes = std::mem::take(&mut self.rest);
        Some(NewLines { bytes, first: self.lines + 1, ..NewLines::default() })
    }
}

impl NewLines {
    /// How many bytes they have, with those of lines that were too long to be held left out.
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The rows with the numbers of their lines, from 1, and the lines that are none.
    pub fn rows<'n, T: Deserialize<'n>>(&'n self) -> impl Iterator<Item = Result<(u64, T), BrokenLine>> {
        let lines = self.bytes.split(|byte| *byte == b'\n').zip(self.first..);
        let rows = lines.filter(|(line, _)| !is_blank(line));
        let rows = rows.map(|(line, number)| Ok((number, understood(line, line.len() as u64, number)?)));
        self.too_long.iter().cloned().map(Err).chain(rows)
    }
}
