//! What the ralphs say, from the logs that they write for people.

use std::collections::BTreeMap;

use herder_domain::run::{Run, RunId};
use herder_record::{RunDir, StateDir};
use herder_watch::Tail;

use super::voice::{Speaker, Voice};
use crate::failure::Failure;

/// What a line of a log begins with that says nothing which the orchestrator does not say as well, or that is
/// one of very many.
const TEDIOUS: [&str; 5] = ["== ended", "-- iteration", "agent started", "> ", "the replay window"];

/// The logs of all runs that were seen.
#[derive(Debug, Default)]
pub struct Ralphs {
    logs: BTreeMap<RunId, Log>,
}

#[derive(Debug)]
struct Log {
    name: String,
    tail: Tail,
}

impl Ralphs {
    /// Listens to these as well.
    pub fn join(&mut self, state: &StateDir, runs: &[Run]) {
        for run in runs {
            self.logs.entry(run.id.clone()).or_insert_with(|| Log {
                name: format!("#{}", run.goal.number),
                tail: Tail::new(RunDir::of(state, run.id.clone()).log_path()),
            });
        }
    }

    /// Passes on what was said since it was asked last.
    pub fn pass_on(&mut self, voice: &Voice) -> Result<(), Failure> {
        for Log { name, tail } in self.logs.values_mut() {
            let lines = tail
                .lines()
                .map_err(|error| Failure::environment(format!("failed to read a ralph's log: {error}")))?;
            for line in lines.iter().filter(|line| is_worth_it(line)) {
                voice.line(Speaker::Ralph, &format!("{name:<4} {line}"))?;
            }
        }
        Ok(())
    }
}

fn is_worth_it(line: &str) -> bool {
    let is_opening = line.starts_with("== ") && line.contains(" attempt ");
    !is_opening && !TEDIOUS.iter().any(|start| line.starts_with(start))
}
