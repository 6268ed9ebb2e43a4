//! One ralph at a time in a checkout.

use std::fs::{File, TryLockError};
use std::path::Path;

use herder_record::{RunDir, RunLock, StateDir, sweep};

use crate::error::RalphError;

/// Proof that no other ralph works in a checkout, whatever its state directory. It is a lock (flock(2)) on
/// the checkout's directory itself, so that nothing is written into it; the kernel frees it.
#[derive(Debug)]
pub(super) struct Occupancy {
    _dir: Option<File>,
}

impl Occupancy {
    /// Takes the checkout.
    pub(super) fn take(checkout: &Path, state: &StateDir) -> Result<Self, RalphError> {
        let dir = File::open(checkout)?;
        match dir.try_lock() {
            Ok(()) => Ok(Self { _dir: Some(dir) }),
            Err(TryLockError::WouldBlock) => Err(RalphError::Occupied {
                checkout: checkout.display().to_string(),
                run: at_work(checkout, state).map(|run| run.run().to_string()),
            }),
            // A file system that locks no directories, as some over a network: then nothing is known.
            Err(TryLockError::Error(_)) => Ok(Self { _dir: None }),
        }
    }
}

/// The run at work in a checkout, if it is one of this state directory.
fn at_work(checkout: &Path, state: &StateDir) -> Option<RunDir> {
    let here = |dir: &RunDir| matches!(dir.spec(), Ok(Some(spec)) if spec.goal.is_none() && spec.setup.clone == checkout);
    let is_held = |dir: &RunDir| RunLock::is_held(dir).unwrap_or(false);
    sweep::runs(state).ok()?.into_iter().find(|dir| here(dir) && is_held(dir))
}
