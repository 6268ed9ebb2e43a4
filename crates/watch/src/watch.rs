//! Finding the runs whose ralph lives.

use std::collections::BTreeSet;

use herder_domain::repo::RepoId;
use herder_domain::run::{RunId, RunSpec};
use herder_record::{Liveness, RunDir, StateDir, sweep};
use jiff::Timestamp;

use crate::WatchError;
use crate::block::Block;

/// Finds running ralphs, again and again. Runs that have ended are looked at once: a state directory holds
/// many of them.
#[derive(Debug)]
pub struct Watch {
    state: StateDir,
    only: Option<RepoId>,
    ended: BTreeSet<RunId>,
}

impl Watch {
    /// Watches the runs of a state directory, of all repositories or of one.
    pub fn new(state: StateDir, only: Option<RepoId>) -> Self {
        Self { state, only, ended: BTreeSet::new() }
    }

    /// The runs whose ralph lives now, or which a person does by hand, the oldest first.
    pub fn running(&mut self) -> Result<Vec<(RunDir, RunSpec)>, WatchError> {
        let mut running = Vec::new();
        for dir in sweep::runs(&self.state)? {
            if !self.ended.contains(dir.run()) && self.is_running(&dir)? {
                running.extend(dir.spec()?.map(|spec| (dir, spec)));
            }
        }
        if let Some(only) = &self.only {
            running.retain(|(_, spec)| spec.goal.as_ref().is_some_and(|goal| goal.repo == *only));
        }
        running
            .sort_by(|(_, one), (_, other)| (one.created_at, &one.run).cmp(&(other.created_at, &other.run)));
        Ok(running)
    }

    fn is_running(&mut self, dir: &RunDir) -> Result<bool, WatchError> {
        Ok(match dir.liveness()? {
            Liveness::Alive => true,
            Liveness::Ended(_) => {
                self.ended.insert(dir.run().clone());
                false
            }
            // A workspace that a person has in hand has no ralph, and no outcome yet.
            Liveness::NotStarted => dir.spec()?.is_some_and(|spec| spec.by.is_some()),
            Liveness::Crashed => false,
        })
    }

    /// The same as blocks, each with the last `lines` of its log.
    pub fn blocks(&mut self, now: Timestamp, lines: usize) -> Result<Vec<Block>, WatchError> {
        // What was not measured is not shown.
        let measured = self.state.headroom().ok().flatten();
        let of = |(dir, spec): &(RunDir, RunSpec)| Block::of(dir, spec, measured.as_ref(), now, lines);
        self.running()?.iter().map(of).collect()
    }
}
