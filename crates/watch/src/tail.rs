//! Following a file that grows, is cut short or is made anew.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A line longer than this, in bytes, is given in parts.
const LONGEST_LINE: usize = 64 * 1024;

/// Follows a file by its name, from its beginning. A file that is not there yet has no lines; one that took
/// its place is read from its beginning, after the rest of the old one.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: (u64, u64),
    read: u64,
    partial: Vec<u8>,
}

impl Tail {
    /// Follows the file of this name.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), open: None }
    }

    /// The lines that are whole and were not given yet, without their ends; bytes that are not UTF-8 are
    /// replaced.
    pub fn lines(&mut self) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        if let Some(open) = &mut self.open {
            open.read_on(&mut lines)?;
        }
        let named = identity_of(&self.path)?;
        if named.is_none() || named == self.open.as_ref().map(|open| open.identity) {
            return Ok(lines);
        }
        if let Some(old) = self.open.take() {
            old.finish(&mut lines);
        }
        let mut open = Open::at(&self.path)?;
        if let Some(open) = &mut open {
            open.read_on(&mut lines)?;
        }
        self.open = open;
        Ok(lines)
    }

    /// What is left of a last line without an end: for a file that is known to be complete.
    pub fn rest(&mut self) -> Option<String> {
        let partial = std::mem::take(&mut self.open.as_mut()?.partial);
        (!partial.is_empty()).then(|| text(&partial))
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        Ok(Some(Self { file, identity: (metadata.dev(), metadata.ino()), read: 0, partial: Vec::new() }))
    }

    fn read_on(&mut self, lines: &mut Vec<String>) -> io::Result<()> {
        if self.file.metadata()?.len() < self.read {
            // It was cut short: what stands in it now is new.
            self.file.seek(SeekFrom::Start(0))?;
            self.read = 0;
            self.partial.clear();
        }
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = self.file.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            self.read += count as u64;
            self.take(&buffer[..count], lines);
        }
    }

    fn take(&mut self, bytes: &[u8], lines: &mut Vec<String>) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if self.partial.ends_with(b"\n") || self.partial.len() >= LONGEST_LINE {
                lines.push(text(&self.partial));
                self.partial.clear();
            }
        }
    }

    fn finish(self, lines: &mut Vec<String>) {
        if !self.partial.is_empty() {
            lines.push(text(&self.partial));
        }
    }
}

fn identity_of(path: &Path) -> io::Result<Option<(u64, u64)>> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn append(path: &Path, text: &str) {
        let mut file = File::options().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn lines_are_given_once_and_when_they_are_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let mut tail = Tail::new(&path);
        assert!(tail.lines().unwrap().is_empty());
        append(&path, "one\ntw");
        assert_eq!(tail.lines().unwrap(), ["one"]);
        append(&path, "o\nthree");
        assert_eq!(tail.lines().unwrap(), ["two"]);
        assert_eq!(tail.rest().as_deref(), Some("three"));
        assert!(tail.lines().unwrap().is_empty());
    }

    #[test]
    fn a_file_that_is_made_anew_is_followed_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        append(&path, "old one\n");
        let mut tail = Tail::new(&path);
        assert_eq!(tail.lines().unwrap(), ["old one"]);
        append(&path, "old two\nold end");
        fs::rename(&path, dir.path().join("log.1")).unwrap();
        append(&path, "new one\n");
        assert_eq!(tail.lines().unwrap(), ["old two", "old end", "new one"]);
    }

    #[test]
    fn a_file_that_is_cut_short_is_read_from_its_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        append(&path, "a long first line\n");
        let mut tail = Tail::new(&path);
        assert_eq!(tail.lines().unwrap().len(), 1);
        fs::write(&path, "short\n").unwrap();
        assert_eq!(tail.lines().unwrap(), ["short"]);
    }

    #[test]
    fn a_line_without_end_is_given_in_parts_and_never_held_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, vec![b'x'; 3 * LONGEST_LINE]).unwrap();
        let lines = Tail::new(&path).lines().unwrap();
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() < 2 * LONGEST_LINE));
    }
}
