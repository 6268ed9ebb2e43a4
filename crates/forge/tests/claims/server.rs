//! The forge of the simulation: refs that are moved by compare-and-swap, and pull requests.

use std::collections::BTreeMap;

use herder_domain::repo::Number;
use herder_forge::claim::{Change, ClaimRecord, LeaseRecord, Mark, Owner, Scope, Seen, View};

use crate::Without;

/// What must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    LandedTwice,
    PublishedWithoutClaim,
    TwoRuns,
    Stuck,
}

/// A pull request of a goal's branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    Open,
    Merged,
}

pub struct Server {
    without: Without,
    marks: u64,
    claims: BTreeMap<Number, (Mark, ClaimRecord)>,
    leases: BTreeMap<Owner, (Mark, LeaseRecord)>,
    branches: BTreeMap<Number, Mark>,
    pulls: BTreeMap<Number, Vec<Pull>>,
    /// Until when each orchestrator's last lease was, whether it is still there or not.
    pub until: BTreeMap<Owner, jiff::Timestamp>,
}

impl Server {
    pub fn new(without: Without) -> Self {
        Self {
            without,
            marks: 0,
            claims: BTreeMap::new(),
            leases: BTreeMap::new(),
            branches: BTreeMap::new(),
            pulls: BTreeMap::new(),
            until: BTreeMap::new(),
        }
    }

    pub fn landings(&self, goal: Number) -> usize {
        self.pulls.get(&goal).map_or(0, |pulls| pulls.iter().filter(|pull| **pull == Pull::Merged).count())
    }

    pub fn read(&self, scope: Scope) -> View {
        let is_in = |goal: Number| scope == Scope::All || scope == Scope::Goal(goal);
        let claims = self.claims.iter().filter(|(goal, _)| is_in(**goal));
        let branches = self.branches.iter().filter(|(goal, _)| scope == Scope::Goal(**goal));
        View {
            claims: claims.map(|(goal, (mark, record))| (*goal, seen(mark, record))).collect(),
            leases: self
                .leases
                .iter()
                .map(|(owner, (mark, record))| (owner.clone(), seen(mark, record)))
                .collect(),
            branches: branches.map(|(goal, mark)| (*goal, mark.clone())).collect(),
        }
    }

    /// Moves all or nothing. Gives the claims that were written.
    pub fn push(&mut self, changes: &[Change]) -> Option<Vec<ClaimRecord>> {
        let changes: Vec<&Change> = changes.iter().filter(|change| self.is_sent(change, changes)).collect();
        if !changes.iter().all(|change| self.is_where_expected(change)) {
            return None;
        }
        let written = changes.iter().filter_map(|change| match change {
            Change::Claim { new, .. } => Some(new.clone()),
            Change::Lease { .. } | Change::Branch { .. } => None,
        });
        let written = written.collect();
        for change in changes {
            self.apply(change);
        }
        Some(written)
    }

    /// What a rule that is missing leaves out of a push.
    fn is_sent(&self, change: &Change, all: &[Change]) -> bool {
        let has_branch = all.iter().any(|change| matches!(change, Change::Branch { .. }));
        match change {
            Change::Claim { .. } => !(has_branch && self.without == Without::ClaimInThePublish),
            Change::Lease { new: Some(lease), .. } if lease.broken.is_some() => {
                self.without != Without::LeaseInTheTakeover
            }
            Change::Lease { .. } | Change::Branch { .. } => true,
        }
    }

    fn is_where_expected(&self, change: &Change) -> bool {
        match change {
            Change::Claim { old, new } => {
                let is_there = self.claims.get(&new.goal).map(|(mark, _)| mark) == old.as_ref();
                is_there || self.without == Without::CompareAndSwap
            }
            Change::Lease { owner, old, .. } => self.leases.get(owner).map(|(mark, _)| mark) == old.as_ref(),
            Change::Branch { goal, old, .. } => self.branches.get(goal) == old.as_ref(),
        }
    }

    fn apply(&mut self, change: &Change) {
        self.marks += 1;
        let mark = Mark(self.marks.to_string());
        match change {
            Change::Claim { new, .. } => drop(self.claims.insert(new.goal, (mark, new.clone()))),
            Change::Lease { owner, new: Some(lease), .. } => {
                if lease.broken.is_none() {
                    self.until.insert(owner.clone(), lease.until);
                }
                self.leases.insert(owner.clone(), (mark, lease.clone()));
            }
            Change::Lease { owner, new: None, .. } => drop(self.leases.remove(owner)),
            Change::Branch { goal, new, .. } => drop(self.branches.insert(*goal, new.clone())),
        }
    }

    /// The pull requests of a goal.
    pub fn look(&self, goal: Number) -> Vec<Pull> {
        self.pulls.get(&goal).cloned().unwrap_or_default()
    }

    /// Opens one, unless there is an open one: GitHub refuses a second of one branch.
    pub fn open(&mut self, goal: Number) {
        let pulls = self.pulls.entry(goal).or_default();
        if !pulls.contains(&Pull::Open) {
            pulls.push(Pull::Open);
        }
    }

    /// Merges this one if it is open and the branch is at `head`.
    pub fn merge(&mut self, goal: Number, pull: usize, head: &Mark) -> bool {
        let is_meant = self.branches.get(&goal) == Some(head);
        let pull = self.pulls.entry(goal).or_default().get_mut(pull);
        match pull.filter(|pull| is_meant && **pull == Pull::Open) {
            Some(pull) => {
                *pull = Pull::Merged;
                true
            }
            None => false,
        }
    }
}

fn seen<T: Clone>(mark: &Mark, record: &T) -> Seen<T> {
    Seen { mark: mark.clone(), record: Ok(record.clone()) }
}
