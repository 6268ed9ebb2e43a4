//! Questions that a bare repository of ours answers.

use crate::error::Result;
use crate::git::{Git, UserEnvironment};
use crate::id::CommitId;
use crate::lfs::{Lfs, Missing};
use crate::objects::{Guard, lock};
use crate::scratch::Scratch;
use rustix::fs::FlockOperation;
use std::ffi::OsStr;
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

/// Nobody else writes refs of a bare repository of ours while this lives.
#[must_use]
pub(crate) struct Alone {
    _held: std::fs::File,
    loose: usize,
}

impl Alone {
    /// How many refs are a file each.
    pub(crate) fn loose(&self) -> usize {
        self.loose
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
    pub(crate) fn alone(&self) -> Result<Alone> {
        self.alone_without(is_gits_lock)
    }

    /// Removes what those who were killed have left: git's locks, refs that were being written as files, and scratch
    /// directories. To be called before anybody writes such refs here.
    ///
    /// # Errors
    /// The directory cannot be read, or a file not removed.
    pub fn sweep(&self) -> Result<()> {
        if self.exists() {
            drop(self.alone_without(|path| path.extension() == Some(OsStr::new("lock")))?);
            Scratch::sweep_within(&self.path)?;
        }
        Ok(())
    }

    /// Waits until nobody else writes refs here, and removes files that nobody can be using then.
    fn alone_without(&self, is_left: impl Fn(&Path) -> bool) -> Result<Alone> {
        let held = lock(&self.path, Guard::Refs, FlockOperation::LockExclusive)?;
        let mut waiting = vec![self.path.join("refs")];
        let top =
            ["HEAD", "config", "packed-refs", "shallow"].map(|name| self.path.join(format!("{name}.lock")));
        let mut stale: Vec<PathBuf> = top.into_iter().filter(|path| path.exists()).collect();
        let mut loose = 0;
        while let Some(directory) = waiting.pop() {
            for entry in fs_err::read_dir(directory)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    waiting.push(entry.path());
                } else if is_left(&entry.path()) {
                    stale.push(entry.path());
                } else {
                    loose += 1;
                }
            }
        }
        for path in stale {
            fs_err::remove_file(path)?;
        }
        Ok(Alone { _held: held, loose })
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A sealed call in this repository.
    pub(crate) fn git(&self, command: &str) -> Git {
        Git::sealed(command).repository(&self.path)
    }

    /// The same on files in a work tree. It knows no filter but git-lfs, where [`crate::ready_contents`] said so.
    ///
    /// # Errors
    /// What was said of that cannot be read, or git-lfs is gone.
    pub(crate) fn git_on(&self, tree: &Path, command: &str) -> Result<Git> {
        let git = self.git(command).work_tree(tree);
        Ok(match Lfs::of(&self.path)? {
            Some(lfs) => lfs.applied_to(git, Missing::LeftAsPointer),
            None => git,
        })
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

    /// A call in this repository that talks to the one at `url`.
    ///
    /// # Errors
    /// The address is unusable, or there should be a token for it and there is none.
    pub(crate) fn reaching(&self, command: &str, url: &str, user: &UserEnvironment) -> Result<Git> {
        Ok(Git::reaching(command, url, user)?.repository(&self.path))
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
}
