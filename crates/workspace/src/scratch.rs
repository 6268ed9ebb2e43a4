//! Directories that one call needs and removes, and that outlive nobody: what a killed process has left of
//! them is removed by the next call that makes one beside it.

use crate::cached::Cached;
use crate::error::Result;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use tempfile::TempDir;

/// What they begin with inside a git directory.
const WITHIN: &str = "herder.scratch-";

/// What they begin with that are to become a git directory.
const BESIDE: &str = ".herder-new-";

/// A directory of our own with mode 0700, removed when it is dropped. While its maker lives it holds a lock
/// on it (flock(2)), which is how others tell it from one that was left.
#[derive(Debug)]
pub(crate) struct Scratch {
    dir: TempDir,
    _held: File,
}

impl Scratch {
    /// Makes one in a git directory of ours, for `purpose`.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn within(git_dir: &Path, purpose: &str) -> Result<Self> {
        Self::sweep_within(git_dir)?;
        Self::new(git_dir, &format!("{WITHIN}{purpose}-"))
    }

    /// Removes those in a git directory of ours whose makers were killed.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn sweep_within(git_dir: &Path) -> Result<()> {
        sweep(git_dir, WITHIN)
    }

    /// Makes one in the directory of `path`, that is to be renamed to it.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn beside(path: &Path) -> Result<Self> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        sweep(parent, BESIDE)?;
        Self::new(parent, BESIDE)
    }

    fn new(parent: &Path, prefix: &str) -> Result<Self> {
        loop {
            let dir = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
            // A sweep may have been quicker than the lock.
            let held = match File::open(dir.path()) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                held => held?,
            };
            flock(&held, FlockOperation::LockExclusive).map_err(std::io::Error::from)?;
            if dir.path().is_dir() {
                return Ok(Self { dir, _held: held });
            }
        }
    }

    /// Makes it the directory `path`, which must not be there, on the same file system.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn become_directory(self, path: &Path) -> Result<()> {
        fs_err::rename(self.dir.path(), path)?;
        // There is nothing of that name any more.
        let _ = self.dir.keep();
        Ok(())
    }

    /// Where it is, until it is renamed.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// What killed processes have left in `parent` of directories that were to become git directories. Their makers
/// would hold them.
///
/// # Errors
/// The disk refuses.
pub fn left_beside(parent: &Path) -> Result<Vec<Cached>> {
    let mut left = Vec::new();
    for entry in fs_err::read_dir(parent)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(BESIDE)) {
            left.push(Cached { name: path.display().to_string(), lock: path.clone(), paths: vec![path] });
        }
    }
    Ok(left)
}

/// Removes scratch directories that nobody holds. A git that has survived its herder may still write into
/// one; it fails, and nobody waits for it.
fn sweep(parent: &Path, prefix: &str) -> Result<()> {
    for entry in fs_err::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let Ok(left) = File::open(entry.path()) else { continue };
        if flock(&left, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // Such a git may make a file meanwhile; then the next sweep has it.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_who_make_and_sweep_at_once_do_not_take_each_others() {
        let parent = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        assert!(Scratch::within(parent.path(), "lend").unwrap().path().is_dir());
                    }
                });
            }
        });
    }

    #[test]
    fn what_a_killed_process_left_is_removed_by_the_next_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join("herder.scratch-index-left");
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join("index"), "half").unwrap();
        std::fs::create_dir(parent.path().join("objects")).unwrap();
        let one = Scratch::within(parent.path(), "lend").unwrap();
        assert!(!left.exists());
        let other = Scratch::within(parent.path(), "lend").unwrap();
        assert!(one.path().is_dir() && other.path().is_dir());
        drop((one, other));
        let names = std::fs::read_dir(parent.path()).unwrap();
        assert_eq!(names.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(), ["objects"]);
    }
}
