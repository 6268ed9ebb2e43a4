//! One orchestrator for each state directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use herder_executor::ProcessId;
use herder_record::StateDir;

/// How often a taken lock is tried again: whoever asks for the holder has it, shared, for microseconds.
const TRIES: u32 = 10;

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// What this program is.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Proof that this process is the only orchestrator. The kernel frees it however the process ends.
#[derive(Debug)]
pub(crate) struct OrchestratorLock {
    _file: File,
}

/// The orchestrator that holds a state directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process, where it could be read.
    pub process: Option<ProcessId>,
    /// Its version of herder; those before 0.2 did not say.
    pub version: Option<String>,
}

fn path(state: &StateDir) -> PathBuf {
    state.root().join("orchestrator.lock")
}

impl OrchestratorLock {
    /// Takes the lock; gives `None` where another orchestrator has it.
    pub(crate) fn try_take(state: &StateDir) -> io::Result<Option<Self>> {
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path(state))?;
        if !locked(&file)? {
            return Ok(None);
        }
        let own = ProcessId::own().map_err(io::Error::other)?;
        file.set_len(0)?;
        write!(file, "{} {} {} {VERSION}", own.pid, own.start_time, own.boot_id)?;
        Ok(Some(Self { _file: file }))
    }
}

/// Locks the file; false where another orchestrator has it.
fn locked(file: &File) -> io::Result<bool> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// The orchestrator at work on a state directory, if there is one.
///
/// # Errors
/// The lock cannot be looked at.
pub fn holder(state: &StateDir) -> io::Result<Option<Holder>> {
    let mut file = match File::open(path(state)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut parts = text.split(' ');
    let process = (|| {
        let pid = parts.next()?.parse().ok()?;
        let start_time = parts.next()?.parse().ok()?;
        Some(ProcessId { pid, start_time, boot_id: parts.next()?.to_owned() })
    })();
    let version = parts.next().map(ToOwned::to_owned);
    Ok(Some(Holder { process, version }))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn those_who_ask_for_the_holder_do_not_keep_an_orchestrator_from_its_lock() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        drop(OrchestratorLock::try_take(&state).unwrap());
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    holder(&state).unwrap();
                }
            });
            for _ in 0..300 {
                assert!(OrchestratorLock::try_take(&state).unwrap().is_some());
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
}
