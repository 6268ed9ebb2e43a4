//! Folding old progress into the summary. Its spend counts; its failure never ends the run.

use herder_agent::{Ending, Expected};
use herder_domain::iteration::Progress;
use herder_record::Phase;

use super::Work;
use crate::error::RalphError;
use crate::memory::Depth;

impl Work {
    /// Folds the oldest entries where there are enough of them, or nearly all where the context is tight.
    pub(super) fn fold_history(&mut self, depth: Depth) -> Result<(), RalphError> {
        let Some(entries) = self.memory.due(depth) else {
            return Ok(());
        };
        self.say(Phase::Summarizing, None)?;
        let text = match self.summarize(&entries) {
            Some(text) => text,
            None => self.memory.fold_mechanically(&entries),
        };
        self.memory.fold(text, &entries, depth);
        self.keep_summary()
    }

    /// Writes the summary down.
    pub(super) fn keep_summary(&self) -> Result<(), RalphError> {
        let summary = self.memory.summary().unwrap_or_default();
        Ok(self.writer.summary(summary, self.memory.covers_up_to())?)
    }

    /// Asks the cheap model, where the agent has one.
    fn summarize(&mut self, entries: &[Progress]) -> Option<String> {
        let model = self.agent.summarizer()?.to_owned();
        let prompt = self.memory.fold_prompt(&self.spec.title, entries);
        let called = self.call(&prompt, &model, Expected::Text).ok()?;
        self.account.add(called.spend);
        self.account.used(called.measured.as_ref());
        match called.ending {
            Ending::Replied(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            other => {
                // Folded mechanically instead; the log says so.
                let _ = self.writer.log(&format!("== the summarizer failed: {}", other.word()));
                None
            }
        }
    }
}
