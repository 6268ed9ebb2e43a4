//! Calling off what is being done for a run that nobody wants any more.

use herder_domain::effect::Effect;
use herder_domain::goal::Goal;
use herder_domain::plan::is_wanted;
use herder_domain::run::RunId;

use super::UpError;
use super::daemon::{Course, Daemon};

/// A goal that was closed while its work is landing lands no more, if it is not too late; one whose clone is
/// being made is prepared no further, and neither is any while this orchestrator is going.
pub(super) fn call_off(daemon: &Daemon) -> Result<(), UpError> {
    for effect in daemon.under_way.values() {
        let unwanted = match effect {
            Effect::Land { goal, run, .. } => {
                let goal = daemon.store.goal(goal)?;
                (!goal.is_some_and(|goal| goal.is_landing(run))).then_some(run)
            }
            Effect::Prepare { goal, run } => {
                let goal = daemon.store.goal(goal)?;
                (!is_to_be_prepared(daemon, goal.as_ref(), run)?).then_some(run)
            }
            Effect::Claim { .. }
            | Effect::Launch { .. }
            | Effect::Stop { .. }
            | Effect::Tell { .. }
            | Effect::Freeze { .. }
            | Effect::Thaw { .. }
            | Effect::Propose { .. }
            | Effect::Collect { .. }
            | Effect::FollowLanding { .. }
            | Effect::Revert { .. }
            | Effect::Clean { .. }
            | Effect::WriteStats { .. }
            | Effect::Comment { .. }
            | Effect::SumUp { .. }
            | Effect::ShowState { .. }
            | Effect::Announce { .. }
            | Effect::Notify { .. } => None,
        };
        unwanted.into_iter().for_each(|run| daemon.context.withdrawals.call_off(run));
    }
    Ok(())
}

fn is_to_be_prepared(daemon: &Daemon, goal: Option<&Goal>, run: &RunId) -> Result<bool, UpError> {
    let run = daemon.store.run(run)?;
    let is_wanted = goal.zip(run.as_ref()).is_some_and(|(goal, run)| is_wanted(goal, run));
    Ok(is_wanted && daemon.course == Course::Working)
}
