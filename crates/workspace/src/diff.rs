//! What differs between two commits.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, succeeded, unparsable};
use crate::id::CommitId;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// How much of a listing of changes is read: some hundred thousand files.
const LISTING_CAP: usize = 64 << 20;

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content or its executable bit changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path, and perhaps other content.
    Renamed,
    /// A file became a link or a submodule, or the other way round.
    TypeChanged,
}

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its path from the top of the repository; the new one if it was renamed.
    pub path: PathBuf,
    /// Its path before, if it was renamed.
    pub old_path: Option<PathBuf>,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Lines added; `None` for a binary file.
    pub added: Option<u32>,
    /// Lines deleted; `None` for a binary file.
    pub deleted: Option<u32>,
}

/// All that differs between two commits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffFacts {
    /// The files.
    pub files: Vec<FileChange>,
    /// Lines added in files that are not binary.
    pub lines_added: u64,
    /// Lines deleted in files that are not binary.
    pub lines_deleted: u64,
}

/// A patch, cut to a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The text; what is not UTF-8 is replaced.
    pub text: String,
    /// How many bytes are missing at the end.
    pub bytes_cut: u64,
}

impl Bare {
    /// The files that differ from `from` to `to`, with renames found. No diff driver runs.
    ///
    /// # Errors
    /// A commit is missing, the listing is larger than 64 MiB, or git cannot be run.
    pub fn diff(&self, from: &CommitId, to: &CommitId) -> Result<DiffFacts> {
        let git = self.diff_tree().args(["--raw", "--numstat", "-z", from.as_str(), to.as_str(), "--"]);
        let finished = succeeded(git.cap(LISTING_CAP).finish()?, "diff-tree")?;
        if !finished.stdout.is_complete() {
            return Err(WorkspaceError::AnswerTooLarge { command: "diff-tree".to_owned(), cap: LISTING_CAP });
        }
        parse(&finished.stdout.bytes)
    }

    /// The patch from `from` to `to`, at most `max_bytes` of it.
    ///
    /// # Errors
    /// A commit is missing, or git cannot be run.
    pub fn patch_text(&self, from: &CommitId, to: &CommitId, max_bytes: usize) -> Result<Patch> {
        let git = self.diff_tree().args(["--patch", "--no-color", from.as_str(), to.as_str(), "--"]);
        let finished = succeeded(git.cap(max_bytes).finish()?, "diff-tree")?;
        let text = String::from_utf8_lossy(&finished.stdout.bytes).into_owned();
        Ok(Patch { text, bytes_cut: finished.stdout.dropped })
    }

    fn diff_tree(&self) -> Git {
        self.git("diff-tree").args(["-r", "-M", "--full-index", "--no-ext-diff", "--no-textconv"])
    }
}

/// Reads the raw records and then the numbers, as `git help diff-tree` has them with `-z`.
fn parse(answer: &[u8]) -> Result<DiffFacts> {
    let mut fields = answer.split(|byte| *byte == 0).filter(|field| !field.is_empty()).peekable();
    let mut facts = DiffFacts::default();
    while let Some(record) = fields.next_if(|field| field.starts_with(b":")) {
        let letter = record.rsplit(|byte| *byte == b' ').next().and_then(|status| status.first());
        let kind =
            letter.and_then(|letter| kind_of(*letter)).ok_or_else(|| unparsable("diff-tree", record))?;
        let mut path = || fields.next().map(to_path).ok_or_else(|| unparsable("diff-tree", record));
        let first = path()?;
        let (old_path, path) = match kind {
            ChangeKind::Renamed => (Some(first), path()?),
            ChangeKind::Added | ChangeKind::Modified | ChangeKind::Deleted | ChangeKind::TypeChanged => {
                (None, first)
            }
        };
        facts.files.push(FileChange { path, old_path, kind, added: None, deleted: None });
    }
    let mut numbers = HashMap::new();
    while let Some(record) = fields.next() {
        let (counts, path) = numstat(record).ok_or_else(|| unparsable("diff-tree", record))?;
        let path = if path.is_empty() {
            // A rename: the record is followed by both paths.
            fields.next();
            fields.next().ok_or_else(|| unparsable("diff-tree", record))?
        } else {
            path
        };
        numbers.insert(to_path(path), counts);
    }
    for file in &mut facts.files {
        (file.added, file.deleted) = numbers.get(&file.path).copied().unwrap_or_default();
        facts.lines_added += u64::from(file.added.unwrap_or(0));
        facts.lines_deleted += u64::from(file.deleted.unwrap_or(0));
    }
    Ok(facts)
}

fn kind_of(letter: u8) -> Option<ChangeKind> {
    match letter {
        b'A' | b'C' => Some(ChangeKind::Added),
        b'M' => Some(ChangeKind::Modified),
        b'D' => Some(ChangeKind::Deleted),
        b'R' => Some(ChangeKind::Renamed),
        b'T' => Some(ChangeKind::TypeChanged),
        _ => None,
    }
}

fn to_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

type Counts = (Option<u32>, Option<u32>);

/// `<added>\t<deleted>\t<path>`; the numbers are `-` for a binary file.
fn numstat(record: &[u8]) -> Option<(Counts, &[u8])> {
    let mut parts = record.splitn(3, |byte| *byte == b'\t');
    let mut count = || std::str::from_utf8(parts.next()?).ok().map(|text| text.parse().ok());
    let counts = (count()?, count()?);
    Some((counts, parts.next()?))
}
