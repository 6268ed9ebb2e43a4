//! Which run an event is about.

use super::What;
use crate::run::RunId;

impl What {
    /// The run that it is about, where it is about one.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::RunOrdered { run, .. }
            | Self::RunClaimed { run }
            | Self::RunPrepared { run, .. }
            | Self::RunLaunched { run, .. }
            | Self::RunFrozen { run, .. }
            | Self::RunThawed { run }
            | Self::RunReported { run, .. }
            | Self::RunCollected { run, .. }
            | Self::RunJudged { run, .. }
            | Self::RunClosed { run }
            | Self::GateFlaked { run, .. }
            | Self::BaseFoundRed { run, .. }
            | Self::LandingPostponed { run, .. }
            | Self::WorkOffered { run, .. }
            | Self::WorkShown { run, .. }
            | Self::LandingSeen { run, .. }
            | Self::LandingBounced { run, .. }
            | Self::BounceJudged { run, .. }
            | Self::LandingWithdrawn { run }
            | Self::RunHeld { run }
            | Self::GoalGiven { run, .. }
            | Self::UndoOrdered { run, .. }
            | Self::Undone { run, .. }
            | Self::UndoRefused { run, .. }
            | Self::Landed { run, .. } => Some(run),
            Self::GoalElsewhere { run, .. } => run.as_ref(),
            Self::GoalCreated { .. }
            | Self::GoalEdited { .. }
            | Self::GoalPrioritized { .. }
            | Self::GoalMoved { .. }
            | Self::GoalLinked { .. }
            | Self::GoalOverdue { .. }
            | Self::GoalHeld { .. }
            | Self::GoalReleased
            | Self::GoalSeen { .. }
            | Self::GoalShown { .. }
            | Self::GoalHeard { .. }
            | Self::GoalAnnounced { .. }
            | Self::GoalMislabelled { .. }
            | Self::GoalShelved { .. }
            | Self::GoalReopened
            | Self::GoalNotQueued { .. }
            | Self::GoalQueued
            | Self::GoalRetried
            | Self::GoalCancelled
            | Self::GoalResolved
            | Self::GoalApproved
            | Self::GoalRejected { .. }
            | Self::GoalTaken { .. }
            | Self::GoalTold { .. }
            | Self::GoalAnswered { .. }
            | Self::GoalQuarantined { .. } => None,
        }
    }
}
