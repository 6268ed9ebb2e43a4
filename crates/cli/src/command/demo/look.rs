//! Looking at ralphs from outside, as anybody can: by the database and the run directories.

use herder_domain::run::{RunId, RunState};
use herder_executor::ProcessId;
use herder_record::{Liveness, RunDir, StateDir};
use herder_store::Store;

use crate::failure::Failure;

/// A ralph that is at work.
#[derive(Clone, Debug)]
pub struct AtWork {
    /// Its run directory.
    dir: RunDir,
    process: ProcessId,
    /// How much it had logged when it was looked at, in bytes.
    logged: u64,
}

impl AtWork {
    /// All that are.
    pub fn all(state: &StateDir, store: &Store) -> Result<Vec<Self>, Failure> {
        let mut all = Vec::new();
        for run in store.active_runs()? {
            if let RunState::Launched { process } = run.state {
                let process =
                    ProcessId { pid: process.pid, start_time: process.start_time, boot_id: process.boot_id };
                let dir = RunDir::of(state, run.id);
                if process.is_alive().unwrap_or(false) {
                    all.push(Self { logged: logged(&dir), dir, process });
                }
            }
        }
        Ok(all)
    }

    /// The run.
    pub fn run(&self) -> &RunId {
        self.dir.run()
    }

    /// Whether it is there still, or came to an end of its own.
    pub fn is_well(&self) -> bool {
        let has_ended = || matches!(self.dir.liveness(), Ok(Liveness::Ended(_)));
        self.process.is_alive().unwrap_or(false) || has_ended()
    }

    /// Whether it has gone on since it was looked at.
    pub fn went_on(&self) -> bool {
        logged(&self.dir) > self.logged
    }
}

fn logged(dir: &RunDir) -> u64 {
    std::fs::metadata(dir.log_path()).map_or(0, |log| log.len())
}
