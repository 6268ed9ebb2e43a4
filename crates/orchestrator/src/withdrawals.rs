//! Calling a preparation or a landing off while it is under way: nobody wants it any more, so its set-up or
//! its gate need not go on, and its work may not be pushed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use herder_domain::run::RunId;
use herder_executor::KeeperHandle;

/// Preparations and landings that are under way, or are called off.
#[derive(Default)]
pub(crate) struct Withdrawals(Mutex<BTreeMap<RunId, Standing>>);

#[derive(Default)]
struct Standing {
    is_called_off: bool,
    job: Option<KeeperHandle>,
}

impl Withdrawals {
    fn all(&self) -> MutexGuard<'_, BTreeMap<RunId, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls off what is done for a run; the set-up or gate that it waits for is stopped.
    pub(crate) fn call_off(&self, run: &RunId) {
        let mut all = self.all();
        let standing = all.entry(run.clone()).or_default();
        standing.is_called_off = true;
        if let Some(job) = standing.job.take() {
            job.stop(None);
        }
    }

    pub(crate) fn is_called_off(&self, run: &RunId) -> bool {
        self.all().get(run).is_some_and(|standing| standing.is_called_off)
    }

    /// Has a set-up or gate stopped when what it belongs to is called off.
    pub(crate) fn began(&self, run: &RunId, job: KeeperHandle) {
        let mut all = self.all();
        let standing = all.entry(run.clone()).or_default();
        if standing.is_called_off {
            job.stop(None);
        } else {
            standing.job = Some(job);
        }
    }

    /// It is over.
    pub(crate) fn forget(&self, run: &RunId) {
        self.all().remove(run);
    }
}
