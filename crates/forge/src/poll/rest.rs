//! A round at a server without GraphQL: the same questions by REST, one repository after the other.
//!
//! Each address stays the same until something changes, so where the server has ETags a quiet round costs nothing.

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;

use super::Ask;
use super::answer::{BaseBrief, IssueBrief, PartAnswer, PullBrief, Rollup};
use super::query::{Part, Scope};
use crate::client::{Answer, Client};
use crate::lookup::{Lookup, Refusal, Why};
use crate::path::encode;
use crate::read::check::{Check, CheckState};
use crate::read::issue::{Issue, IssueState, Which};

/// How many parts are asked at once: each takes a few requests one after the other, and who was woken waits behind them.
const AT_ONCE: usize = 20;

impl Client {
    /// The answers to the first parts of a query; those without one are to be asked again.
    ///
    /// # Errors
    /// Nothing could be read, for a reason that is no repository's own.
    pub(super) fn poll_by_rest(&self, ask: &Ask) -> Result<Vec<PartAnswer>, Why> {
        let mut answers = Vec::new();
        for part in ask.parts.iter().take(AT_ONCE) {
            match self.part(part) {
                Ok(answer) => answers.push(answer),
                Err(why) if !is_of_host(&why) => answers.push(PartAnswer::Unreadable(why)),
                Err(why) if answers.is_empty() => return Err(why),
                Err(_) => break,
            }
        }
        match all_in_trouble(&answers) {
            Some(why) => Err(why),
            None => Ok(answers),
        }
    }

    fn part(&self, Part { repo, scope }: &Part) -> Result<PartAnswer, Why> {
        match scope {
            Scope::All { label, .. } => {
                let issues = found(repo, self.issues(repo, label, Which::Open))?.whole()?;
                let issues = issues.into_iter().map(brief).collect();
                Ok(PartAnswer::Page { issues, next: None, pulls: Vec::new(), base: None })
            }
            Scope::Changed { since, after, pulls, base } => {
                let (issues, next) = self.changed(repo, *since, after.as_deref())?;
                let pulls = pulls.iter().filter_map(|number| self.standing(repo, *number).transpose());
                let pulls = pulls.collect::<Result<_, _>>()?;
                let base = base.as_ref().map(|base| self.tip(repo, base)).transpose()?.flatten();
                Ok(PartAnswer::Page { issues, next, pulls, base })
            }
        }
    }

    /// A page of the issues that were changed, newest first, and the address of the next one.
    fn changed(
        &self,
        repo: &RepoId,
        since: Timestamp,
        after: Option<&str>,
    ) -> Result<(Vec<IssueBrief>, Option<String>), Why> {
        let url = match after {
            Some(next) if self.site().owns(next) => next.to_owned(),
            Some(next) => return Err(Why::Moved { to: crate::wire::one_line(next) }),
            None => {
                let since = encode(&since.to_string());
                let rest =
                    format!("/issues?state=all&sort=updated&direction=desc&since={since}&per_page=100");
                self.in_repo(repo, &rest)?
            }
        };
        let answer: Answer = found(repo, self.get_at(repo, url).into())?;
        let page: Vec<Issue> = answer.parse()?;
        Ok((page.into_iter().filter(|issue| !issue.is_pull).map(brief).collect(), answer.next))
    }

    /// How a pull request stands; nothing of one that is gone, as in a query.
    fn standing(&self, repo: &RepoId, number: Number) -> Result<Option<PullBrief>, Why> {
        let pull = match self.pull(repo, number) {
            Lookup::Present(pull) => pull,
            Lookup::Gone => return Ok(None),
            Lookup::Unknown(why) => return Err(why),
        };
        let is_closed = pull.state == IssueState::Closed;
        let checks = if is_closed { None } else { self.rollup(repo, &pull.head.sha)? };
        Ok(Some(PullBrief {
            number,
            updated_at: pull.updated_at,
            is_merged: pull.is_merged(),
            is_closed,
            mergeable: pull.mergeable_state,
            // Merge queues are younger than any server without GraphQL.
            is_queued: false,
            checks,
            head_sha: pull.head.sha,
        }))
    }

    fn tip(&self, repo: &RepoId, branch: &str) -> Result<Option<BaseBrief>, Why> {
        match Lookup::from(self.tip_of(repo, branch)) {
            Lookup::Present(sha) => Ok(Some(BaseBrief { checks: self.rollup(repo, &sha)?, sha })),
            Lookup::Gone => Ok(None),
            Lookup::Unknown(why) => Err(why),
        }
    }

    fn rollup(&self, repo: &RepoId, sha: &str) -> Result<Option<Rollup>, Why> {
        match self.checks(repo, sha) {
            Lookup::Present(checks) => Ok(rollup(&checks)),
            Lookup::Gone => Ok(None),
            Lookup::Unknown(why) => Err(why),
        }
    }
}

/// What was found; a repository that can be read without what was asked for has none of it.
fn found<T>(repo: &RepoId, lookup: Lookup<T>) -> Result<T, Why> {
    match lookup {
        Lookup::Present(found) => Ok(found),
        Lookup::Gone => {
            Err(Refusal { status: 410, message: format!("{} has no issues", repo.short()) }.into())
        }
        Lookup::Unknown(why) => Err(why),
    }
}

fn brief(Issue { number, node_id, updated_at, state, .. }: Issue) -> IssueBrief {
    IssueBrief { number, node_id, updated_at, state }
}

/// What checks come to, as GitHub's rollup has it: red before under way before green.
fn rollup(checks: &[Check]) -> Option<Rollup> {
    let has = |state| checks.iter().any(|check| check.state == state);
    if has(CheckState::Failed) {
        Some(Rollup::Failure)
    } else if has(CheckState::Pending) {
        Some(Rollup::Pending)
    } else {
        has(CheckState::Passed).then_some(Rollup::Success)
    }
}

/// Whether what was in the way of one repository is in the way of all.
fn is_of_host(why: &Why) -> bool {
    match why {
        Why::TimedOut
        | Why::NoConnection(_)
        | Why::Limited { .. }
        | Why::Budget { .. }
        | Why::NoToken(_)
        | Why::Refused(Refusal { status: 401, .. }) => true,
        Why::Server { .. }
        | Why::Malformed(_)
        | Why::Shifted
        | Why::Unproven { .. }
        | Why::Moved { .. }
        | Why::Refused(_) => false,
    }
}

/// A server's trouble, where it is in trouble with every repository that it was asked for.
fn all_in_trouble(answers: &[PartAnswer]) -> Option<Why> {
    let is_so = |answer: &PartAnswer| matches!(answer, PartAnswer::Unreadable(Why::Server { .. }));
    match answers.first() {
        Some(PartAnswer::Unreadable(why)) if answers.iter().all(is_so) => Some(why.clone()),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_come_to_the_worst_of_them() {
        let check = |state| Check {
            name: String::new(),
            state,
            word: String::new(),
            summary: String::new(),
            url: None,
            job: None,
        };
        let (red, wait, green) = (CheckState::Failed, CheckState::Pending, CheckState::Passed);
        let table = [
            (vec![], None),
            (vec![green], Some(Rollup::Success)),
            (vec![green, wait], Some(Rollup::Pending)),
            (vec![green, wait, red], Some(Rollup::Failure)),
        ];
        for (states, expected) in table {
            let checks: Vec<Check> = states.iter().copied().map(check).collect();
            assert_eq!(rollup(&checks), expected, "{states:?}");
        }
    }

    #[test]
    fn a_server_that_is_in_trouble_with_all_of_them_is_in_trouble_itself() {
        let trouble = || PartAnswer::Unreadable(Why::Server { status: 502 });
        let fine = || PartAnswer::Page { issues: Vec::new(), next: None, pulls: Vec::new(), base: None };
        assert_eq!(all_in_trouble(&[trouble(), trouble()]), Some(Why::Server { status: 502 }));
        assert_eq!(all_in_trouble(&[trouble(), fine()]), None);
        assert_eq!(all_in_trouble(&[]), None);
    }
}
