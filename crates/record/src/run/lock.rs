//! The lock that a ralph holds while it lives.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::RunDir;
use crate::error::{During, RecordError};

/// How often a taken lock is tried again. A probe holds it, shared, for microseconds.
const TRIES: u32 = 10;

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Proof that this process is the run's only ralph. The kernel frees the lock however the process
/// ends (flock(2)); the descriptor is closed on exec, so nothing below inherits it.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock, or gives `None` where another process has it.
    pub fn try_take(dir: &RunDir) -> Result<Option<Self>, RecordError> {
        let path = dir.lock_path();
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .during("open", &path)?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if attempt < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) => return Err(error).during("lock", &path),
            }
        }
        Ok(None)
    }

    /// Whether some process has the lock. Looking takes it from nobody: two who look do not see each
    /// other, and [`RunLock::try_take`] outlasts a look.
    pub fn is_held(dir: &RunDir) -> Result<bool, RecordError> {
        is_locked(&dir.lock_path())
    }
}

fn is_locked(path: &Path) -> Result<bool, RecordError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).during("open", path),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error).during("look at the lock", path),
    }
}
