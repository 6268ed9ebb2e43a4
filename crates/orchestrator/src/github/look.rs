//! A look at a pull request: how it stands, read from what GitHub says of it, its reviews and its checks. It changes
//! nothing, and what cannot be read says nothing.

use std::collections::BTreeSet;

use herder_domain::event::What;
use herder_domain::forge::Trouble;
use herder_domain::gate::{Failure, Refusal};
use herder_domain::landing::{Bounce, Landing, LandingState, Merging, Offer, Standing};
use herder_domain::repo::RepoId;
use herder_domain::undo::UndoTrouble;
use herder_forge::read::check::Check;
use herder_forge::read::issue::IssueState;
use herder_forge::read::pull::{Mergeable, Pull};
use herder_forge::read::queue::QueuePlace;
use herder_forge::{Client, Lookup};

use jiff::SignedDuration;

use super::checks::Checks;
use super::entrust::has_queue;
use super::reviews::{Word, words};
use super::trouble;

/// How long after its last change a pull request without checks may get its first one, where its base has some.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// So many bytes of a job's log go into the next prompt.
const LOG_TAIL: usize = 8 << 10;

/// What a look at a landing's pull request brought to light; `None` where nothing is new.
///
/// # Errors
/// [`Trouble`]: something could not be read, so nothing is known.
pub(crate) fn look(client: &Client, repo: &RepoId, landing: &Landing) -> Result<Option<What>, Trouble> {
    let Some(offer) = &landing.offer else { return Ok(None) };
    let Some(pull) = present(client.pull(repo, offer.pull))? else { return Ok(None) };
    if let Some(commit) = pull.merge_commit_sha.clone().filter(|_| pull.is_merged()) {
        return Ok(Some(arrived(landing, commit)));
    }
    match &landing.state {
        LandingState::Offered { standing } | LandingState::Leaving { standing, .. } => {
            let seen = Seen { client, repo, landing, offer, pull };
            seen.of_open(standing)
        }
        LandingState::Shown if pull.state == IssueState::Open => {
            Ok(words(client, repo, offer)?.map(|word| match word {
                Word::Approved => What::GoalApproved,
                Word::Otherwise(feedback) => What::GoalRejected { feedback },
            }))
        }
        LandingState::Bounced(bounce)
            if pull.state == IssueState::Closed && *bounce != Bounce::ClosedUnmerged =>
        {
            Ok(Some(No::Closed.of(landing)))
        }
        LandingState::Submitted { .. }
        | LandingState::Shown
        | LandingState::Landed { .. }
        | LandingState::Bounced(_)
        | LandingState::Withdrawn
        | LandingState::Reverting { .. }
        | LandingState::Reverted { .. } => Ok(None),
    }
}

/// What follows from a pull request's being merged, as this commit.
pub(super) fn arrived(landing: &Landing, commit: String) -> What {
    let run = landing.run.clone();
    match landing.state.undoing() {
        Some(_) => What::Undone { run, commit },
        None => What::Landed { run, commit, known: Vec::new() },
    }
}

/// Why a pull request is not to be merged as it is.
enum No {
    /// A person closed it.
    Closed,
    /// Reviewers want it otherwise, in their words.
    Otherwise(String),
    /// Checks are red.
    Red(Refusal),
}

impl No {
    /// What follows for a landing: work comes back, and what was to take it out leaves it where it is.
    fn of(self, landing: &Landing) -> What {
        let run = landing.run.clone();
        if landing.state.undoing().is_some() {
            let trouble = match self {
                Self::Closed => UndoTrouble::Closed,
                Self::Otherwise(words) => UndoTrouble::Unwanted { words },
                Self::Red(refusal) => UndoTrouble::Red { tail: refusal.tail },
            };
            return What::UndoRefused { run, trouble };
        }
        let bounce = match self {
            Self::Closed => Bounce::ClosedUnmerged,
            Self::Otherwise(words) => Bounce::ChangesRequested { words },
            Self::Red(refusal) => Bounce::ChecksRed(refusal),
        };
        What::LandingBounced { run, bounce }
    }
}

/// A pull request that is to be merged, as it was read.
struct Seen<'a> {
    client: &'a Client,
    repo: &'a RepoId,
    landing: &'a Landing,
    offer: &'a Offer,
    pull: Pull,
}

impl Seen<'_> {
    fn of_open(&self, before: &Standing) -> Result<Option<What>, Trouble> {
        let no = |no: No| Ok(Some(no.of(self.landing)));
        if self.pull.state == IssueState::Closed {
            return no(No::Closed);
        }
        if self.pull.head.sha != self.offer.head {
            return Ok(self.moved(before));
        }
        if let Some(Word::Otherwise(words)) = words(self.client, self.repo, self.offer)? {
            return no(No::Otherwise(words));
        }
        let standing = match self.standing()? {
            Ok(standing) => standing,
            Err(refusal) => return no(No::Red(refusal)),
        };
        let run = self.landing.run.clone();
        Ok((standing != *before).then_some(What::LandingSeen { run, standing }))
    }

    /// Its branch has another tip than the one that is offered: the one that an update made, or somebody's.
    fn moved(&self, before: &Standing) -> Option<What> {
        let run = self.landing.run.clone();
        if *before == Standing::Updating {
            let offer = Offer { head: self.pull.head.sha.clone(), ..self.offer.clone() };
            return Some(What::WorkOffered { run, offer });
        }
        let why = format!(
            "its branch is at {}, which herder did not put there: a person merges it",
            self.pull.head.sha
        );
        let standing = Standing::Waiting { why };
        (standing != *before).then_some(What::LandingSeen { run, standing })
    }

    /// How it stands, or what red checks have against it.
    fn standing(&self) -> Result<Result<Standing, Refusal>, Trouble> {
        let waiting = |why: &str| Ok(Ok(Standing::Waiting { why: why.to_owned() }));
        match self.pull.mergeable_state {
            Mergeable::Clean | Mergeable::HasHooks => match self.of_queue()? {
                Some(queued) => Ok(queued),
                None => self.clean().map(Ok),
            },
            Mergeable::Behind => Ok(Ok(Standing::Behind)),
            Mergeable::Dirty => Ok(Ok(Standing::Conflict)),
            Mergeable::Unknown => waiting("GitHub works out whether it can be merged"),
            Mergeable::Draft => waiting("a person made it a draft"),
            Mergeable::Blocked => {
                self.by_checks(Standing::Waiting { why: "a required check or review is missing".to_owned() })
            }
            Mergeable::Unstable => match self.of_queue()? {
                Some(queued) => Ok(queued),
                None => self.by_checks(self.green()),
            },
        }
    }

    /// What follows from its place in the merge queue, where its base has one and it is or was in it. Who took it out by hand
    /// is left to it; what the queue threw out goes back, for a run upon all that the queue had before it.
    fn of_queue(&self) -> Result<Option<Result<Standing, Refusal>>, Trouble> {
        let (client, offer) = (self.client, self.offer);
        if self.pull.has_auto_merge || !has_queue(client, self.repo, &self.pull)? {
            return Ok(None);
        }
        let removal = match present(client.queue_place(self.repo, offer.pull))? {
            Some(QueuePlace::Out(removal)) => removal,
            Some(QueuePlace::In) => {
                let why = "it is in the merge queue".to_owned();
                return Ok(Some(Ok(Standing::Waiting { why })));
            }
            Some(QueuePlace::NeverIn) | None => return Ok(None),
        };
        let me = present(client.login())?.unwrap_or_default();
        if let Some(person) = removal.person(&me) {
            let why = format!("{person} took it out of the merge queue: a person merges it");
            return Ok(Some(Ok(Standing::Waiting { why })));
        }
        if removal.is_conflict() {
            return Ok(Some(Ok(Standing::Conflict)));
        }
        let tail = format!(
            "The merge queue threw the pull request out: {}. There it was checked together with what was before it in \
             the queue, which is part of the base branch by now or was thrown out as well.\n",
            removal.reason
        );
        let failure = Failure { name: "merge queue".to_owned(), message: Some(removal.reason) };
        Ok(Some(Err(Refusal { tail, failures: vec![failure], ..Refusal::default() })))
    }

    /// Nothing at all is in its way, which is so before its first check exists, too: where the base has checks and this
    /// has none, they are given time to begin.
    fn clean(&self) -> Result<Standing, Trouble> {
        let is_ours = matches!(self.offer.merging, Merging::Herder { .. });
        let age = self.client.server_now().duration_since(self.pull.updated_at);
        if !is_ours || age >= LATE || !self.checks_of(&self.offer.head)?.is_empty() {
            return Ok(self.green());
        }
        let expected: BTreeSet<String> =
            self.checks_of(&self.pull.base.sha)?.into_iter().map(|check| check.name).collect();
        if expected.is_empty() {
            return Ok(self.green());
        }
        let names: Vec<String> = expected.into_iter().collect();
        let why = format!("checks that its base has are expected to begin: {}", names.join(", "));
        Ok(Standing::Waiting { why })
    }

    fn checks_of(&self, commit: &str) -> Result<Vec<Check>, Trouble> {
        Ok(present(self.client.checks(self.repo, commit))?.unwrap_or_default())
    }

    /// Nothing that is required is in its way.
    fn green(&self) -> Standing {
        match &self.offer.merging {
            Merging::Herder { .. } => Standing::Green,
            Merging::Forge | Merging::Person => Standing::Waiting { why: "GitHub merges it".to_owned() },
        }
    }

    /// Red checks that count send it back: those that are required, or all where none is. `else_` where none of them
    /// is red and none is under way.
    fn by_checks(&self, else_: Standing) -> Result<Result<Standing, Refusal>, Trouble> {
        let checks = Checks::of(self.client, self.repo, &self.pull.base.branch, &self.offer.head)?;
        let red = checks.red();
        if !red.is_empty() {
            return Ok(Err(self.refusal(&red)?));
        }
        let pending = checks.pending();
        Ok(Ok(match pending.is_empty() {
            true => else_,
            false => Standing::Waiting { why: format!("checks are under way: {}", pending.join(", ")) },
        }))
    }

    /// What red checks say, with the end of the log of each that has one.
    fn refusal(&self, red: &[&Check]) -> Result<Refusal, Trouble> {
        let mut tail = String::new();
        for check in red {
            tail.push_str(&format!("check {}: {}\n{}\n", check.name, check.word, check.summary));
            let log = match check.job {
                Some(job) => present(self.client.log_tail(self.repo, job, LOG_TAIL / red.len().max(1)))?,
                None => None,
            };
            tail.extend(log);
        }
        let failure =
            |check: &&Check| Failure { name: check.name.clone(), message: Some(check.word.clone()) };
        Ok(Refusal { tail, failures: red.iter().map(failure).collect(), ..Refusal::default() })
    }
}

/// What is there; `None` for what is gone.
pub(super) fn present<T>(found: Lookup<T>) -> Result<Option<T>, Trouble> {
    match found {
        Lookup::Present(value) => Ok(Some(value)),
        Lookup::Gone => Ok(None),
        Lookup::Unknown(why) => Err(trouble(&why)),
    }
}
