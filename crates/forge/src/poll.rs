//! When to ask what, over many repositories: the poller's core, without clock and network.
//!
//! One query asks for all repositories what changed since the last one, newest first and with an overlap, and for a few
//! of them what there is at all. It asks only for numbers and times: the labels of an issue that changed are read by
//! itself, with its ETag, because labels inside the query would cost forty times as much
//! (docs/design/github.md, "Polling").
//!
//! Whoever drives it asks [`Poller::due`] for the next query, makes it ([`crate::Client::poll`]) and hands back what
//! came of it. Nothing is concluded from what is missing: an issue that is not in a whole list is to be looked up.

mod answer;
mod query;
mod rest;
mod watched;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;

pub use answer::{BaseBrief, IssueBrief, PartAnswer, Polled, PullBrief, Rollup};
pub use query::{Part, Scope};
use watched::Watched;

use crate::budget::later;
use crate::listing::Listing;
use crate::lookup::Why;

/// The most parts of one query: GitHub counts a hundredth of a point for each and rounds, so these are one point, with
/// room for a tenth of a hundred repositories to be looked at as a whole.
const PARTS_MAX: usize = 140;

/// The fewest, however often a server was too slow for more.
const PARTS_MIN: usize = 10;

/// An hour, of which a limit is.
const HOUR: Duration = Duration::from_secs(3600);

/// Rounds take this part of what herder may ask, where each counts.
const POLLS: f64 = 4.0;

/// How many rounds it takes to get used to what they cost.
const SMOOTH: f64 = 4.0;

/// How long after a query a wake-up is answered at the earliest: a burst of webhooks is one query.
const GAP: Duration = Duration::from_secs(2);

/// When the poller asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Between two rounds while something moves.
    pub fast: Duration,
    /// Between two rounds when nothing has moved for long.
    pub slow: Duration,
    /// Between two looks at all goals of a repository.
    pub reconcile: Duration,
    /// How far behind the newest change seen the next question begins: replicas lag.
    pub overlap: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { fast: seconds(10), slow: seconds(60), reconcile: seconds(600), overlap: seconds(60) }
    }
}

/// Something that a round brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An issue was changed since it was last seen, or is new.
    Issue {
        /// Where.
        repo: RepoId,
        /// What is known of it.
        issue: IssueBrief,
    },
    /// How a pull request in landing stands; said in every round.
    Pull {
        /// Where.
        repo: RepoId,
        /// What is known of it.
        pull: PullBrief,
    },
    /// A repository was read, and so its base branch stands; said in every round.
    Base {
        /// Which.
        repo: RepoId,
        /// The branch; absent where there is none of its name.
        base: Option<BaseBrief>,
    },
    /// All open goals of a repository. One that is not among them is to be looked up: it was closed, lost its label,
    /// went elsewhere, or came back while the list was read.
    All {
        /// Where.
        repo: RepoId,
        /// Complete.
        issues: Listing<IssueBrief>,
    },
    /// A repository could not be read; the others were.
    Unreadable {
        /// Which.
        repo: RepoId,
        /// Why.
        why: Why,
    },
}

/// One query to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// When it is made.
    pub at: Timestamp,
    /// What it asks of which repository, in this order.
    pub parts: Vec<Part>,
}

/// The round under way.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    is_full: bool,
    /// Requests that counted, as a part of an hour's allowance for polls.
    cost: f64,
}

/// What is watched and when it is asked for next.
#[derive(Debug)]
pub struct Poller {
    rhythm: Rhythm,
    label: String,
    repos: BTreeMap<RepoId, Watched>,
    /// Parts of the round under way that were not asked yet.
    open: VecDeque<Part>,
    /// Woken repositories, to be asked before their turn.
    woken: BTreeSet<RepoId>,
    is_asking: bool,
    is_moving: bool,
    has_found: bool,
    interval: Duration,
    parts_most: usize,
    failures: u32,
    /// What the round under way has cost, and whether it is of all repositories.
    round: Round,
    /// What rounds of all have cost lately, once there was one; the first fills the memory and says nothing.
    usual: Option<f64>,
    /// No round of all follows another sooner, for what that is.
    least: Duration,
    last_round: Timestamp,
    next_round: Timestamp,
    not_before: Timestamp,
}

impl Poller {
    /// A poller for issues with `label`, which begins at `now` (the server's time, as all times here).
    pub fn new(label: &str, rhythm: Rhythm, now: Timestamp) -> Self {
        Self {
            rhythm,
            label: label.to_owned(),
            repos: BTreeMap::new(),
            open: VecDeque::new(),
            woken: BTreeSet::new(),
            is_asking: false,
            is_moving: false,
            has_found: false,
            interval: rhythm.fast,
            parts_most: PARTS_MAX,
            failures: 0,
            round: Round::default(),
            usual: None,
            least: Duration::ZERO,
            last_round: Timestamp::MIN,
            next_round: now,
            not_before: Timestamp::MIN,
        }
    }

    /// Watches a repository and its base branch from now on. One that is watched already is left as it is.
    pub fn watch(&mut self, repo: &RepoId, base: &str, now: Timestamp) {
        let since = now.checked_sub(self.rhythm.overlap).unwrap_or(now);
        self.repos.entry(repo.clone()).or_insert_with(|| Watched::from(base, since));
        self.wake(repo);
    }

    /// Whether a repository is watched.
    pub fn watches(&self, repo: &RepoId) -> bool {
        self.repos.contains_key(repo)
    }

    /// Says that the base branch of a repository is another one.
    pub fn set_base(&mut self, repo: &RepoId, base: &str) {
        if let Some(watched) = self.repos.get_mut(repo) {
            base.clone_into(&mut watched.base);
        }
    }

    /// Watches a repository no longer.
    pub fn forget(&mut self, repo: &RepoId) {
        self.repos.remove(repo);
        self.woken.remove(repo);
        self.open.retain(|part| part.repo != *repo);
    }

    /// Says which pull requests of a repository are in landing: they are part of every round, for nothing.
    pub fn follow(&mut self, repo: &RepoId, pulls: BTreeSet<Number>) {
        if let Some(watched) = self.repos.get_mut(repo) {
            watched.pulls = pulls;
        }
    }

    /// Says whether anything is under way: a run, a landing. While it is, rounds stay fast.
    pub fn moving(&mut self, is_moving: bool, now: Timestamp) {
        self.is_moving = is_moving;
        if is_moving && self.interval > self.rhythm.fast {
            self.interval = self.rhythm.fast;
            self.next_round = self.next_round.min(later(now, self.interval.max(self.least)));
        }
    }

    /// Asks for a repository before its turn: a webhook came.
    pub fn wake(&mut self, repo: &RepoId) {
        if self.repos.contains_key(repo) {
            self.woken.insert(repo.clone());
        }
    }

    /// When [`Poller::due`] next has something to say; `None` while a query is under way, or nothing is watched.
    pub fn next(&self) -> Option<Timestamp> {
        if self.is_asking || self.repos.is_empty() {
            return None;
        }
        let next = if !self.open.is_empty() {
            self.last_round
        } else if self.woken.is_empty() {
            self.next_round
        } else {
            self.next_round.min(later(self.last_round, GAP))
        };
        Some(next.max(self.not_before))
    }

    /// The query to be made now, if there is one. Until it is answered there is no other.
    pub fn due(&mut self, now: Timestamp) -> Option<Ask> {
        if self.next().is_none_or(|next| next > now) {
            return None;
        }
        if self.open.is_empty() {
            self.begin(now);
        }
        let most = self.parts_most.min(self.open.len());
        let parts: Vec<Part> = self.open.drain(..most).collect();
        self.is_asking = !parts.is_empty();
        self.is_asking.then_some(Ask { at: now, parts })
    }

    /// Begins a round: of all repositories when it is time, else of those that were woken.
    fn begin(&mut self, now: Timestamp) {
        let is_full = now >= self.next_round;
        let woken = std::mem::take(&mut self.woken);
        self.last_round = now;
        self.round = Round { is_full, cost: 0.0 };
        if is_full {
            self.next_round = later(now, self.interval);
        }
        let whole = if is_full { self.to_reconcile(now) } else { BTreeSet::new() };
        for (repo, watched) in &mut self.repos {
            if !is_full && !woken.contains(repo) {
                continue;
            }
            let is_first = watched.reconciled_at.is_none();
            if whole.contains(repo) || is_first {
                watched.collected.clear();
                watched.reconciled_at = Some(now);
                let scope = Scope::All { label: self.label.clone(), after: None };
                self.open.push_back(Part { repo: repo.clone(), scope });
            }
            let pulls = watched.pulls.iter().copied().collect();
            let (since, base) = (watched.since(self.rhythm.overlap), Some(watched.base.clone()));
            let scope = Scope::Changed { since, after: None, pulls, base };
            self.open.push_back(Part { repo: repo.clone(), scope });
        }
    }

    /// The repositories whose goals are to be looked at as a whole: those that waited longest, a tenth of all in a round,
    /// so that no round is much dearer than another.
    fn to_reconcile(&self, now: Timestamp) -> BTreeSet<RepoId> {
        let mut overdue: Vec<_> = self
            .repos
            .iter()
            .filter_map(|(repo, watched)| Some((watched.reconciled_at?, repo)))
            .filter(|(at, _)| later(*at, self.rhythm.reconcile) <= now)
            .collect();
        overdue.sort();
        overdue.into_iter().take(self.repos.len().div_ceil(10)).map(|(_, repo)| repo.clone()).collect()
    }

    /// Says how many requests that counted a query has taken, of as many as herder may make in an hour. Where rounds
    /// are dear, because a server has neither GraphQL nor ETags, they follow each other more slowly: all of an hour's
    /// take a quarter of that at most.
    pub fn spent(&mut self, requests: u64, in_an_hour: u64) {
        self.round.cost += requests as f64 / (in_an_hour as f64 / POLLS).max(1.0);
    }

    /// Takes what came of a query: the answers to its first parts. The others are asked again, at once.
    pub fn answered(&mut self, mut ask: Ask, answers: Vec<PartAnswer>) -> Vec<Found> {
        self.is_asking = false;
        self.failures = 0;
        self.parts_most = (self.parts_most + PARTS_MIN).min(PARTS_MAX);
        let mut found = Vec::new();
        for part in ask.parts.split_off(answers.len().min(ask.parts.len())).into_iter().rev() {
            self.open.push_front(part);
        }
        for (part, answer) in ask.parts.into_iter().zip(answers) {
            self.take(part, answer, ask.at, &mut found);
        }
        self.has_found |= found.iter().any(|found| matches!(found, Found::Issue { .. }));
        if self.open.is_empty() {
            self.end_round();
        }
        found
    }

    /// Takes that a query came to nothing. It is asked again, later with each time; no repository's state is touched.
    pub fn failed(&mut self, ask: Ask, why: &Why, now: Timestamp) {
        self.is_asking = false;
        self.failures = self.failures.saturating_add(1);
        if matches!(why, Why::TimedOut | Why::Server { .. }) {
            self.parts_most = (self.parts_most / 2).max(PARTS_MIN);
        }
        let wait = self.rhythm.fast.saturating_mul(1 << (self.failures - 1).min(10));
        let again = later(now, wait.min(self.rhythm.reconcile));
        self.not_before = why.until().unwrap_or(again).max(now);
        for part in ask.parts.into_iter().rev() {
            self.open.push_front(part);
        }
    }

    fn take(&mut self, part: Part, answer: PartAnswer, at: Timestamp, found: &mut Vec<Found>) {
        let Part { repo, scope } = part;
        let Some(watched) = self.repos.get_mut(&repo) else { return };
        let (issues, next, pulls, base) = match answer {
            PartAnswer::Page { issues, next, pulls, base } => (issues, next, pulls, base),
            PartAnswer::Unreadable(why) => {
                if let Scope::All { .. } = scope {
                    // Asked again in the next round, from the first page.
                    watched.collected.clear();
                    watched.reconciled_at = None;
                }
                found.push(Found::Unreadable { repo, why });
                return;
            }
        };
        found.extend(pulls.into_iter().map(|pull| Found::Pull { repo: repo.clone(), pull }));
        match scope {
            Scope::Changed { since, base: asked, .. } => {
                if asked.is_some() {
                    found.push(Found::Base { repo: repo.clone(), base });
                }
                let fresh = watched.changed(issues, next.is_none(), at);
                found.extend(fresh.into_iter().map(|issue| Found::Issue { repo: repo.clone(), issue }));
                if next.is_some() {
                    let scope = Scope::Changed { since, after: next, pulls: Vec::new(), base: None };
                    self.open.push_back(Part { repo, scope });
                }
            }
            Scope::All { label, .. } => {
                watched.collected.extend(issues.into_iter().map(|issue| (issue.number, issue)));
                if next.is_some() {
                    self.open.push_back(Part { repo, scope: Scope::All { label, after: next } });
                } else {
                    let all = std::mem::take(&mut watched.collected).into_values().collect();
                    found.push(Found::All { repo, issues: Listing::complete(all) });
                }
            }
        }
    }

    /// Rounds follow each other faster when something moved, and slower the longer nothing did.
    fn end_round(&mut self) {
        let quieter = self.interval.saturating_mul(3) / 2;
        let moved = self.is_moving || std::mem::take(&mut self.has_found);
        self.interval = if moved { self.rhythm.fast } else { quieter.min(self.rhythm.slow) };
        let Round { is_full, cost } = std::mem::take(&mut self.round);
        if is_full {
            let usual = self.usual.map_or(0.0, |usual| usual + (cost - usual) / SMOOTH);
            self.usual = Some(usual);
            self.least = HOUR.mul_f64(usual.min(1.0));
            self.next_round = self.next_round.max(later(self.last_round, self.least));
        }
        self.next_round = self.next_round.min(later(self.last_round, self.interval.max(self.least)));
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
