//! Runs of which nothing is at work any more, as this process has seen to. Looking for strays is a walk through all of
//! /proc and all cgroups, and what was swept a moment ago, when its ralph ended, needs it no second time.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use herder_domain::run::{Run, RunId};
use herder_executor::{EndError, end_strays};
use herder_record::RunDir;

/// The runs that were swept, and for which nothing was started since.
///
/// A daemon that has just begun knows of none: whatever its predecessor left is looked for.
#[derive(Debug, Default)]
pub(crate) struct Swept(Mutex<BTreeSet<RunId>>);

impl Swept {
    fn all(&self) -> MutexGuard<'_, BTreeSet<RunId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends whatever is left of a run, unless that was done and nothing was started since. What a person does by
    /// hand is started by that person, so their runs are always swept. The caller may start something then: who
    /// comes next looks again, unless told by [`Swept::note`].
    pub(crate) fn end_strays(&self, run: &Run, dir: &RunDir) -> Result<(), EndError> {
        let is_clean = self.all().remove(&run.id) && run.by.is_none();
        if is_clean { Ok(()) } else { end_strays(&dir.mark()).map(drop) }
    }

    /// Nothing of a run is left.
    pub(crate) fn note(&self, run: &RunId) {
        self.all().insert(run.clone());
    }

    /// Something was started for a run, or it is over.
    pub(crate) fn forget(&self, run: &RunId) {
        self.all().remove(run);
    }
}
