//! Goals as issues.

use herder_domain::event::Repo;
use herder_domain::forge::{Claimed, GoalSource, Status, Trouble};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_domain::sight::{Correction, Standing, Turn, Wrote};
use herder_forge::read::issue::{Issue, IssueState};
use herder_forge::write::issue::CloseReason;
use herder_forge::write::label::StateLabel;
use herder_forge::{Client, Lookup, Marker, Undone};
use jiff::{SignedDuration, Timestamp};

use super::claims::GoalClaims;
use super::{trouble, undone};
use crate::context::Context;

/// How exactly two clocks are known to agree: an answer's `Date` is cut to seconds, and it travels.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// Goals of one repository.
pub(crate) struct GithubGoals<'a> {
    pub context: &'a Context,
    pub repo: &'a Repo,
    pub client: Client,
}

impl GithubGoals<'_> {
    fn claims(&self) -> Result<GoalClaims, Trouble> {
        let claims = self.context.claims(self.repo);
        claims.map_err(|error| Trouble::Passing { why: error.in_full(), until: None })
    }
}

impl GoalSource for GithubGoals<'_> {
    /// Who had the goal before closes its issue before letting go of the claim, so an issue that is open now is nobody's
    /// finished work.
    fn claim(&self, goal: &GoalRef, run: &RunId) -> Result<Claimed, Trouble> {
        let claimed = self.claims()?.claim(goal.number, run)?;
        let is_closed = |issue: &Issue| issue.state == IssueState::Closed;
        match (&claimed, self.client.issue(&goal.repo, goal.number)) {
            (Claimed::Ours, Lookup::Present(issue)) if is_closed(&issue) => {
                Ok(Claimed::Theirs { owner: "who closed its issue".to_owned(), until: None })
            }
            (Claimed::Ours, Lookup::Unknown(why)) => Err(trouble(&why)),
            (Claimed::Ours, Lookup::Present(_) | Lookup::Gone) | (Claimed::Theirs { .. }, _) => Ok(claimed),
        }
    }

    fn show(&self, goal: &GoalRef, to_be: &Correction, since: Timestamp) -> Result<Option<Wrote>, Trouble> {
        let Correction { shown, turn } = to_be;
        let label = shown.labels.first();
        let state = label.and_then(|label| StateLabel::parse(label));
        // The server's clock is what its events are told by; what is found done was done since it was ordered.
        let skew = self.client.server_now().duration_since(Timestamp::now());
        let since = since.checked_add(skew).unwrap_or(since).checked_sub(SLACK).unwrap_or(since);
        let failed = |error: Undone| undone(&error);
        let relabeled = self.client.set_state_label(&goal.repo, goal.number, state).map_err(failed)?;
        match turn {
            Turn::Leave => {}
            Turn::Open => self.reopen(goal)?,
            Turn::Close => {
                let reason = match shown.standing {
                    Standing::NotPlanned => CloseReason::NotPlanned,
                    Standing::Open | Standing::Completed => CloseReason::Completed,
                };
                self.client.close_issue(&goal.repo, goal.number, reason).map_err(failed)?;
            }
        }
        let until = self.client.server_now().checked_add(SLACK).unwrap_or(relabeled.until);
        Ok(Some(Wrote {
            label: label.cloned(),
            from: since.min(relabeled.from),
            until: until.max(relabeled.until),
        }))
    }

    fn reopen(&self, goal: &GoalRef) -> Result<(), Trouble> {
        self.client.reopen_issue(&goal.repo, goal.number).map(drop).map_err(|error| undone(&error))
    }

    fn say(&self, goal: &GoalRef, key: &str, text: &str) -> Result<(), Trouble> {
        self.put(goal, &Marker::new(kind(key), key), text)
    }

    fn announce(&self, goal: &GoalRef, status: &Status) -> Result<(), Trouble> {
        let marker = Marker::new(STATUS, goal.to_string());
        let marker =
            status.facts.iter().fold(marker, |marker, (name, fact)| marker.with(name, fact.as_str()));
        self.put(goal, &marker, &status.text)
    }
}

impl GithubGoals<'_> {
    /// Writes the comment that has this marker. What others wrote and is repeated in it can be no marker.
    fn put(&self, goal: &GoalRef, marker: &Marker, text: &str) -> Result<(), Trouble> {
        let author = match self.client.login() {
            Lookup::Present(login) => login,
            Lookup::Gone => return Err(Trouble::Refused { why: "the token is of nobody".to_owned() }),
            Lookup::Unknown(why) => return Err(trouble(&why)),
        };
        self.client
            .put_comment(&goal.repo, goal.number, &author, marker, &text.replace("<!--", "&lt;!--"))
            .map(|_| ())
            .map_err(|error| undone(&error))
    }
}

/// The kind of a goal's one status comment.
const STATUS: &str = "status";

/// What a comment is, by its key: one that nobody waits for is a notice.
fn kind(key: &str) -> &'static str {
    match key.split('/').next() {
        Some("post-mortem") => "post-mortem",
        Some("spot-check") => "hand-over",
        Some(_) | None => "notice",
    }
}
