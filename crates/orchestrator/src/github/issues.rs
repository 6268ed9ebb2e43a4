//! Issues that herder writes.

use herder_domain::fnv;
use herder_domain::follow_up::FollowUp;
use herder_domain::forge::Trouble;
use herder_domain::repo::{Number, RepoId};
use herder_forge::read::issue::IssueId;
use herder_forge::write::issue::NewIssue;
use herder_forge::write::label::StateLabel;
use herder_forge::{Client, Marker, Undone};
use jiff::{SignedDuration, Timestamp};

use super::sight::{GOAL, PROPOSAL};
use super::undone;
use crate::act::Proposed;

/// How much earlier than it was ordered something is looked for: clocks run apart.
const SLACK: SignedDuration = SignedDuration::from_mins(2);

/// Writes a draft of a proposal, or finds it; in the story of the goal that was worked at.
pub(crate) fn propose(client: &Client, proposed: &Proposed, follow_up: &FollowUp) -> Result<(), Trouble> {
    let Proposed { goal, run, story, since, .. } = proposed;
    let first = story.map(|story| format!("Story: #{story}\n\n")).unwrap_or_default();
    let key = format!("{run}/{}", fnv::short_name(follow_up.title.as_bytes()));
    let marker = Marker::new(PROPOSAL, key).with("goal", goal.number.0).with("run", run.as_str());
    let new = NewIssue {
        title: follow_up.title.clone(),
        body: format!(
            "{first}{}\n\nProposed by the agent of run `{run}`, which worked at #{}.",
            follow_up.body().replace("<!--", "&lt;!--").trim_end(),
            goal.number
        ),
        labels: vec![GOAL.to_owned(), StateLabel::Draft.name().to_owned()],
        marker,
    };
    let since = since.checked_sub(SLACK).unwrap_or(Timestamp::MIN);
    let issue = client.create_issue(&goal.repo, &new, since).map_err(|error| undone(&error))?;
    story.map_or(Ok(()), |story| link(client, &goal.repo, story, issue.id))
}

/// Makes an issue a part of its story. A server that knows no parts has the line in the text.
pub(super) fn link(client: &Client, repo: &RepoId, story: Number, part: IssueId) -> Result<(), Trouble> {
    match client.add_sub_issue(repo, story, part) {
        Ok(()) | Err(Undone::Refused(_)) => Ok(()),
        Err(error) => Err(undone(&error)),
    }
}
