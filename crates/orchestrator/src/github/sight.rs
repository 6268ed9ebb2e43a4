//! One goal looked at: its issue, what happened to it, and who did that. Whatever is unknown of it makes all of it
//! unknown.

use std::collections::BTreeMap;

use herder_domain::goal::ProposedBy;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::RunId;
use herder_domain::sight::{Act, Command, Deed, Rank, Seen, Shown, Sighting, Spoken, Standing};
use herder_domain::story::{Story, StoryState};
use herder_forge::read::comment::Comment;
use herder_forge::read::history::{Happened, Happening};
use herder_forge::read::issue::{Issue, IssueState, StateReason};
use herder_forge::read::link::Linked;
use herder_forge::read::repository::Permission;
use herder_forge::{Client, Listing, Lookup, Marker, Why};
use jiff::{SignedDuration, Timestamp};

/// What makes an issue a goal.
pub(crate) const GOAL: &str = "goal";

/// What makes an issue a story.
pub(crate) const STORY: &str = "story";

/// The kind of the marker of an issue that an agent proposed.
pub(crate) const PROPOSAL: &str = "proposal";

/// After how long what GitHub shows of a change is whole.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);

/// What a state's label begins with.
const STATE: &str = "goal:";

/// Whose eyes it is that look.
pub(crate) struct Eyes<'a> {
    pub client: &'a Client,
    /// Our own account.
    pub me: &'a str,
    /// The newest comment that was taken note of, where the goal is known.
    pub heard: Option<u64>,
    /// Title and text as they were taken note of last, where the goal is known.
    pub noted: Option<(&'a str, &'a str)>,
}

/// What an issue is to herder.
pub(crate) enum Kind {
    Goal(Box<Sighting>),
    Story(Story),
}

/// Looks at an issue; nothing where it is neither goal nor story, or is gone.
pub(crate) fn look(eyes: &Eyes<'_>, repo: &RepoId, number: Number) -> Result<Option<Kind>, Why> {
    let Some(issue) = known(eyes.client.issue(repo, number))?.filter(|issue| !issue.is_pull) else {
        return Ok(None);
    };
    if issue.labels.iter().any(|label| is_of_goals(label)) {
        return goal(eyes, repo, issue).map(|goal| Some(Kind::Goal(Box::new(goal))));
    }
    let is_story = issue.labels.iter().any(|label| label.eq_ignore_ascii_case(STORY));
    Ok(is_story.then(|| Kind::Story(story_of(repo, issue))))
}

/// Looks at the story of a goal, whatever its labels; nothing where it is a goal itself, or is gone.
pub(crate) fn story(client: &Client, repo: &RepoId, number: Number) -> Result<Option<Story>, Why> {
    let is_one = |issue: &Issue| !issue.is_pull && !issue.labels.iter().any(|label| is_of_goals(label));
    Ok(known(client.issue(repo, number))?.filter(is_one).map(|issue| story_of(repo, issue)))
}

fn story_of(repo: &RepoId, issue: Issue) -> Story {
    Story {
        id: GoalRef { repo: repo.clone(), number: issue.number },
        title: issue.title,
        body: issue.body.replace("\r\n", "\n"),
        created_at: issue.created_at,
        state: StoryState::Open,
    }
}

fn goal(eyes: &Eyes<'_>, repo: &RepoId, issue: Issue) -> Result<Sighting, Why> {
    let &Eyes { client, me, heard, .. } = eyes;
    let number = issue.number;
    let happened = known(client.history(repo, number))?.map_or(Ok(Vec::new()), Listing::whole)?;
    let mut ranks = Ranks { client, repo, of: BTreeMap::new() };
    let acts =
        happened.iter().filter_map(|one| act(one, &mut ranks).transpose()).collect::<Result<Vec<_>, _>>()?;
    if is_torn(&shown(&issue), &acts) && is_fresh(client, &issue, &acts) {
        return Err(Why::Shifted);
    }
    let queued_at = acts.iter().filter(|act| is_queued(&act.deed)).map(|act| act.at).max();
    let edited_at = match queued_at {
        Some(queued_at) => edited(eyes, (repo, &issue), &happened, &mut ranks, queued_at)?,
        None => None,
    };
    let comments = match issue.comments {
        0 => Vec::new(),
        _ => known(client.comments(repo, number))?.map_or(Ok(Vec::new()), Listing::whole)?,
    };
    let last_act = acts.iter().map(|act| act.at).max();
    let is_news = |comment: &Comment| match heard {
        Some(heard) => comment.id > heard,
        // What was ordered before herder knew of the goal is past, unless it was queued by then.
        None => last_act.is_some_and(|last| comment.created_at >= last),
    };
    let news = comments.iter().filter(|comment| is_news(comment));
    let spoken = news.filter_map(|one| spoken(one, &mut ranks).transpose()).collect::<Result<_, _>>()?;
    let seen = Seen {
        through: happened.iter().map(|one| one.id).max().unwrap_or(0),
        heard: comments.iter().map(|comment| comment.id).max().unwrap_or(0),
        shown: shown(&issue),
    };
    Ok(Sighting {
        story: parent(repo, &issue),
        depends: blockers(client, repo, &issue)?,
        proposed_by: proposed_by(&issue, me, repo),
        goal: GoalRef { repo: repo.clone(), number },
        wants_spot_check: issue.labels.iter().any(|label| label.eq_ignore_ascii_case("spot-check")),
        title: issue.title,
        body: issue.body.replace("\r\n", "\n"),
        created_at: issue.created_at,
        edited_at,
        seen,
        acts,
        spoken,
        me: me.to_owned(),
        merged: None,
    })
}

/// The story that the forge's own link names; stories group goals of one repository.
fn parent(repo: &RepoId, issue: &Issue) -> Option<Number> {
    let (of, number) = issue.parent()?;
    of.eq_ignore_ascii_case(&format!("{}/{}", repo.owner(), repo.name())).then_some(number)
}

/// What it waits for by the forge's own links, but for what a person closed as completed.
fn blockers(client: &Client, repo: &RepoId, issue: &Issue) -> Result<Vec<GoalRef>, Why> {
    if issue.dependencies.is_none_or(|found| found.total_blocked_by == 0) {
        return Ok(Vec::new());
    }
    let all = known(client.blocked_by(repo, issue.number))?.map_or(Ok(Vec::new()), Listing::whole)?;
    let is_met = |one: &Linked| {
        one.state == IssueState::Closed
            && !matches!(one.state_reason, Some(StateReason::NotPlanned | StateReason::Duplicate))
    };
    let open = all.into_iter().filter(|one| !is_met(one));
    Ok(open.map(|one| GoalRef { repo: one.repo, number: one.number }).collect())
}

/// Whose proposal an issue is that we wrote ourselves.
fn proposed_by(issue: &Issue, me: &str, repo: &RepoId) -> Option<ProposedBy> {
    issue.author.as_deref().filter(|author| author.eq_ignore_ascii_case(me))?;
    let marker = Marker::all(&issue.body).into_iter().find(|marker| marker.kind == PROPOSAL)?;
    let goal = GoalRef::new(repo.clone(), marker.fields.get("goal")?.as_u64()?);
    let run = RunId::try_from(marker.fields.get("run")?.as_str()?.to_owned()).ok()?;
    Some(ProposedBy { goal, run })
}

/// Whether labels or standing are not those that the events lead to: one was read before a change, and the other after it.
fn is_torn(shown: &Shown, acts: &[Act]) -> bool {
    let mut there: BTreeMap<&str, bool> = shown.labels.iter().map(|label| (label.as_str(), false)).collect();
    let mut is_closed = None;
    for act in acts {
        match &act.deed {
            Deed::Labeled(name) => drop(there.insert(name, true)),
            Deed::Unlabeled(name) => drop(there.insert(name, false)),
            Deed::Closed => is_closed = Some(true),
            Deed::Reopened => is_closed = Some(false),
        }
    }
    let is_shown_closed = shown.standing != Standing::Open;
    is_closed.is_some_and(|is_closed| is_closed != is_shown_closed)
        || there.iter().any(|(name, is_there)| shown.labels.iter().any(|label| label == name) != *is_there)
}

/// Whether something changed so lately that the next look may find it whole. What stays so was never whole: a label of
/// the repository that was renamed, say.
fn is_fresh(client: &Client, issue: &Issue, acts: &[Act]) -> bool {
    let newest = acts.iter().map(|act| act.at).max().max(Some(issue.updated_at));
    newest.is_some_and(|newest| client.server_now().duration_since(newest) < SETTLED)
}

fn is_of_goals(label: &str) -> bool {
    label.eq_ignore_ascii_case(GOAL) || is_state(label)
}

fn is_state(label: &str) -> bool {
    label.get(..STATE.len()).is_some_and(|head| head.eq_ignore_ascii_case(STATE))
}

fn is_queued(deed: &Deed) -> bool {
    matches!(deed, Deed::Labeled(name) if name.eq_ignore_ascii_case("goal:queued"))
}

/// What a look-up found; nothing where it is known not to be there.
fn known<T>(lookup: Lookup<T>) -> Result<Option<T>, Why> {
    match lookup {
        Lookup::Present(found) => Ok(Some(found)),
        Lookup::Gone => Ok(None),
        Lookup::Unknown(why) => Err(why),
    }
}

fn shown(issue: &Issue) -> Shown {
    let mut labels: Vec<String> =
        issue.labels.iter().filter(|label| is_state(label)).map(|label| label.to_ascii_lowercase()).collect();
    labels.sort();
    let standing = match (issue.state, issue.state_reason) {
        (IssueState::Open, _) => Standing::Open,
        (IssueState::Closed, Some(StateReason::NotPlanned | StateReason::Duplicate)) => Standing::NotPlanned,
        (
            IssueState::Closed,
            Some(StateReason::Completed | StateReason::Reopened | StateReason::Other) | None,
        ) => Standing::Completed,
    };
    Shown { labels, standing }
}

/// When title or body were last changed; the body's text has to be the one that was read.
fn edited(
    eyes: &Eyes<'_>,
    (repo, issue): (&RepoId, &Issue),
    happened: &[Happening],
    ranks: &mut Ranks<'_>,
    queued_at: Timestamp,
) -> Result<Option<Timestamp>, Why> {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    let edits = match eyes.client.body_edits(repo, issue.number) {
        Lookup::Present(edits) => edits,
        Lookup::Gone => {
            let is_as_noted = eyes.noted.is_some_and(|(title, body)| {
                plain(body) == plain(&issue.body) && title.trim() == issue.title.trim()
            });
            let is_writers = match &issue.author {
                Some(author) => ranks.of(author)? == Rank::Writer,
                None => false,
            };
            return Ok(perhaps_edited(is_as_noted, is_writers, issue.updated_at, queued_at));
        }
        Lookup::Unknown(why) => return Err(why),
    };
    if plain(&edits.body) != plain(&issue.body) {
        return Err(Why::Shifted);
    }
    let renamed =
        happened.iter().filter(|one| matches!(one.what, Happened::Renamed { .. })).map(|one| one.at).max();
    Ok(edits.last.map(|edit| edit.at).max(renamed))
}

/// The same of a server that does not say when a text was edited: the latest that it can have been, from when anything
/// of the issue last changed. A text that was taken note of before the goal was queued, and is the same, was not edited
/// since. What somebody wrote who may not write to the repository may have been edited in the very second in which it
/// was queued, so it has to have been taken note of.
fn perhaps_edited(
    is_as_noted: bool,
    is_writers: bool,
    updated_at: Timestamp,
    queued_at: Timestamp,
) -> Option<Timestamp> {
    let may_be = !is_as_noted && (!is_writers || updated_at > queued_at);
    may_be.then_some(updated_at.max(queued_at))
}

/// Who may what, each asked for once.
struct Ranks<'a> {
    client: &'a Client,
    repo: &'a RepoId,
    of: BTreeMap<String, Rank>,
}

impl Ranks<'_> {
    fn of(&mut self, login: &str) -> Result<Rank, Why> {
        if let Some(rank) = self.of.get(login) {
            return Ok(*rank);
        }
        let rank = match self.client.permission(self.repo, login) {
            Lookup::Present(Permission::Write | Permission::Admin) => Rank::Writer,
            Lookup::Present(Permission::None | Permission::Read) | Lookup::Gone => Rank::Other,
            Lookup::Unknown(why) => return Err(why),
        };
        self.of.insert(login.to_owned(), rank);
        Ok(rank)
    }
}

/// An event as a deed of somebody. Whoever only moves other labels is not asked about.
fn act(happening: &Happening, ranks: &mut Ranks<'_>) -> Result<Option<Act>, Why> {
    let deed = match &happening.what {
        Happened::Labeled(name) if is_state(name) => Deed::Labeled(name.to_ascii_lowercase()),
        Happened::Unlabeled(name) if is_state(name) => Deed::Unlabeled(name.to_ascii_lowercase()),
        Happened::Closed(_) => Deed::Closed,
        Happened::Reopened => Deed::Reopened,
        Happened::Labeled(_) | Happened::Unlabeled(_) | Happened::Renamed { .. } | Happened::Transferred => {
            return Ok(None);
        }
    };
    // An account that is gone may nothing.
    let by = happening.actor.clone().unwrap_or_default();
    let rank = if is_queued(&deed) && !by.is_empty() { ranks.of(&by)? } else { Rank::Other };
    Ok(Some(Act { id: happening.id, by, rank, at: happening.at, deed }))
}

/// A comment as somebody's order. Whoever only talks is not asked about, and what we wrote ourselves orders nothing.
fn spoken(comment: &Comment, ranks: &mut Ranks<'_>) -> Result<Option<Spoken>, Why> {
    let by = comment.author.clone().unwrap_or_default();
    let command = Command::read(&comment.body).filter(|_| Marker::all(&comment.body).is_empty());
    let Some(command) = command.filter(|_| !by.is_empty()) else { return Ok(None) };
    let rank = ranks.of(&by)?;
    Ok(Some(Spoken { id: comment.id, by, rank, at: comment.created_at, command }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_nobody_knows_to_be_as_old_as_its_queueing_is_taken_for_edited() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let table = [
            ("a writer's, nothing since", false, true, 5, None),
            ("a writer's, and something happened since", false, true, 6, Some(at(6))),
            ("it was taken note of", true, false, 6, None),
            ("somebody's, maybe changed in that second", false, false, 5, Some(at(5))),
        ];
        for (name, is_as_noted, is_writers, updated, expected) in table {
            assert_eq!(perhaps_edited(is_as_noted, is_writers, at(updated), at(5)), expected, "{name}");
        }
    }

    fn act(deed: Deed) -> Act {
        Act { id: 1, by: "ann".to_owned(), rank: Rank::Writer, at: Timestamp::UNIX_EPOCH, deed }
    }

    #[test]
    fn an_issue_and_events_of_two_moments_are_torn() {
        let shown = |labels: &[&str], standing| Shown {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            standing,
        };
        let queued = || act(Deed::Labeled("goal:queued".to_owned()));
        let (open, closed) = (Standing::Open, Standing::Completed);
        let whole = [queued(), act(Deed::Closed), act(Deed::Reopened)];
        assert!(!is_torn(&shown(&["goal:queued"], open), &whole));
        assert!(!is_torn(&shown(&["goal:queued"], closed), &[queued()]), "who closed it may not be told");
        assert!(is_torn(&shown(&["goal:queued"], open), &[queued(), act(Deed::Closed)]));
        assert!(is_torn(&shown(&["goal:queued"], closed), &whole));
        assert!(is_torn(&shown(&[], open), &[queued()]));
    }
}
