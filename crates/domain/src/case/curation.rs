//! What people do to a goal while they put the backlog in order.

use jiff::Timestamp;

use super::Case;
use crate::effect::Effect;
use crate::goal::{GoalEdit, GoalEvent, HeldBack};
use crate::illegal::IllegalEvent;
use crate::repo::Number;

impl Case {
    /// A goal at work goes on with the text it was started with; its next run has the new one.
    pub(super) fn edit(&mut self, edit: &GoalEdit) -> Result<(), IllegalEvent> {
        if self.goal.taken.is_some() {
            return Err(self.refuse("edited while a person has it in hand"));
        }
        self.step(&GoalEvent::Edited)?;
        edit.apply(&mut self.goal);
        Ok(())
    }

    pub(super) fn prioritize(&mut self, priority: i32) -> Result<(), IllegalEvent> {
        self.demand_unsettled("given another priority")?;
        self.goal.options.priority = Some(priority);
        Ok(())
    }

    /// A settled goal may be moved too: its story is told with it or without it.
    pub(super) fn move_to(&mut self, story: Option<Number>) -> Result<(), IllegalEvent> {
        self.goal.story = story;
        Ok(())
    }

    /// A run that is at work goes on; the next one does not start.
    pub(super) fn hold(&mut self, reason: Option<String>, at: Timestamp) -> Result<(), IllegalEvent> {
        self.demand_unsettled("held")?;
        self.goal.hold = Some(HeldBack { since: at, reason });
        Ok(())
    }

    pub(super) fn release(&mut self) -> Result<(), IllegalEvent> {
        match self.goal.hold.take() {
            Some(_) => Ok(()),
            None => Err(self.refuse("released, for it is not held")),
        }
    }

    /// It will not be begun, and a person is told so.
    pub(super) fn overdue(&mut self, deadline: Timestamp) -> Result<Vec<Effect>, IllegalEvent> {
        self.demand_unsettled("overdue")?;
        self.goal.overdue = Some(deadline);
        let message = format!(
            "It was not begun before {deadline:.0} and will not be begun now.\n\n`herder goal edit {} --deadline WHEN \
             --queue` gives it more time.",
            self.goal.id.number
        );
        Ok(vec![self.notice(&deadline.to_string(), "has missed its deadline", message)])
    }

    fn demand_unsettled(&self, event: &'static str) -> Result<(), IllegalEvent> {
        if self.goal.state.is_settled() { Err(self.refuse(event)) } else { Ok(()) }
    }
}
