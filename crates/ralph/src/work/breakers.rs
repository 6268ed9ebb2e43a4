//! What ends a run on evidence before its budget is spent. Each breaker counts over iterations in a row,
//! and each has an outcome of its own; `docs/design/loop.md` lists them.

use herder_agent::ContextUse;
use herder_domain::outcome::{FailureCause, Outcome};

use super::fullness::Fullness;
use super::oscillation::Oscillation;
use super::repetition::Repetition;
use super::stillness::{Said, Stillness};
use crate::memory::Depth;

/// All breakers of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breakers {
    stillness: Stillness,
    repetition: Repetition,
    oscillation: Oscillation,
    pub(super) fullness: Fullness,
}

/// What an iteration that counts came to.
#[derive(Clone, Debug)]
pub(super) struct Evidence<'a> {
    /// Its answer's word and the gate's, where it was answered.
    pub said: Option<Said>,
    /// The tree after it.
    pub tree: &'a str,
    /// Whether it changed the tree.
    pub has_changed: bool,
    /// The error that it ended with: the agent's, the gate's, or that of its last tool.
    pub error: Option<&'a str>,
    /// How full the model's context was.
    pub context: Option<ContextUse>,
    /// The agent gave up because its context was full.
    pub overflowed: bool,
}

impl Breakers {
    /// The breakers of a run whose model's context holds so many tokens, where that is configured.
    pub(crate) fn new(window: Option<u64>) -> Self {
        Self { fullness: Fullness::of(window), ..Self::default() }
    }

    /// How much of the history is to be folded now.
    pub(super) fn depth(&self) -> Depth {
        if self.fullness.is_tight() { Depth::Tight } else { Depth::Usual }
    }

    /// Takes an iteration; gives the outcome where it was one too many. All breakers hear of it, and the one
    /// that says most is heard.
    pub(super) fn note(&mut self, evidence: &Evidence<'_>) -> Option<Outcome> {
        let is_full = self.fullness.note(evidence.context, evidence.overflowed);
        let is_same = self.repetition.note(evidence.error);
        let is_to_and_fro = self.oscillation.note(evidence.tree);
        let is_still = evidence.said.is_some_and(|said| self.stillness.note(said, evidence.has_changed));
        let failed = |cause, detail| Some(Outcome::Failed { cause, detail });
        match (is_full, is_same, is_to_and_fro, is_still) {
            (true, ..) => failed(FailureCause::ContextFull, Fullness::sentence()),
            (_, true, ..) => failed(FailureCause::SameError, self.repetition.sentence()),
            (_, _, true, _) => failed(FailureCause::Oscillating, Oscillation::sentence()),
            (.., true) => failed(FailureCause::NoProgress, Stillness::sentence()),
            (false, false, false, false) => None,
        }
    }
}
