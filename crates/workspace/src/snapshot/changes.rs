//! What differs between the clone and its last snapshot, sorted by what can be done with it.

use crate::error::{Result, WorkspaceError};
use crate::git::succeeded;
use crate::private::PrivateGit;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A file or directory that a snapshot left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path from the top of the clone.
    pub path: PathBuf,
    /// Why.
    pub why: WhySkipped,
}

/// Why something is not in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhySkipped {
    /// It is a repository of its own.
    NestedRepository,
    /// It is larger than a snapshot takes.
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It cannot be read.
    Unreadable,
    /// It is neither a file nor a link: a pipe, a socket, a device.
    Special,
    /// Git refuses it: a name that another system would take for `.git`, an encoding that does not
    /// hold, settings that would harm whoever checks it out.
    Refused {
        /// What git said.
        reason: String,
    },
}

impl fmt::Display for WhySkipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NestedRepository => f.write_str("a repository of its own"),
            Self::TooLarge { bytes } => write!(f, "too large ({bytes} bytes)"),
            Self::Unreadable => f.write_str("cannot be read"),
            Self::Special => f.write_str("not a file"),
            Self::Refused { reason } => write!(f, "refused by git ({reason:?})"),
        }
    }
}

/// Paths as git writes them: bytes, from the top of the clone.
pub(crate) type GitPath = Vec<u8>;

/// What is to be done to the index.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) added: Vec<GitPath>,
    pub(super) removed: Vec<GitPath>,
    pub(super) skipped: Vec<Skipped>,
}

/// Lists what is new, modified or gone and sorts it.
pub(super) fn find(private: &PrivateGit, file_bytes_max: u64) -> Result<Changes> {
    let listing = list(private, &["--others", "--modified", "--deleted"])?;
    let mut sorter = Sorter { top: private.clone_dir(), file_bytes_max, plain: HashMap::new() };
    let mut changes = Changes { skipped: listing.unreadable, ..Changes::default() };
    for path in listing.paths.into_iter().collect::<BTreeSet<_>>() {
        sorter.sort(&path, &mut changes);
    }
    Ok(changes)
}

/// What `git ls-files` says of a clone.
pub(crate) struct Listing {
    pub(crate) paths: Vec<GitPath>,
    /// Directories that it could not enter.
    unreadable: Vec<Skipped>,
}

/// Lists files of the clone by `git ls-files`, herder's own directory and ignored ones left out.
pub(crate) fn list(private: &PrivateGit, which: &[&str]) -> Result<Listing> {
    let git = private.git("ls-files")?.args(which);
    let git = git.args(["--exclude-standard", "-z", "--", "."]).args(private.left_out()?);
    let finished = succeeded(git.finish()?, "ls-files")?;
    if !finished.stdout.is_complete() {
        let cap = finished.stdout.bytes.len();
        return Err(WorkspaceError::AnswerTooLarge { command: "ls-files".to_owned(), cap });
    }
    let said = finished.stderr.text();
    let unreadable = said
        .lines()
        .filter_map(closed_directory)
        .map(|directory| Skipped { path: PathBuf::from(directory), why: WhySkipped::Unreadable });
    let paths = finished.stdout.bytes.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(Listing { paths: paths.map(<[u8]>::to_vec).collect(), unreadable: unreadable.collect() })
}

/// The directory in `warning: could not open directory '<path>': <why>`, as git's dir.c writes it.
fn closed_directory(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("warning: could not open directory '")?;
    rest.rsplit_once("': ").map(|(path, _)| path)
}

struct Sorter<'a> {
    top: &'a Path,
    file_bytes_max: u64,
    /// Directories already looked at: whether they and all above are plain directories.
    plain: HashMap<PathBuf, bool>,
}

impl Sorter<'_> {
    fn sort(&mut self, path: &[u8], changes: &mut Changes) {
        let relative = Path::new(OsStr::from_bytes(path));
        let skip = |why| Skipped { path: relative.to_owned(), why };
        if path.ends_with(b"/") {
            // Git lists a directory only if it is a repository of its own.
            changes.skipped.push(skip(WhySkipped::NestedRepository));
            return;
        }
        let stat = match self.look(relative) {
            Ok(Some(stat)) => stat,
            Ok(None) => return changes.removed.push(path.to_owned()),
            Err(_) => return changes.skipped.push(skip(WhySkipped::Unreadable)),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => changes.added.push(path.to_owned()),
            FileType::RegularFile => match self.refusal(relative, &stat) {
                Some(why) => changes.skipped.push(skip(why)),
                None => changes.added.push(path.to_owned()),
            },
            // A tracked file gave way to a directory, whose files are listed by themselves.
            FileType::Directory if !self.top.join(relative).join(".git").exists() => {
                changes.removed.push(path.to_owned());
            }
            FileType::Directory => changes.skipped.push(skip(WhySkipped::NestedRepository)),
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => changes.skipped.push(skip(WhySkipped::Special)),
        }
    }

    /// What is at `relative` itself; `None` if nothing is, or only beyond a link.
    fn look(&mut self, relative: &Path) -> rustix::io::Result<Option<Stat>> {
        if !self.is_plain(relative.parent().unwrap_or(Path::new(""))) {
            return Ok(None);
        }
        match statat(CWD, self.top.join(relative), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Whether `directory` and all above it are directories and not links.
    fn is_plain(&mut self, directory: &Path) -> bool {
        if directory.as_os_str().is_empty() {
            return true;
        }
        if let Some(known) = self.plain.get(directory) {
            return *known;
        }
        let is_plain = self.is_plain(directory.parent().unwrap_or(Path::new("")))
            && statat(CWD, self.top.join(directory), AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        self.plain.insert(directory.to_owned(), is_plain);
        is_plain
    }

    fn refusal(&self, relative: &Path, stat: &Stat) -> Option<WhySkipped> {
        let bytes = u64::try_from(stat.st_size).unwrap_or(0);
        if bytes > self.file_bytes_max {
            return Some(WhySkipped::TooLarge { bytes });
        }
        // Whether it can be read is only known by opening it. Nothing but a regular file can hang
        // here, and what has become something else meanwhile does not either.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(CWD, self.top.join(relative), flags, Mode::empty()).err().map(|_| WhySkipped::Unreadable)
    }
}
