//! What an earlier run in the same checkout leaves to the one that goes on from there.

use std::path::Path;

use herder_domain::gate::Verdict;
use herder_domain::outcome::Outcome;
use herder_domain::run::{RetryContext, RunSpec};
use herder_record::{Ending, RecordError, RunDir, StateDir, sweep};

use crate::memory::Memory;

/// An earlier run.
pub(super) struct Earlier {
    dir: RunDir,
    ending: Ending,
}

impl Earlier {
    /// The last run in a checkout, if it ended without being accepted: then its work lies there still.
    pub(super) fn last_in(state: &StateDir, checkout: &Path) -> Result<Option<Self>, RecordError> {
        let specs = sweep::runs(state)?
            .into_iter()
            .filter(RunDir::is_standalone)
            .filter_map(|dir| Some((dir.spec().ok()??, dir)));
        let here = specs.filter(|(spec, _): &(RunSpec, _)| spec.setup.clone == checkout);
        let Some((_, dir)) = here.max_by_key(|(spec, _)| spec.created_at) else { return Ok(None) };
        let ending = dir.ending()?.filter(|ending| !matches!(ending.outcome, Outcome::Accepted { .. }));
        Ok(ending.map(|ending| Self { dir, ending }))
    }

    /// What the next prompt says of it.
    pub(super) fn context(&self) -> Result<RetryContext, RecordError> {
        let iterations = self.dir.iterations()?;
        let answered = iterations.iter().rev().find(|iteration| iteration.status.is_some());
        let refusal = answered.and_then(|last| last.gate.as_ref()).and_then(Verdict::refusal);
        let gate_output = refusal.map(|refusal| refusal.tail.clone());
        let gate_failures = refusal.map(|refusal| refusal.failures.clone()).unwrap_or_default();
        let last_outcome = Some(self.ending.outcome.sentence());
        Ok(RetryContext {
            last_outcome,
            gate_output,
            gate_failures,
            is_resumed: true,
            ..RetryContext::default()
        })
    }

    /// What it remembered.
    pub(super) fn memory(&self) -> Result<Option<String>, RecordError> {
        let summary = self.dir.summary()?.map(|summary| (summary.text, summary.covers_up_to));
        Ok(Memory::restored(summary, self.dir.progress()?).carried())
    }
}
