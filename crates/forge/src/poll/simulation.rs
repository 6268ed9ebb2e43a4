//! An hour of 100 repositories with 1,000 goals, 20 of them running, against a GitHub that counts as the documentation
//! says: the figures of docs/design/github.md, "Polling".

use std::collections::BTreeMap;

use super::*;
use crate::read::issue::IssueState;

const REPOS: u64 = 100;
const GOALS: u64 = 10;
const HOUR: u64 = 3600;

/// Goals that run; each for an hour.
const RUNNING: u64 = 20;

/// What herder changes of a running goal in an hour: its label when it starts and ends, and the status comment every ten
/// minutes at most.
const OWN_CHANGES: u64 = 2 + 6;

/// Changes an hour: those, and a hundred edits by people.
const CHANGES: u64 = RUNNING * OWN_CHANGES + 100;

/// What herder asks REST for each change that it sees: the issue and its history, both changed, so both counted. What it
/// looks at once more is unchanged, so that is a 304.
const READS: u64 = 2;

/// What each of its own changes takes: a look, counted at most once, and the write.
const WRITES: u64 = 2;

/// What a landing takes: the pull request looked for and opened, read when its checks end, and merged.
const LANDING: u64 = 6;

fn at(second: u64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::try_from(second).unwrap()).unwrap()
}

fn repo(number: u64) -> RepoId {
    RepoId::new("github.com", "acme", &format!("r{number:03}")).unwrap()
}

/// When each goal last changed, and what was spent.
struct Hub {
    changed: BTreeMap<RepoId, BTreeMap<Number, u64>>,
    points: u64,
    queries: u64,
}

impl Hub {
    fn new() -> Hub {
        let goals = || (1..=GOALS).map(|goal| (Number(goal), 0)).collect();
        Hub { changed: (0..REPOS).map(|one| (repo(one), goals())).collect(), points: 0, queries: 0 }
    }

    /// <https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api#predicting-the-point-value-of-a-query>:
    /// one request for each connection, divided by a hundred, rounded, and one point at least.
    fn answer(&mut self, ask: &Ask) -> Vec<PartAnswer> {
        self.queries += 1;
        self.points += ((ask.connections() as u64 + 50) / 100).max(1);
        ask.parts.iter().map(|part| self.part(part)).collect()
    }

    fn part(&self, part: &Part) -> PartAnswer {
        let brief = |(number, second): (&Number, &u64)| IssueBrief {
            number: *number,
            node_id: String::new(),
            updated_at: at(*second),
            state: IssueState::Open,
        };
        let mut issues: Vec<IssueBrief> = self.changed[&part.repo].iter().map(brief).collect();
        if let Scope::Changed { since, .. } = &part.scope {
            issues.retain(|issue| issue.updated_at >= *since);
            issues.sort_by_key(|issue| std::cmp::Reverse(issue.updated_at));
        }
        PartAnswer::Page { issues, next: None, pulls: Vec::new(), base: None }
    }
}

/// Runs an hour: after how many seconds changes were seen, the requests that followed from it, and how often all goals of
/// a repository were looked at.
fn hour(hub: &mut Hub, woken: bool) -> (Vec<u64>, u64, u64) {
    let mut poller = Poller::new("goal", Rhythm::default(), at(0));
    (0..REPOS).for_each(|number| poller.watch(&repo(number), "main", at(0)));
    poller.moving(true, at(0));
    let (mut delays, mut reads, mut reconciled) = (Vec::new(), 0, 0);
    let mut pending: BTreeMap<(RepoId, Number), u64> = BTreeMap::new();
    for second in 0..HOUR {
        // Spread without chance, so that a failure is the same each time.
        if second * CHANGES / HOUR != (second + 1) * CHANGES / HOUR {
            let key = (repo(second * 37 % REPOS), Number(1 + second * 11 % GOALS));
            hub.changed.entry(key.0.clone()).or_default().insert(key.1, second);
            if woken {
                poller.wake(&key.0);
            }
            pending.entry(key).or_insert(second);
        }
        while let Some(ask) = poller.due(at(second)) {
            let answers = hub.answer(&ask);
            for found in poller.answered(ask, answers) {
                match found {
                    Found::Issue { repo, issue } => {
                        let Some(at) = pending.remove(&(repo, issue.number)) else { continue };
                        reads += READS;
                        delays.push(second - at);
                    }
                    Found::All { issues, .. } => {
                        assert_eq!(issues.whole().unwrap().len() as u64, GOALS);
                        reconciled += 1;
                    }
                    Found::Pull { .. } | Found::Base { .. } | Found::Unreadable { .. } => {}
                }
            }
        }
    }
    // What changed in the last seconds may wait for the next round.
    assert!(pending.values().all(|at| *at + 10 >= HOUR), "{pending:?}");
    (delays, reads, reconciled)
}

fn p95(delays: &mut [u64]) -> u64 {
    delays.sort_unstable();
    delays[delays.len() * 95 / 100]
}

#[test]
fn a_hundred_repositories_cost_at_most_400_points_and_1000_requests_and_are_seen_within_15_seconds() {
    let mut hub = Hub::new();
    let (mut delays, reads, reconciled) = hour(&mut hub, false);
    let requests = reads + RUNNING * (OWN_CHANGES * WRITES + LANDING);
    assert!(requests <= 1000, "{requests} requests");
    assert!(hub.points <= 400, "{} points in {} queries", hub.points, hub.queries);
    assert!(p95(&mut delays) <= 15, "{:?}", delays.last());
    assert!(reconciled >= REPOS * 5, "{reconciled}");
}

#[test]
fn webhooks_bring_it_below_three_seconds() {
    let mut hub = Hub::new();
    let (mut delays, _, _) = hour(&mut hub, true);
    assert!(p95(&mut delays) <= 3, "{:?}", delays.last());
    assert!(hub.points <= 1000, "{} points", hub.points);
}
