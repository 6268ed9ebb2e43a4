//! Following a text file that grows, is rotated, truncated, or made anew by a retry.

mod watch;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{During, RecordError};
use watch::Watch;

/// The most that one chunk holds, in bytes.
const CHUNK: usize = 64 * 1024;

/// How far back [`Tail::from_last_lines`] looks, in bytes.
const FARTHEST_BACK: u64 = 8 * 1024 * 1024;

/// A place in a file. Bounded in memory however large the file is.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    open: Option<File>,
    offset: u64,
    is_anew: bool,
    watch: Watch,
}

/// Some new bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailChunk {
    /// The bytes; they may end within a line, or within a character.
    pub bytes: Vec<u8>,
    /// Whether they are the first of a file that took the place of the one before, or was emptied.
    pub is_anew: bool,
}

impl Tail {
    /// Follows a file from its beginning. It need not exist yet, and may go and come again.
    pub fn from_start(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let watch = Watch::of(&path);
        Self { path, open: None, offset: 0, is_anew: false, watch }
    }

    /// Follows a file from its last lines on.
    pub fn from_last_lines(path: impl Into<PathBuf>, lines: usize) -> Result<Self, RecordError> {
        let mut tail = Self::from_start(path);
        if let Some(file) = open(&tail.path)? {
            tail.offset = start_of_last(&file, lines).during("read", &tail.path)?;
            tail.open = Some(file);
        }
        Ok(tail)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is there by now, at most 64 KiB of it; `None` where there is nothing new. Does not wait.
    pub fn read(&mut self) -> Result<Option<TailChunk>, RecordError> {
        loop {
            if self.open.is_none() {
                self.open = open(&self.path)?;
            }
            let Some(file) = &self.open else { return Ok(None) };
            let length = file.metadata().during("look at", &self.path)?.len();
            if length < self.offset {
                (self.offset, self.is_anew) = (0, true);
            }
            let is_replaced = is_replaced(file, &self.path).during("look at", &self.path)?;
            // Read after that look: what the old file got before it was replaced is not lost.
            let bytes = read_at(file, self.offset).during("read", &self.path)?;
            if !bytes.is_empty() {
                self.offset += bytes.len() as u64;
                return Ok(Some(TailChunk { bytes, is_anew: std::mem::take(&mut self.is_anew) }));
            }
            if !is_replaced {
                return Ok(None);
            }
            (self.open, self.offset, self.is_anew) = (None, 0, true);
        }
    }

    /// What is there, or what comes within a time. `None` where nothing came.
    ///
    /// May come back early with nothing; whoever follows calls it again.
    pub fn read_or_wait(&mut self, at_most: Duration) -> Result<Option<TailChunk>, RecordError> {
        if let Some(chunk) = self.read()? {
            return Ok(Some(chunk));
        }
        self.wait(at_most);
        self.read()
    }

    /// Waits until there may be something new, at most so long.
    pub fn wait(&mut self, at_most: Duration) {
        self.watch.wait(at_most);
    }
}

fn open(path: &Path) -> Result<Option<File>, RecordError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).during("open", path),
    }
}

/// Whether another file has the name by now. A name without a file: not yet.
fn is_replaced(file: &File, path: &Path) -> io::Result<bool> {
    let mine = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) != (mine.dev(), mine.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn read_at(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; CHUNK];
    let read = loop {
        match file.read_at(&mut bytes, offset) {
            Ok(read) => break read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    };
    bytes.truncate(read);
    Ok(bytes)
}

/// Where the last lines begin; a line that is not ended yet is one.
fn start_of_last(file: &File, lines: usize) -> io::Result<u64> {
    let length = file.metadata()?.len();
    if lines == 0 {
        return Ok(length);
    }
    let farthest = length.saturating_sub(FARTHEST_BACK);
    let (mut block_end, mut left) = (length, lines);
    let mut block = vec![0; CHUNK];
    while block_end > farthest {
        let size = (block_end - farthest).min(CHUNK as u64);
        let start = block_end - size;
        let bytes = &mut block[..usize::try_from(size).unwrap_or(CHUNK)];
        file.read_exact_at(bytes, start)?;
        for found in memchr::memrchr_iter(b'\n', bytes) {
            let after = start + found as u64 + 1;
            // The line end at the very end begins no line.
            if after == length {
                continue;
            }
            left = left.saturating_sub(1);
            if left == 0 {
                return Ok(after);
            }
        }
        block_end = start;
    }
    Ok(farthest)
}

#[cfg(test)]
mod tests;
