//! `herder ralph --goal FILE`: one goal in the current checkout, without an orchestrator.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use herder_config::{Flags, Resolved, resolve};
use herder_domain::follow_up::FollowUp;
use herder_domain::goal::GoalText;
use herder_domain::outcome::Outcome;
use herder_domain::repo::RepoId;
use herder_domain::run::{RetryContext, RunId, RunSpec};
use herder_domain::setup::Setup;
use herder_ralph::{Alone, AloneEnd, AloneRun};
use herder_record::RunDir;
use herder_watch::Tail;
use herder_workspace::{Moved, WhyNotMoved, remove_tree};
use serde_json::json;

use super::here::{Rooms, here, repository};
use super::{failed, order};
use crate::args::RunFlags;
use crate::call::{Call, env};
use crate::failure::{Failure, Kind};
use crate::output::{Output, Reply};
use crate::secrets::redactor;

/// The pause between two looks at the log.
const PAUSE: Duration = Duration::from_millis(200);

/// Works at a goal in the current checkout.
pub fn alone(call: &Call, file: &Path, continues: bool, flags: RunFlags) -> Result<Reply, Failure> {
    let text = read(file)?;
    let goal = GoalText::read(&nobody()?, &title(file, &text), &text)?;
    let checkout = here()?;
    let (state, config, flags) = (call.state()?, call.config()?, Flags::from(flags));
    let settings = config.settings(&flags, env)?;
    let resolved = resolve(&goal.options, &flags, None, &repository(&checkout)?, &config, env)?;
    let run = RunId::standalone(call.now, std::process::id());
    let rooms = Rooms::of(&settings, &run, &checkout);
    let setup = rooms.setup(&resolved, &settings, &state);
    let redactor = Arc::new(redactor(&settings)?);
    let alone = Alone {
        state: &state,
        checkout: &checkout,
        goal_file: file,
        goal: &text,
        spec: spec(call, run, goal.title, resolved, setup),
        continues,
        redactor: &redactor,
    };
    let prepared = AloneRun::prepare(alone).map_err(failed)?;
    let worked = with_log(call.output, &prepared.dir, || {
        prepared.work(&order(prepared.dir.path()), &state, &redactor)
    });
    // What is left behind is litter below the clones' root; the outcome counts.
    let _ = remove_tree(&rooms.root, &rooms.room);
    said(&prepared.dir, &worked.map_err(failed)?)
}

fn read(file: &Path) -> Result<String, Failure> {
    match fs_err::read(file) {
        Ok(bytes) => String::from_utf8(bytes)
            .map_err(|_| Failure::usage(format!("{} is not UTF-8", file.display())).hint("save it as UTF-8")),
        Err(error) => Err(Failure::not_found(error.to_string()).hint("name the goal's file with --goal")),
    }
}

/// Links in a goal's text are read as in a repository's goal; here they mean nothing.
fn nobody() -> Result<RepoId, Failure> {
    RepoId::new("local", "nobody", "here").map_err(|error| Failure::of(Kind::Internal, &error))
}

/// The text's first heading of the first rank, or the file's name.
fn title(file: &Path, text: &str) -> String {
    let heading = text.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim);
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    heading.filter(|heading| !heading.is_empty()).map(str::to_owned).unwrap_or(stem)
}

fn spec(call: &Call, run: RunId, title: String, resolved: Resolved, setup: Setup) -> RunSpec {
    let budget = resolved.budget();
    RunSpec {
        schema: RunSpec::SCHEMA,
        run,
        goal: None,
        title,
        story: None,
        attempt: 1,
        agent: resolved.agent.value,
        model: resolved.model.value,
        reasoning: resolved.reasoning.value,
        budget,
        base_branch: String::new(),
        base_commit: String::new(),
        created_at: call.now,
        queue_seconds: 0.0,
        context: RetryContext::default(),
        by: None,
        told: Vec::new(),
        prompt_hash: None,
        setup,
    }
}

/// Shows a run's log while something works at it.
fn with_log<T>(output: Output, dir: &RunDir, work: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        if !output.is_json() {
            scope.spawn(|| show(output, dir, &is_over));
        }
        let done = work();
        is_over.store(true, Ordering::Release);
        done
    })
}

/// Shows a log to its end. When nobody reads any more the run goes on; its log is kept in any case.
fn show(output: Output, dir: &RunDir, is_over: &AtomicBool) {
    let mut tail = Tail::new(dir.log_path());
    loop {
        let was_over = is_over.load(Ordering::Acquire);
        let lines = tail.lines().unwrap_or_default();
        let shown = lines.iter().try_for_each(|line| output.say(&json!(line), line));
        if was_over || shown.is_err() {
            return;
        }
        thread::sleep(PAUSE);
    }
}

fn said(dir: &RunDir, end: &AloneEnd) -> Result<Reply, Failure> {
    let outcome = &end.ending.outcome;
    let (word, text) = branch(end.moved.as_ref());
    let iterations = dir.iterations()?.into_iter();
    let follow_ups = FollowUp::gathered(iterations.flat_map(|iteration| iteration.follow_ups));
    let json = json!({
        "run": dir.run(),
        "dir": dir.path(),
        "outcome": outcome,
        "iterations": end.ending.iterations,
        "cost": end.ending.spend.cost,
        "branch": word,
        "follow_ups": follow_ups,
    });
    let reply = Reply::one(
        &json,
        format!("{text}\n{}the run's files are in {}\n", proposed(&follow_ups), dir.path().display()),
    )?;
    Ok(match outcome {
        Outcome::Accepted { .. } => reply,
        Outcome::Undecided { .. } => reply.but(
            Failure::new(
                Kind::Unfinished,
                format!("nobody can tell whether it is met: {}", outcome.sentence()),
            )
            .hint("the work lies in the checkout, to be looked at and committed by hand")
            .hint("docs/gate.md says how a gate names what fails"),
        ),
        Outcome::NeedsReview { .. }
        | Outcome::Blocked { .. }
        | Outcome::Failed { .. }
        | Outcome::Interrupted { .. }
        | Outcome::BudgetSpent { .. }
        | Outcome::Misconfigured { .. }
        | Outcome::ByHand { .. } => reply.but(
            Failure::new(Kind::Unfinished, format!("the goal is not met: {}", outcome.sentence()))
                .hint("the work lies in the checkout; the same command with --continue goes on from there"),
        ),
    })
}

/// What the agent would have done beside the goal.
fn proposed(follow_ups: &[FollowUp]) -> String {
    follow_ups.iter().map(|one| format!("it proposes: {}\n", one.title)).collect()
}

fn branch(moved: Option<&Moved>) -> (&'static str, &'static str) {
    match moved {
        Some(Moved::Done) => ("moved", "the work is one commit on your branch"),
        Some(Moved::Nothing) => ("unchanged", "nothing was changed"),
        Some(Moved::Not(WhyNotMoved::SettingsChanged)) => (
            "settings_changed",
            "your branch was left alone: the repository's settings are not what they were",
        ),
        Some(Moved::Not(WhyNotMoved::BranchMoved)) => {
            ("branch_moved", "your branch was left alone: it is not where it was")
        }
        Some(Moved::Not(WhyNotMoved::Detached)) => {
            ("detached", "no branch is checked out, so none was moved")
        }
        Some(Moved::Not(WhyNotMoved::NotDescendant)) => {
            ("not_descendant", "your branch was left alone: the work does not contain it")
        }
        None => ("untouched", "your branch is where it was"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_called_by_its_heading_or_by_its_file() {
        let file = Path::new("goals/add-login.md");
        assert_eq!(title(file, "# Add a login\n\n## Objective\nx"), "Add a login");
        assert_eq!(title(file, "## Objective\nx"), "add-login");
    }
}
