//! What can be made anew, and may go when nobody has used it for long.
//!
//! Whoever uses such a thing holds its lock shared (flock(2)), and the lock's file has the time of the last use.
//! Whoever clears it away holds the lock alone, so that it never goes from under anybody.

use crate::error::{Result, WorkspaceError};
use crate::objects::take_lock;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A thing that can be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// What it is, for people.
    pub name: String,
    /// What its users hold.
    pub lock: PathBuf,
    /// What goes.
    pub paths: Vec<PathBuf>,
}

impl Cached {
    /// When it was last used, where that is known.
    pub fn last_used(&self) -> Option<SystemTime> {
        std::fs::metadata(&self.lock).and_then(|lock| lock.modified()).ok()
    }

    /// Keeps everybody from using it for as long as the answer lives; nothing where somebody uses it, has used
    /// it since `since`, or has taken it away.
    ///
    /// # Errors
    /// The system refuses.
    pub fn hold_unused(&self, since: SystemTime) -> Result<Option<File>> {
        let Ok(held) = File::open(&self.lock) else { return Ok(None) };
        match flock(&held, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => return Ok(None),
            Err(errno) => return Err(std::io::Error::from(errno).into()),
        }
        let is_unused = self.last_used().is_some_and(|used| used <= since);
        Ok((is_unused && is_at(&held, &self.lock)).then_some(held))
    }
}

/// The file, beside a set of package caches and out of every job's reach, that those hold who use it.
pub fn caches_lock(repository: &Path) -> PathBuf {
    repository.join("lock")
}

/// Notes the use of a set of package caches, which is one directory of its repository's, and keeps it from being
/// cleared away for as long as the answer lives.
///
/// # Errors
/// The directory above it cannot be made, or the system refuses.
pub fn use_caches(set: &Path) -> Result<File> {
    let repository = set.parent().unwrap_or(set);
    loop {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(repository)?;
        match hold(&caches_lock(repository), Hold::Shared) {
            // It was cleared away in between.
            Err(_) if !repository.exists() => {}
            held => return held,
        }
    }
}

/// How a thing that can be made anew is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// To be used, with others.
    Shared,
    /// To be made or changed, alone.
    Alone,
}

/// Notes the use of what the lock at `path` stands for, waits for it, and holds it for as long as the answer lives.
/// The lock's file is made where there is none.
///
/// # Errors
/// The directory of the lock is missing, or the system refuses.
pub fn hold(path: &Path, how: Hold) -> Result<File> {
    let operation = match how {
        Hold::Shared => FlockOperation::LockShared,
        Hold::Alone => FlockOperation::LockExclusive,
    };
    loop {
        if let Some(held) = noted(take_lock(path, operation)?, path)? {
            return Ok(held);
        }
    }
}

/// As [`hold`], but waits for nobody: nothing where others hold it so that it cannot be had now.
///
/// # Errors
/// As [`hold`].
pub fn try_hold(path: &Path, how: Hold) -> Result<Option<File>> {
    let operation = match how {
        Hold::Shared => FlockOperation::NonBlockingLockShared,
        Hold::Alone => FlockOperation::NonBlockingLockExclusive,
    };
    loop {
        match take_lock(path, operation) {
            Ok(held) => {
                if let Some(held) = noted(held, path)? {
                    return Ok(Some(held));
                }
            }
            Err(WorkspaceError::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Notes the time of a use; nothing where it was cleared away while this waited for it.
fn noted(held: File, path: &Path) -> Result<Option<File>> {
    if !is_at(&held, path) {
        return Ok(None);
    }
    held.set_modified(SystemTime::now())?;
    Ok(Some(held))
}

/// Whether an open file is the one at a path.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |one: std::fs::Metadata, other: std::fs::Metadata| {
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    };
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(one), Ok(other)) => same(one, other),
        (Ok(_) | Err(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_in_use_or_was_used_of_late_is_not_given_away() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("lock");
        let cached = Cached { name: "x".into(), lock: lock.clone(), paths: vec![] };
        let far = SystemTime::now() + Duration::from_secs(3600);
        assert!(cached.hold_unused(far).unwrap().is_none(), "it is not there");
        let used = hold(&lock, Hold::Shared).unwrap();
        assert!(cached.hold_unused(far).unwrap().is_none(), "it is in use");
        assert!(try_hold(&lock, Hold::Shared).unwrap().is_some(), "others may use it, too");
        assert!(try_hold(&lock, Hold::Alone).unwrap().is_none(), "nobody has it alone");
        drop(used);
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        assert!(cached.hold_unused(long_ago).unwrap().is_none(), "it was used a moment ago");
        assert!(cached.hold_unused(far).unwrap().is_some());
    }

    #[test]
    fn package_caches_in_use_are_not_given_away_and_come_anew_after_they_went() {
        let dir = tempfile::tempdir().unwrap();
        let repository = dir.path().join("repository");
        let far = SystemTime::now() + Duration::from_secs(3600);
        let lock = caches_lock(&repository);
        let cached = Cached { name: "x".into(), lock: lock.clone(), paths: vec![repository.clone()] };
        let used = use_caches(&repository.join("runs")).unwrap();
        assert!(cached.hold_unused(far).unwrap().is_none());
        drop(used);
        let held = cached.hold_unused(far).unwrap().unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| use_caches(&repository.join("gates")).unwrap());
            std::fs::rename(&repository, dir.path().join("aside")).unwrap();
            drop(held);
            assert!(is_at(&waiting.join().unwrap(), &lock));
        });
    }

    #[test]
    fn a_user_who_waited_while_it_went_finds_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("lock");
        drop(hold(&lock, Hold::Shared).unwrap());
        let cached = Cached { name: "x".into(), lock: lock.clone(), paths: vec![] };
        let held = cached.hold_unused(SystemTime::now() + Duration::from_secs(60)).unwrap().unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| hold(&lock, Hold::Shared).unwrap());
            std::fs::remove_file(&lock).unwrap();
            drop(held);
            assert!(is_at(&waiting.join().unwrap(), &lock));
        });
    }
}
