//! Calling a landing off while it is under way: its goal was closed, so its gate need not go on and its
//! work may not be pushed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use herder_domain::run::RunId;
use herder_executor::KeeperHandle;

/// Landings that are under way, or are called off.
#[derive(Default)]
pub(crate) struct Withdrawals(Mutex<BTreeMap<RunId, Standing>>);

#[derive(Default)]
struct Standing {
    is_called_off: bool,
    gate: Option<KeeperHandle>,
}

impl Withdrawals {
    fn all(&self) -> MutexGuard<'_, BTreeMap<RunId, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls a run's landing off; the gate that judges it is stopped.
    pub(crate) fn call_off(&self, run: &RunId) {
        let mut all = self.all();
        let standing = all.entry(run.clone()).or_default();
        standing.is_called_off = true;
        if let Some(gate) = standing.gate.take() {
            gate.stop(None);
        }
    }

    pub(super) fn is_called_off(&self, run: &RunId) -> bool {
        self.all().get(run).is_some_and(|standing| standing.is_called_off)
    }

    /// Has the gate stopped when the landing is called off.
    pub(super) fn gate_began(&self, run: &RunId, gate: KeeperHandle) {
        let mut all = self.all();
        let standing = all.entry(run.clone()).or_default();
        if standing.is_called_off {
            gate.stop(None);
        } else {
            standing.gate = Some(gate);
        }
    }

    /// The landing is over.
    pub(super) fn forget(&self, run: &RunId) {
        self.all().remove(run);
    }
}
