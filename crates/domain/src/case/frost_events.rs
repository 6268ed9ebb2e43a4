//! Freezing a run and thawing it. Neither changes its state.

use jiff::Timestamp;

use super::Case;
use crate::effect::Effect;
use crate::frost::{Chill, Frozen};
use crate::illegal::IllegalEvent;
use crate::run::Run;

impl Case {
    /// A ralph at work is to stand still.
    pub(super) fn freeze(&mut self, why: &Chill, at: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        let run = self.at_work("frozen")?;
        if let Some(frozen) = &mut run.frost.frozen {
            // A person's word holds also when there is room again.
            if frozen.is_for_memory() && matches!(why, Chill::Person { .. }) {
                frozen.why = why.clone();
                return Ok(Vec::new());
            }
            return Err(IllegalEvent { machine: "a run", state: "frozen", event: "frozen" });
        }
        run.frost.turn += 1;
        run.frost.changed_at = Some(at);
        run.frost.frozen = Some(Frozen { since: at, why: why.clone() });
        let (goal, run, turn) = (run.goal.clone(), run.id.clone(), run.frost.turn);
        Ok(vec![Effect::Freeze { goal, run, turn }])
    }

    /// One that stands still is to go on.
    pub(super) fn thaw(&mut self, at: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        let run = self.at_work("thawed")?;
        if run.frost.frozen.take().is_none() {
            return Err(IllegalEvent { machine: "a run", state: "not frozen", event: "thawed" });
        }
        run.frost.turn += 1;
        run.frost.changed_at = Some(at);
        let (goal, run, turn) = (run.goal.clone(), run.id.clone(), run.frost.turn);
        Ok(vec![Effect::Thaw { goal, run, turn }])
    }

    fn at_work(&mut self, event: &'static str) -> Result<&mut Run, IllegalEvent> {
        let refusal = |state| IllegalEvent { machine: "a run", state, event };
        let run = self.run.as_mut().ok_or_else(|| refusal("unknown"))?;
        match run.state.process() {
            Some(_) => Ok(run),
            None => Err(refusal(run.state.word())),
        }
    }
}
