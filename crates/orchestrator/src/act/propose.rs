//! What a run's agent proposed becomes issues, where goals are issues: drafts, which nobody but a person queues.

use herder_domain::event::Repo;
use herder_domain::follow_up::FollowUp;
use herder_domain::forge::Trouble;
use herder_domain::repo::{GoalRef, Number};
use herder_domain::run::RunId;
use jiff::Timestamp;

use super::{ActError, Acted, unpanicked};
use crate::context::Context;
use crate::github;

/// Proposals of a run.
pub(crate) struct Proposed {
    pub goal: GoalRef,
    pub run: RunId,
    /// The story of the goal.
    pub story: Option<Number>,
    pub follow_ups: Vec<FollowUp>,
    /// When they were ordered: what is found of them was written since.
    pub since: Timestamp,
}

/// Writes them. What is refused is told; nothing of the night depends on it.
pub(crate) fn propose(context: &Context, repo: &Repo, proposed: &Proposed) -> Result<Acted, ActError> {
    unpanicked(|| {
        let client = context.client(repo)?;
        for follow_up in &proposed.follow_ups {
            match github::propose(&client, proposed, &redacted(context, follow_up)) {
                Ok(()) => {}
                Err(Trouble::Refused { why }) => {
                    let note =
                        format!("the proposal {:?} of run {} is lost: {why}", follow_up.title, proposed.run);
                    return Ok(Acted { note: Some(note), ..Acted::default() });
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Ok(Acted::default())
    })
}

/// An agent's words go to the forge without the secrets that herder knows.
fn redacted(context: &Context, follow_up: &FollowUp) -> FollowUp {
    let line = |text: &str| context.redactor.line(text).into_string();
    let objective = follow_up.objective.lines().map(line).collect::<Vec<_>>().join("\n");
    let acceptance = follow_up.acceptance.iter().map(|text| line(text)).collect();
    FollowUp { title: line(&follow_up.title), objective, acceptance }
}
