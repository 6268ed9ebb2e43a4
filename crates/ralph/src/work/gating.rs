//! Asking the repository's gate for feedback.

use std::time::Duration;

use herder_domain::gate::Verdict;
use herder_gate::Question;
use herder_record::Phase;

use super::Work;
use crate::error::RalphError;
use crate::stop::Urgency;

impl Work {
    /// How long the gate may take: its time is the run's, it gets no more than is left.
    fn gate_limit(&self) -> Duration {
        let left = self.account.working_left(&self.spec.budget);
        self.spec.setup.clocks.gate.min(left).min(self.age_left().unwrap_or(Duration::MAX))
    }

    /// What the gate says of the clone.
    pub(super) fn ask_gate(&mut self) -> Result<Verdict, RalphError> {
        let Some(gate) = self.gate.clone() else {
            return Ok(Verdict::Missing);
        };
        self.say(Phase::Gating, None)?;
        let clone = self.spec.setup.clone.clone();
        let question = Question {
            gate: &gate,
            checkout: &clone,
            run: &self.writer.dir().mark(),
            env: self.env(),
            sandbox: self.sandbox(&clone),
            limit: self.gate_limit(),
        };
        let log = Box::new(self.writer.gate_log(self.account.gate_runs + 1)?);
        let mut listening = None;
        let answered = question.ask(&self.launcher, log, |handle| {
            listening = Some(self.stop.listen(move |urgency| match urgency {
                Urgency::None => {}
                Urgency::Orderly => handle.stop(None),
                Urgency::AtOnce => handle.kill(),
            }));
        })?;
        drop(listening);
        self.account.gated(answered.elapsed);
        self.account.used(answered.ending.as_ref());
        let word = match &answered.verdict {
            Verdict::Green => "green",
            Verdict::Red { .. } => "red",
            Verdict::Missing => "missing",
        };
        self.writer.log(&format!("== gate: {word} after {:.1} s", answered.elapsed.as_secs_f64()))?;
        Ok(answered.verdict)
    }
}
