//! Questions that a bare repository of ours answers.

use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, unparsable};
use crate::id::CommitId;
use crate::objects::{Guard, lock};
use crate::scratch::Scratch;
use rustix::fs::FlockOperation;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A bare repository that only herder writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bare {
    path: PathBuf,
}

/// One entry of a directory in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its path from the top of the repository.
    pub path: PathBuf,
    /// Its git mode: `0o100644`, `0o100755`, `0o120000` (link), `0o40000` (directory), `0o160000` (submodule).
    pub mode: u32,
    /// Its size in bytes, for files and links.
    pub size: Option<u64>,
    /// The id of what it holds.
    pub object: String,
}

impl TreeEntry {
    /// Whether it is a file with content of its own.
    pub fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// Whether a file is a lock that git makes, and not one that a ref is being written to beside its place: that
/// one's writer holds no lock, and needs the file.
fn is_gits_lock(path: &Path) -> bool {
    let is_ours = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    path.extension() == Some(OsStr::new("lock")) && !is_ours
}

impl Bare {
    /// Takes `path` as a bare repository; nothing is looked at yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes an empty bare repository with mode 0700, or leaves the one that is there. It is made
    /// beside its place and renamed, so that none is ever half made.
    pub(crate) fn create(path: &Path, object_format: &str) -> Result<Self> {
        let bare = Self::at(path);
        if bare.exists() {
            return Ok(bare);
        }
        let parent = path.parent().unwrap_or(Path::new("/"));
        fs_err::create_dir_all(parent)?;
        let new = Scratch::beside(path)?;
        Git::sealed("init")
            .args(["--bare", "--quiet", "--template="])
            .arg(format!("--object-format={object_format}"))
            .arg("--")
            .arg(new.path())
            .done()?;
        match fs_err::rename(new.path(), path) {
            // Somebody else was faster.
            Err(error) if !bare.exists() => Err(error.into()),
            Ok(()) | Err(_) => Ok(bare),
        }
    }

    /// Whether there is a repository.
    pub(crate) fn exists(&self) -> bool {
        self.path.join("HEAD").is_file()
    }

    /// Waits until nobody else writes refs here, and removes the locks that a killed git has left.
    pub(crate) fn alone(&self) -> Result<std::fs::File> {
        self.alone_without(is_gits_lock)
    }

    /// Removes what those who were killed have left: git's locks, and refs that were being written as files.
    /// To be called before anybody writes such refs here.
    ///
    /// # Errors
    /// The directory cannot be read, or a file not removed.
    pub fn sweep(&self) -> Result<()> {
        if self.exists() {
            self.alone_without(|path| path.extension() == Some(OsStr::new("lock")))?;
        }
        Ok(())
    }

    /// Waits until nobody else writes refs here, and removes files that nobody can be using then.
    fn alone_without(&self, is_left: impl Fn(&Path) -> bool) -> Result<std::fs::File> {
        let alone = lock(&self.path, Guard::Refs, FlockOperation::LockExclusive)?;
        let mut waiting = vec![self.path.join("refs")];
        let top =
            ["HEAD", "config", "packed-refs", "shallow"].map(|name| self.path.join(format!("{name}.lock")));
        let mut stale: Vec<PathBuf> = top.into_iter().filter(|path| path.exists()).collect();
        while let Some(directory) = waiting.pop() {
            for entry in fs_err::read_dir(directory)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    waiting.push(entry.path());
                } else if is_left(&entry.path()) {
                    stale.push(entry.path());
                }
            }
        }
        for path in stale {
            fs_err::remove_file(path)?;
        }
        Ok(alone)
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A sealed call in this repository.
    pub(crate) fn git(&self, command: &str) -> Git {
        Git::sealed(command).repository(&self.path)
    }

    /// A fetch from a repository of ours or from a file, all refs or none, that tidies nothing up by itself.
    pub(crate) fn fetch_whole(&self, from: &Path, refspec: &str) -> Git {
        self.git("fetch")
            .args([
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-auto-maintenance",
                "--atomic",
                "--",
            ])
            .arg(from)
            .arg(refspec)
    }

    /// A call in this repository that sees the user's configuration.
    pub(crate) fn outside(&self, command: &str, user: &UserEnvironment) -> Git {
        Git::outside(command, user).repository(&self.path)
    }

    /// The commit that a ref points at, if it exists.
    ///
    /// # Errors
    /// Git cannot be run, or the repository is broken.
    pub fn resolve(&self, name: &str) -> Result<Option<CommitId>> {
        let finished = self
            .git("rev-parse")
            .args(["--verify", "--quiet", "--end-of-options"])
            .arg(format!("{name}^{{commit}}"))
            .finish()?;
        match finished.status.code() {
            Some(1) => Ok(None),
            _ => {
                let finished = crate::git::succeeded(finished, "rev-parse")?;
                CommitId::parse(&finished.stdout.text()).map(Some)
            }
        }
    }

    /// Whether the commit is here.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn contains(&self, commit: &CommitId) -> Result<bool> {
        self.resolve(commit.as_str()).map(|found| found.is_some())
    }

    /// Whether `old` is `new` or one of its ancestors.
    ///
    /// # Errors
    /// A commit is missing, or git cannot be run.
    pub fn is_ancestor(&self, old: &CommitId, new: &CommitId) -> Result<bool> {
        self.git("merge-base").args(["--is-ancestor", old.as_str(), new.as_str()]).yes_or_no()
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// The commit is missing, or git cannot be run.
    pub fn tree_of(&self, commit: &CommitId) -> Result<CommitId> {
        self.git("rev-parse")
            .args(["--verify", "--end-of-options"])
            .arg(format!("{commit}^{{tree}}"))
            .object()
    }

    /// What lies in a directory of a commit (`""` is its top), not deeper; empty if it is missing.
    ///
    /// # Errors
    /// The commit is missing, or git cannot be run.
    pub fn list_tree(&self, commit: &CommitId, directory: &str) -> Result<Vec<TreeEntry>> {
        let git = self.git("ls-tree").args(["-l", "-z", "--full-tree", commit.as_str()]);
        let directory = directory.trim_end_matches('/');
        let git = if directory.is_empty() { git } else { git.arg("--").arg(format!("{directory}/")) };
        parse_tree(&git.answer()?)
    }

    /// The entry at `path` in a commit, if there is one.
    ///
    /// # Errors
    /// The commit is missing, or git cannot be run.
    pub fn entry(&self, commit: &CommitId, path: &str) -> Result<Option<TreeEntry>> {
        let path = path.trim_end_matches('/');
        let answer =
            self.git("ls-tree").args(["-l", "-z", "--full-tree", commit.as_str(), "--", path]).answer()?;
        Ok(parse_tree(&answer)?.into_iter().find(|entry| entry.path == Path::new(path)))
    }

    /// The name of the object at `path` in a commit, if there is one: what has another name differs.
    ///
    /// # Errors
    /// The commit is missing, or git cannot be run.
    pub fn object_at(&self, commit: &CommitId, path: &str) -> Result<Option<String>> {
        Ok(self.entry(commit, path)?.map(|entry| format!("{:o} {}", entry.mode, entry.object)))
    }

    /// Whether a commit has something at `path`.
    ///
    /// # Errors
    /// The commit is missing, or git cannot be run.
    pub fn has_path(&self, commit: &CommitId, path: &str) -> Result<bool> {
        self.entry(commit, path).map(|entry| entry.is_some())
    }

    /// The content of a file in a commit; `None` if there is none or it is not a file.
    ///
    /// # Errors
    /// It has more than `max` bytes, the commit is missing, or git cannot be run.
    pub fn read_file(&self, commit: &CommitId, path: &str, max: u64) -> Result<Option<Vec<u8>>> {
        let Some(entry) = self.entry(commit, path)?.filter(TreeEntry::is_file) else {
            return Ok(None);
        };
        let size = entry.size.unwrap_or(0);
        if size > max {
            return Err(WorkspaceError::FileTooLarge { path: path.to_owned(), size, max });
        }
        self.git("cat-file").args(["blob", &entry.object]).answer().map(Some)
    }

    /// The names and commits of all refs that begin with `prefix`, a whole number of components.
    pub(crate) fn refs(&self, prefix: &str) -> Result<Vec<(String, CommitId)>> {
        let answer = self.git("for-each-ref").args(["--format=%(objectname) %(refname)", prefix]).answer()?;
        let text = String::from_utf8_lossy(&answer);
        text.lines()
            .map(|line| {
                let (id, name) =
                    line.split_once(' ').ok_or_else(|| unparsable("for-each-ref", line.as_bytes()))?;
                Ok((name.to_owned(), CommitId::parse(id)?))
            })
            .collect()
    }

    /// Moves refs, all or none. `None` as the old value means that any is fine.
    pub(crate) fn move_refs(&self, moves: &[(String, CommitId, Option<String>)]) -> Result<()> {
        let mut orders = b"start\0".to_vec();
        for (name, new, old) in moves {
            let old = old.as_deref().unwrap_or_default();
            orders.extend(format!("update {name}\0{new}\0{old}\0").bytes());
        }
        orders.extend(b"prepare\0commit\0");
        self.git("update-ref").args(["--no-deref", "-z", "--stdin"]).stdin(orders).done()
    }
}

fn parse_tree(answer: &[u8]) -> Result<Vec<TreeEntry>> {
    let records = answer.split(|byte| *byte == 0).filter(|record| !record.is_empty());
    records.map(|record| parse_entry(record).ok_or_else(|| unparsable("ls-tree", record))).collect()
}

/// `<mode> <type> <object> <size>\t<path>`, as `git help ls-tree` has it.
fn parse_entry(record: &[u8]) -> Option<TreeEntry> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let facts = std::str::from_utf8(&record[..tab]).ok()?;
    let mut facts = facts.split_ascii_whitespace();
    let mode = u32::from_str_radix(facts.next()?, 8).ok()?;
    let (_kind, object, size) = (facts.next()?, facts.next()?, facts.next()?);
    Some(TreeEntry {
        path: PathBuf::from(OsStr::from_bytes(&record[tab + 1..])),
        mode,
        size: size.parse().ok(),
        object: object.to_owned(),
    })
}
