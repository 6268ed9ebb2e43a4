//! How the forge is corrected that shows something else of a goal than it ought to.

use serde::{Deserialize, Serialize};

use super::{STUCK, Shown, Standing};
use crate::goal::{Goal, GoalState};

/// Whether a goal that was closed when its work landed is opened again in our name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reopening {
    /// It stays as people have it.
    #[default]
    Never,
    /// Its work is on its way out of the base branch: that it is closed means nothing, for now.
    Awaited,
    /// Its work is out.
    Due,
}

/// What a forge is to show of where a goal stands, and what is done for that beside moving labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// What it shows then.
    pub shown: Shown,
    /// What is done.
    pub turn: Turn,
}

/// Whether an issue is opened or closed in our name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Neither: it stays as people have it.
    Leave,
    /// It is closed, unless it is.
    Close,
    /// It is opened, unless it is.
    Open,
}

impl Goal {
    /// Whether another orchestrator says how it stands.
    pub(super) fn is_anothers(&self) -> bool {
        match &self.state {
            GoalState::Queued { .. } | GoalState::Running { .. } => self.elsewhere.is_some(),
            GoalState::Draft { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Stuck { .. }
            | GoalState::Done { .. }
            | GoalState::Cancelled
            | GoalState::Resolved => false,
        }
    }

    /// Whether what is shown is the better word of another orchestrator: it gave up what is a draft here, or its work
    /// completed what is resolved here.
    fn is_ended_elsewhere(&self) -> bool {
        let shows = self.on_forge.as_ref().map_or(&[][..], |known| &known.shown.labels);
        let is_shown = |label: &str| matches!(shows, [only] if only == label);
        match &self.state {
            GoalState::Draft { .. } => is_shown(STUCK),
            GoalState::Resolved => is_shown("goal:done"),
            GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Stuck { .. }
            | GoalState::Done { .. }
            | GoalState::Cancelled => false,
        }
    }

    /// Whether its issue is to be opened again in our name: its landing closed it, and the work was taken out since.
    pub fn is_to_reopen(&self) -> bool {
        self.on_forge.as_ref().is_some_and(|known| known.reopening == Reopening::Due)
            && !self.state.is_settled()
    }

    /// How its forge is to be corrected, where it shows something else than it ought to. One that was opened again is not
    /// closed for the sake of what it was before, and none is opened in our name unless its work was taken out again.
    pub fn to_show(&self) -> Option<Correction> {
        let known = self.on_forge.as_ref()?;
        if self.is_anothers() || self.is_ended_elsewhere() {
            return None;
        }
        let is_open = known.shown.standing == Standing::Open;
        let (standing, turn) = match &self.state {
            GoalState::Done { .. } | GoalState::Resolved => (Standing::Completed, Turn::Close),
            GoalState::Cancelled => (Standing::NotPlanned, Turn::Close),
            GoalState::Draft { .. }
            | GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Stuck { .. }
                if self.is_to_reopen() =>
            {
                (Standing::Open, Turn::Open)
            }
            GoalState::Draft { .. }
            | GoalState::Queued { .. }
            | GoalState::Running { .. }
            | GoalState::SpotCheck { .. }
            | GoalState::Offered { .. }
            | GoalState::Stuck { .. } => (known.shown.standing, Turn::Leave),
        };
        let labels: Vec<String> = self.state.label().map(str::to_owned).into_iter().collect();
        let is_to_turn = match turn {
            Turn::Leave => false,
            Turn::Close => is_open,
            Turn::Open => !is_open,
        };
        let correction = Correction { shown: Shown { labels, standing }, turn };
        (correction.shown.labels != known.shown.labels || is_to_turn).then_some(correction)
    }
}
