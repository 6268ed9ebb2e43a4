//! What a run's agent proposed beside its goal becomes drafts.

use herder_domain::follow_up::FollowUp;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_store::AppendError;
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use crate::told::Told;

/// Writes the drafts. Nothing of the night depends on them: what is refused is said.
pub(super) fn propose(
    daemon: &mut Daemon,
    goal: &GoalRef,
    run: &RunId,
    follow_ups: &[FollowUp],
) -> Result<(), UpError> {
    let at = Timestamp::now();
    match daemon.store.propose(goal, run, follow_ups, at) {
        Ok(drafts) => drafts.into_iter().for_each(|draft| {
            let text = format!("a draft that run {run} proposes; queue it if you agree");
            daemon.say(&Told { at, goal: Some(draft), text });
        }),
        Err(AppendError::Store(error)) => return Err(error.into()),
        Err(error @ (AppendError::Illegal(_) | AppendError::Unknown(_))) => {
            daemon.say(&Told::note(at, format!("the proposals of run {run} are lost: {error}")));
        }
    }
    Ok(())
}
