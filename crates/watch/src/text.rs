//! The text of a log, wherever it is cut into parts, read at any place without reading what lies before.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

/// So much is read at once, bytes.
pub(crate) const BLOCK: u64 = 64 * 1024;

/// A file by device and inode: it keeps them when it is renamed.
pub(crate) type Identity = (u64, u64);

/// A place in a log that stays the same when the log is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    file: Identity,
    offset: u64,
}

/// The parts of a log as they are now, the older one first. Places in it count from the beginning of the older one.
#[derive(Debug)]
pub(crate) struct Text {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    file: File,
    identity: Identity,
    length: u64,
}

/// A line and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) start: u64,
    pub(crate) text: String,
}

impl Text {
    /// Opens what there is of these files.
    pub(crate) fn open(paths: &[PathBuf]) -> io::Result<Self> {
        let mut parts = Vec::new();
        for path in paths {
            match File::open(path) {
                Ok(file) => {
                    let metadata = file.metadata()?;
                    let (identity, length) = ((metadata.dev(), metadata.ino()), metadata.len());
                    parts.push(Part { file, identity, length });
                }
                // It was rotated away since it was listed: the next look sees it under its new name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { parts })
    }

    /// Something that is another one as soon as there is more or other text.
    pub(crate) fn stamp(&self) -> Vec<(Identity, u64)> {
        self.parts.iter().map(|part| (part.identity, part.length)).collect()
    }

    /// How long it is, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }

    /// A place, so that it is found again.
    pub(crate) fn spot(&self, at: u64) -> Option<Spot> {
        let mut before = 0;
        for part in &self.parts {
            if at < before + part.length {
                return Some(Spot { file: part.identity, offset: at - before });
            }
            before += part.length;
        }
        None
    }

    /// Where such a place is now; the beginning, where its file is gone or was cut short.
    pub(crate) fn place(&self, spot: Spot) -> u64 {
        let mut before = 0;
        for part in &self.parts {
            if part.identity == spot.file && spot.offset <= part.length {
                return before + spot.offset;
            }
            before += part.length;
        }
        0
    }

    /// The bytes between two places.
    fn read(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let (mut bytes, mut before) = (Vec::new(), 0);
        for part in &self.parts {
            let (start, end) = (from.max(before), to.min(before + part.length));
            if start < end {
                let had = bytes.len();
                bytes.resize(had + usize::try_from(end - start).unwrap_or(0), 0);
                part.file.read_exact_at(&mut bytes[had..], start - before)?;
            }
            before += part.length;
        }
        Ok(bytes)
    }

    /// The lines that end at or before a place, as many as one block holds. A line that is longer than a block is given
    /// in parts.
    pub(crate) fn before(&self, end: u64) -> io::Result<Vec<Line>> {
        let start = end.saturating_sub(BLOCK);
        let bytes = self.read(start, end)?;
        let skipped = match memchr::memchr(b'\n', &bytes) {
            Some(first) if start > 0 && first + 1 < bytes.len() => first + 1,
            _ => 0,
        };
        Ok(lines(start + skipped as u64, &bytes[skipped..]))
    }

    /// The lines from a place on, as many as one block holds.
    pub(crate) fn after(&self, start: u64) -> io::Result<Vec<Line>> {
        let end = self.length().min(start + BLOCK);
        let bytes = self.read(start, end)?;
        let kept = match memchr::memrchr(b'\n', &bytes) {
            Some(last) if end < self.length() => last + 1,
            _ => bytes.len(),
        };
        Ok(lines(start, &bytes[..kept]))
    }

    /// The last line before a place that one is looked for in.
    pub(crate) fn find_before(&self, mut end: u64, is_it: impl Fn(&str) -> bool) -> io::Result<Option<u64>> {
        while end > 0 {
            let lines = self.before(end)?;
            if let Some(found) = lines.iter().rev().find(|line| is_it(&line.text)) {
                return Ok(Some(found.start));
            }
            end = lines.first().map_or(0, |first| first.start.min(end - 1));
        }
        Ok(None)
    }

    /// The first line from a place on that one is looked for in.
    pub(crate) fn find_after(&self, mut start: u64, is_it: impl Fn(&str) -> bool) -> io::Result<Option<u64>> {
        while start < self.length() {
            let lines = self.after(start)?;
            if let Some(found) = lines.iter().find(|line| is_it(&line.text)) {
                return Ok(Some(found.start));
            }
            let Some(last) = lines.last() else { return Ok(None) };
            start = (last.start + last.text.len() as u64 + 1).max(start + 1);
        }
        Ok(None)
    }
}

/// Lines as they stand in bytes; bytes that are not UTF-8 are replaced.
fn lines(mut start: u64, bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_owned();
        lines.push(Line { start, text });
        start += line.len() as u64;
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn text(parts: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> =
            (0..parts.len()).map(|number| dir.path().join(format!("{number}"))).collect();
        paths.iter().zip(parts).for_each(|(path, part)| fs::write(path, part).unwrap());
        (dir, paths)
    }

    #[test]
    fn lines_before_and_after_a_place_are_whole_across_parts() {
        let (_dir, paths) = text(&["one\ntwo\n", "three\nfour"]);
        let text = Text::open(&paths).unwrap();
        let of = |lines: Vec<Line>| lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
        assert_eq!(of(text.before(text.length()).unwrap()), ["one", "two", "three", "four"]);
        assert_eq!(of(text.before(8).unwrap()), ["one", "two"]);
        assert_eq!(of(text.after(4).unwrap()), ["two", "three", "four"]);
        assert_eq!(text.find_before(text.length(), |line| line.contains('o')).unwrap(), Some(14));
        assert_eq!(text.find_before(14, |line| line.contains('o')).unwrap(), Some(4));
        assert_eq!(text.find_after(5, |line| line.contains('r')).unwrap(), Some(8));
        assert_eq!(text.find_after(0, |line| line.contains('z')).unwrap(), None);
    }

    #[test]
    fn a_large_text_is_read_a_block_at_a_time_and_searched_whole() {
        let large: String = (0..40_000).map(|number| format!("line {number}\n")).collect();
        let (_dir, paths) = text(&[&large]);
        let text = Text::open(&paths).unwrap();
        let last = text.before(text.length()).unwrap();
        assert!(last.len() < 8_000 && last[0].text.starts_with("line "), "{} {:?}", last.len(), last[0]);
        let found = text.find_before(text.length(), |line| line == "line 7").unwrap().unwrap();
        assert_eq!(text.after(found).unwrap()[0].text, "line 7");
        let found = text.find_after(0, |line| line == "line 39999").unwrap().unwrap();
        assert_eq!(text.after(found).unwrap().len(), 1);
        let (_dir, paths) = self::text(&[&"x".repeat(3 * BLOCK as usize)]);
        let text = Text::open(&paths).unwrap();
        assert_eq!(text.find_before(text.length(), |line| line.contains('y')).unwrap(), None);
        assert_eq!(text.find_after(0, |line| line.contains('y')).unwrap(), None);
    }

    #[test]
    fn a_place_is_found_again_after_a_rotation() {
        let (dir, paths) = text(&["one\ntwo\n"]);
        let spot = Text::open(&paths).unwrap().spot(4).unwrap();
        let older = dir.path().join("0.1");
        fs::rename(&paths[0], &older).unwrap();
        fs::write(&paths[0], "three\n").unwrap();
        let text = Text::open(&[older, paths[0].clone()]).unwrap();
        assert_eq!((text.place(spot), text.length()), (4, 14));
        assert_eq!(Text::open(&paths).unwrap().place(spot), 0);
    }
}
