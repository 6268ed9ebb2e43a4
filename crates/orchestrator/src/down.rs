//! Ending the orchestrator of a state directory from outside.

use std::time::Duration;

use herder_executor::{EndSignal, ProcessError, Waited};
use herder_record::StateDir;

use crate::lock::holder;

/// How long an orchestrator may take to stop its ralphs and go.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// None was at work.
    NotRunning,
    /// It has gone.
    Stopped {
        /// Its process id.
        pid: u32,
    },
}

/// Failed to end the orchestrator.
#[derive(Debug, thiserror::Error)]
pub enum DownError {
    /// The lock cannot be looked at.
    #[error("failed to look at the orchestrator's lock: {0}")]
    Lock(#[from] std::io::Error),
    /// It cannot be signalled or watched.
    #[error("failed to {0}")]
    Process(#[from] ProcessError),
    /// It has the lock and said not who it is.
    #[error("failed to learn which process the orchestrator is")]
    Nameless,
    /// It is still there.
    #[error("failed to stop the orchestrator: process {pid} is still at work after {PATIENCE:?}")]
    StillThere {
        /// Its process id.
        pid: u32,
    },
}

/// Has the orchestrator stop its ralphs and go, and waits for that.
///
/// # Errors
/// It cannot be found, signalled, or does not go within a minute.
pub fn down(state: &StateDir) -> Result<Down, DownError> {
    let Some(holder) = holder(state)? else {
        return Ok(Down::NotRunning);
    };
    let process = holder.process.ok_or(DownError::Nameless)?;
    process.signal(EndSignal::Terminate)?;
    match process.wait_for_exit(Some(PATIENCE))? {
        Waited::Ended(_) => Ok(Down::Stopped { pid: process.pid }),
        Waited::StillAlive => Err(DownError::StillThere { pid: process.pid }),
    }
}
