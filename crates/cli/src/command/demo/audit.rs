//! Whether what is left behind is whole: one row for each run, sound repositories, and nothing running.

use std::collections::BTreeMap;
use std::path::Path;

use herder_domain::outcome::Outcome;
use herder_domain::run::{Run, RunId};
use herder_domain::story::StoryState;
use herder_executor::end_strays;
use herder_record::{RunDir, StatsRow};
use herder_store::Store;

use super::git::git;
use super::stage::Stage;
use crate::failure::{Failure, Kind};

/// What is not as it should be; nothing of it depends on what the goals were.
pub fn audit(
    stage: &Stage,
    store: &Store,
    runs: &[Run],
    rows: &[StatsRow],
    adopted: &[RunId],
) -> Result<Vec<String>, Failure> {
    let mut problems = one_row_each(runs, rows);
    problems.extend(left_running(stage, runs)?);
    problems.extend(left_lying(stage));
    problems.extend(adopted.iter().filter_map(|run| lost(stage, run)));
    problems.extend(unsound(stage));
    problems.extend(stories(store)?);
    Ok(problems)
}

fn one_row_each(runs: &[Run], rows: &[StatsRow]) -> Vec<String> {
    let mut counts: BTreeMap<&RunId, usize> = runs.iter().map(|run| (&run.id, 0)).collect();
    for run in rows.iter().filter_map(|row| row.run.as_ref()) {
        *counts.entry(run).or_default() += 1;
    }
    let mut problems: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count != 1)
        .map(|(run, count)| format!("run {run} has {count} rows in stats.jsonl and not one"))
        .collect();
    if rows.len() != runs.len() {
        problems.push(format!("stats.jsonl has {} rows for {} runs", rows.len(), runs.len()));
    }
    problems
}

/// Looking for processes of a run ends them, too; a demo leaves nothing running even where herder did.
fn left_running(stage: &Stage, runs: &[Run]) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for run in runs {
        let left = end_strays(&RunDir::of(&stage.state, run.id.clone()).mark())
            .map_err(|error| Failure::of(Kind::Environment, &error))?;
        problems.extend(left.iter().map(|one| {
            format!("process {} of run {} was left running: {} {}", one.pid, run.id, one.name, one.command)
        }));
    }
    match herder_orchestrator::holder(&stage.state) {
        Ok(None) => {}
        Ok(Some(_)) => problems.push("an orchestrator is still at work".to_owned()),
        Err(error) => problems.push(format!("the orchestrator's lock cannot be looked at: {error}")),
    }
    Ok(problems)
}

/// Clones are removed when their work is safe.
fn left_lying(stage: &Stage) -> Vec<String> {
    let repo = &stage.repo;
    let clones = stage.clones().join(repo.host()).join(repo.owner()).join(repo.name());
    let left = std::fs::read_dir(clones).into_iter().flatten().filter_map(Result::ok);
    left.map(|entry| format!("the clone {} was left lying", entry.path().display())).collect()
}

/// A run that was at work when its orchestrator was killed has to have ended as if nothing had been.
fn lost(stage: &Stage, run: &RunId) -> Option<String> {
    let problem = match RunDir::of(&stage.state, run.clone()).ending() {
        Ok(Some(ending)) => match ending.outcome {
            Outcome::Interrupted { .. } => ending.outcome.sentence(),
            Outcome::Accepted { .. }
            | Outcome::Undecided { .. }
            | Outcome::NeedsReview { .. }
            | Outcome::Blocked { .. }
            | Outcome::Failed { .. }
            | Outcome::BudgetSpent { .. }
            | Outcome::Misconfigured { .. }
            | Outcome::ByHand { .. } => return None,
        },
        Ok(None) => "it has no outcome".to_owned(),
        Err(error) => error.to_string(),
    };
    Some(format!("run {run} was not adopted whole: {problem}"))
}

/// What git finds wrong with the repositories.
fn unsound(stage: &Stage) -> Vec<String> {
    let (mirror, vault) = (stage.state.mirror(&stage.repo), stage.state.vault(&stage.repo));
    let check = |path: &Path| git(path, ["fsck", "--strict", "--no-dangling"]).err();
    let all: [&Path; 3] = [&stage.origin, &mirror, &vault];
    let broken = |path: &&Path| check(path).map(|failure| format!("{}: {}", path.display(), failure.message));
    all.iter().filter_map(broken).collect()
}

/// A story is closed when every goal of it is settled, and not before.
fn stories(store: &Store) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for (story, standing) in store.story_standings()?.into_iter().filter(|(_, standing)| standing.goals > 0) {
        match (standing.state, standing.unsettled) {
            (StoryState::Closed, 0) | (StoryState::Open, 1..) => {}
            (StoryState::Open, 0) => {
                problems.push(format!("story {story} is open and has nothing left to do"))
            }
            (StoryState::Closed, left) => {
                problems.push(format!("story {story} is closed and has {left} goals left"))
            }
        }
    }
    Ok(problems)
}
