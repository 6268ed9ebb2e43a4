//! What is seen of a goal on its forge, and what the forge is to show.

use jiff::Timestamp;

use super::Case;
use crate::effect::{Effect, Once};
use crate::goal::GoalEvent;
use crate::illegal::IllegalEvent;
use crate::sight::{Seen, Shown, Wrote};

impl Case {
    pub(super) fn see(&mut self, seen: &Seen) -> Result<(), IllegalEvent> {
        let Some(known) = &mut self.goal.on_forge else { return Err(self.refuse("seen on a forge")) };
        known.see(seen);
        Ok(())
    }

    pub(super) fn showing(&mut self, shown: &Shown, wrote: Option<&Wrote>) -> Result<(), IllegalEvent> {
        let Some(known) = &mut self.goal.on_forge else { return Err(self.refuse("shown on a forge")) };
        known.write(shown, wrote);
        Ok(())
    }

    /// A run at work is stopped by the planner, which finds that nobody wants it any more.
    pub(super) fn shelve(&mut self, by: &str) -> Result<(), IllegalEvent> {
        if let Some(refusal) = self.held_open() {
            return Err(refusal);
        }
        self.step(&GoalEvent::Shelved(format!("{by} took it off the queue")))?;
        self.open_series();
        Ok(())
    }

    pub(super) fn reopen(&mut self) -> Result<(), IllegalEvent> {
        self.step(&GoalEvent::Reopened)?;
        self.open_series();
        Ok(())
    }

    /// The goal stays a draft, or is one again, and says why.
    pub(super) fn not_queued(&mut self, why: &str, id: u64) -> Result<Vec<Effect>, IllegalEvent> {
        self.step(&GoalEvent::ReturnedToDraft(why.to_owned()))?;
        let text = format!("It was not queued: {why}");
        Ok(vec![Effect::Comment {
            goal: self.goal.id.clone(),
            key: format!("not-queued/{id}"),
            text,
            once: Once::Goal,
        }])
    }

    /// What the forge shows follows the state: one correction at a time, until there is none to make.
    pub(super) fn show(&self, at: Timestamp) -> Option<Effect> {
        let look = self.goal.on_forge.as_ref()?.looks;
        self.goal.to_show()?;
        Some(Effect::ShowState { goal: self.goal.id.clone(), look, since: at })
    }
}
