//! A prompt that leaves the model room to work.

use herder_domain::outcome::{FailureCause, Outcome};

use super::{Work, fullness};
use crate::error::RalphError;
use crate::memory::Depth;
use crate::prompt::Prompt;

impl Work {
    /// The prompt of an iteration. Where it would nearly fill the context, history is folded harder; one
    /// that is too long even so ends the run before it costs anything.
    pub(super) fn fitting_prompt(&mut self, number: u32) -> Result<Result<String, Outcome>, RalphError> {
        self.listen()?;
        let prompt = self.prompt(number)?;
        let Some(room) = self.breakers.fullness.room().filter(|room| prompt.len() > *room) else {
            return Ok(Ok(prompt));
        };
        self.writer
            .log(&format!("== the prompt has {} bytes, its history is folded harder", prompt.len()))?;
        self.fold_history(Depth::Tight)?;
        if self.memory.shorten(Depth::Tight) {
            self.keep_summary()?;
        }
        let prompt = self.prompt(number)?;
        let detail = fullness::too_long(prompt.len(), room);
        let too_long = Outcome::Failed { cause: FailureCause::ContextFull, detail };
        Ok(if prompt.len() > room { Err(too_long) } else { Ok(prompt) })
    }

    fn prompt(&self, number: u32) -> Result<String, RalphError> {
        self.layout.render(&Prompt {
            title: &self.spec.title,
            goal: &self.goal,
            told: &self.told,
            context: &self.spec.context,
            memory: &self.memory,
            refusal: self.refusal.as_ref(),
            iteration: number,
            has_gate: self.gate.is_some(),
            answers_by_schema: self.agent.answers_by_schema(),
            is_tight: self.breakers.fullness.is_tight(),
            heavy: self.spec.setup.tokens.as_ref().map_or(&[], |tokens| &tokens.heavy),
        })
    }
}
