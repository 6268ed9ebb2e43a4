//! The processes of a run, and their violent ends.

use std::path::Path;

use herder_domain::repo::GoalRef;
use herder_testkit::{processes, until};
use rustix::process::Signal;

use super::{PATIENCE, Stage};

impl Stage {
    /// The process of a run's ralph, once it is at work.
    #[track_caller]
    pub fn ralph_of(&self, goal: &GoalRef, attempt: u32) -> u32 {
        until("a ralph", PATIENCE, || Some(self.status(goal, attempt)?.pid))
    }

    /// The keeper of whatever a run's ralph has under way: its child.
    #[track_caller]
    pub fn keeper_of(&self, goal: &GoalRef, attempt: u32) -> u32 {
        let ralph = self.ralph_of(goal, attempt);
        until("a keeper", PATIENCE, || children(ralph).first().copied())
    }

    /// The agent of a run: its keeper's child.
    #[track_caller]
    pub fn agent_of(&self, goal: &GoalRef, attempt: u32) -> u32 {
        let keeper = self.keeper_of(goal, attempt);
        until("an agent", PATIENCE, || children(keeper).first().copied())
    }
}

/// Sends SIGKILL to each.
pub fn kill(pids: &[u32]) {
    pids.iter().for_each(|pid| processes::kill(*pid, Signal::KILL));
}

fn children(of: u32) -> Vec<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let entries = std::fs::read_dir(Path::new("/proc")).unwrap();
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| parent(*pid) == Some(of)).collect()
}
