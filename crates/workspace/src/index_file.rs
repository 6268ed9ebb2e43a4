//! Git's index as a file: which files a work tree has, and what `stat` said of each.
//!
//! A work tree that is copied is known to git only after it has read every file again, since inode and
//! times are others. Writing what `stat` says of the copies into a copy of the index spares that. The
//! format is that of gitformat-index(5), versions 2 and 3; nothing but the stat data is changed.

use crate::error::{Result, WorkspaceError};
use rustix::fs::Timespec;
use sha2::Digest;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Signature, version and number of entries.
const HEADER: usize = 12;

/// Ten numbers of four bytes: times, device, inode, mode, user, group, size.
const STAT: usize = 40;

/// The flag of an entry that has two more bytes of flags.
const EXTENDED: u16 = 0x4000;

/// The flags of an entry that is a side of a conflict.
const STAGE: u16 = 0x3000;

/// What an entry of an index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Executable,
    Link,
    /// A commit of another repository: an empty directory.
    Submodule,
}

/// One entry of an index.
#[derive(Debug)]
pub(crate) struct Entry {
    start: usize,
    path: Range<usize>,
    flags: u16,
    pub(crate) kind: Kind,
}

impl Entry {
    /// Whether it is no side of a conflict, and no more than what a tree holds.
    pub(crate) fn is_plain(&self) -> bool {
        self.flags & (EXTENDED | STAGE) == 0
    }
}

/// An index in memory.
#[derive(Debug)]
pub(crate) struct IndexFile {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// The length of an object's name in bytes: 20 with SHA-1, 32 with SHA-256.
    name: usize,
}

impl IndexFile {
    /// Reads the index of a repository whose objects have names in `format` (`sha1`, `sha256`).
    pub(crate) fn read(file: &Path, format: &str) -> Result<Self> {
        let name = if format == "sha256" { 32 } else { 20 };
        let bytes = fs_err::read(file)?;
        let entries = entries(&bytes, name).ok_or_else(|| WorkspaceError::Unparsable {
            command: "read-tree".to_owned(),
            answer: format!("an index of {} bytes in `{}`", bytes.len(), file.display()),
        })?;
        Ok(Self { bytes, entries, name })
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn path(&self, entry: &Entry) -> &Path {
        Path::new(OsStr::from_bytes(&self.bytes[entry.path.clone()]))
    }

    /// The name of what it holds, in bytes.
    pub(crate) fn object(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.start + STAT..entry.start + STAT + self.name]
    }

    /// When the file was last changed.
    pub(crate) fn modified(&self, entry: &Entry) -> Timespec {
        let word = |at: usize| {
            let bytes = &self.bytes[entry.start + at..entry.start + at + 4];
            i64::from(bytes.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)))
        };
        Timespec { tv_sec: word(8), tv_nsec: word(12) }
    }

    /// The file with new stat data for the entries with these numbers.
    pub(crate) fn with(mut self, stats: impl IntoIterator<Item = (usize, Stat)>) -> Vec<u8> {
        for (number, stat) in stats {
            if let Some(entry) = self.entries.get(number) {
                stat.write(&mut self.bytes[entry.start..entry.start + STAT]);
            }
        }
        let end = self.bytes.len() - self.name;
        let (content, checksum) = self.bytes.split_at_mut(end);
        if self.name == 20 {
            checksum.copy_from_slice(&sha1::Sha1::digest(&content));
        } else {
            checksum.copy_from_slice(&sha2::Sha256::digest(&content));
        }
        self.bytes
    }
}

fn entries(bytes: &[u8], name: usize) -> Option<Vec<Entry>> {
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if bytes.get(..4)? != b"DIRC" || !matches!(word(4)?, 2 | 3) || bytes.len() < HEADER + name {
        return None;
    }
    let mut entries = Vec::new();
    let mut start = HEADER;
    for _ in 0..word(8)? {
        let mode = word(start + 24)?;
        let flags_at = start + STAT + name;
        let flags = u16::from_be_bytes(bytes.get(flags_at..flags_at + 2)?.try_into().ok()?);
        let first = flags_at + if flags & EXTENDED == 0 { 2 } else { 4 };
        let length = bytes.get(first..)?.iter().position(|byte| *byte == 0)?;
        entries.push(Entry { start, path: first..first + length, flags, kind: kind(mode)? });
        // One to eight NULs bring the next entry to a multiple of eight.
        start += (first + length - start) / 8 * 8 + 8;
    }
    (start + name <= bytes.len()).then_some(entries)
}

fn kind(mode: u32) -> Option<Kind> {
    match (mode & 0o170_000, mode & 0o111) {
        (0o100_000, 0) => Some(Kind::File),
        (0o100_000, _) => Some(Kind::Executable),
        (0o120_000, _) => Some(Kind::Link),
        (0o160_000, _) => Some(Kind::Submodule),
        _ => None,
    }
}

/// What an index keeps of a file's `stat`, but for the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    changed: [u32; 2],
    modified: [u32; 2],
    device_and_inode: [u32; 2],
    owner_and_size: [u32; 3],
}

impl Stat {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as git does it")]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        // A size that would be cut to 0 is written as another one: 0 means "look at the content".
        let size = match metadata.size() {
            0 => 0,
            size if size as u32 == 0 => 0x8000_0000,
            size => size as u32,
        };
        Self {
            changed: [metadata.ctime() as u32, metadata.ctime_nsec() as u32],
            modified: [metadata.mtime() as u32, metadata.mtime_nsec() as u32],
            device_and_inode: [metadata.dev() as u32, metadata.ino() as u32],
            owner_and_size: [metadata.uid(), metadata.gid(), size],
        }
    }

    fn write(&self, to: &mut [u8]) {
        let (before, after) = to.split_at_mut(24);
        let words = self.changed.iter().chain(&self.modified).chain(&self.device_and_inode);
        // The mode lies between.
        for (place, word) in before.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        for (place, word) in after[4..].chunks_exact_mut(4).zip(&self.owner_and_size) {
            place.copy_from_slice(&word.to_be_bytes());
        }
    }
}
