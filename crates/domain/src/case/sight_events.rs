//! What is seen of a goal on its forge, and what the forge is to show.

use jiff::Timestamp;

use super::Case;
use crate::effect::{Effect, Once};
use crate::goal::GoalEvent;
use crate::illegal::IllegalEvent;
use crate::repo::GoalRef;
use crate::run::RunState;
use crate::sight::{Heard, Seen, Shown, Wrote};

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

    pub(super) fn link(&mut self, depends: &[GoalRef]) -> Result<(), IllegalEvent> {
        if self.goal.state.is_settled() {
            return Err(self.refuse("linked"));
        }
        self.goal.depends = depends.to_vec();
        Ok(())
    }

    pub(super) fn hear(&mut self, heard: &Heard) -> Result<(), IllegalEvent> {
        let Some(known) = &mut self.goal.on_forge else { return Err(self.refuse("heard on a forge")) };
        known.hear(heard);
        Ok(())
    }

    pub(super) fn announced(&mut self, phase: &str, waits: &str, at: Timestamp) -> Result<(), IllegalEvent> {
        let Some(known) = &mut self.goal.on_forge else { return Err(self.refuse("announced on a forge")) };
        known.announced.note(phase, waits, at);
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

    /// The label is put right by itself; whoever moves labels is told once how that is meant.
    pub(super) fn mislabelled(&self, labels: &[String]) -> Result<Vec<Effect>, IllegalEvent> {
        if self.goal.on_forge.is_none() {
            return Err(self.refuse("labelled on a forge"));
        }
        let own = self.goal.state.label().unwrap_or("none of them");
        let shown = match labels {
            [] => "none of the labels that say where a goal stands".to_owned(),
            labels => labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(" and "),
        };
        let text = format!(
            "This issue had {shown}, and has `{own}` again: there is exactly one, and it follows the goal. Put \
             `goal:queued` on it to have it worked on, `goal:draft` to take it off the queue; close it to be rid of it."
        );
        let (goal, key) = (self.goal.id.clone(), "mislabelled".to_owned());
        Ok(vec![Effect::Comment { goal, key, text, once: Once::Goal }])
    }

    /// The status comment follows the phase: one edit at a time, until there is none to make.
    pub(super) fn announce(&self) -> Option<Effect> {
        let known = self.goal.on_forge.as_ref()?;
        let phase = self.goal.phase(self.run.as_ref(), self.landing.as_ref())?;
        let turn = known.announced.turns;
        (phase != known.announced.phase).then(|| Effect::Announce { goal: self.goal.id.clone(), turn })
    }

    /// What the forge shows follows the state: one correction at a time, until there is none to make.
    pub(super) fn show(&self, at: Timestamp) -> Option<Effect> {
        let look = self.goal.on_forge.as_ref()?.looks;
        // Nothing is said of a goal before it is known to be ours.
        if self
            .run
            .as_ref()
            .is_some_and(|run| self.goal.is_running(&run.id) && run.state == RunState::Ordered)
        {
            return None;
        }
        self.goal.to_show()?;
        Some(Effect::ShowState { goal: self.goal.id.clone(), look, since: at })
    }
}
