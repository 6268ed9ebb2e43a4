//! WriteStats: one row for each run, however it ended. The run's name in the row makes it idempotent.

use std::path::PathBuf;
use std::time::Duration;

use herder_domain::hand::PERSON;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::{Budget, RetryContext, RunResult, RunSpec};
use herder_domain::setup::{AgentKind, AgentSetup, Author, Bounds, Clocks, GateSetup, Setup, Sleep};
use herder_record::{Ending, RunDir, StatsFile, StatsRow};
use herder_store::LedgerRow;
use jiff::Timestamp;

use super::{ActError, Acted};
use crate::context::{Case, Context};

pub(super) fn write(context: &Context, case: &Case) -> Result<Acted, ActError> {
    let dir = context.run_dir(&case.run.id);
    let outcome = outcome_of(case);
    let ending = match dir.ending()? {
        Some(ending) => ending,
        None => dir.reconstruct(outcome, Timestamp::now())?,
    };
    let row = row(context, case, &dir, &ending)?;
    StatsFile::at(context.state.stats()).append_once(&row, &context.redactor)?;
    let ledger = ledger_row(case, &row, &ending)?;
    Ok(Acted { ledger: Some(Box::new(ledger)), ..Acted::default() })
}

/// The outcome as it was judged.
fn outcome_of(case: &Case) -> Outcome {
    match &case.run.result {
        Some(result) => result.outcome.clone(),
        None => {
            Outcome::Interrupted { cause: Interruption::Crashed, detail: "nobody knows how it ended".into() }
        }
    }
}

fn row(context: &Context, case: &Case, dir: &RunDir, ending: &Ending) -> Result<StatsRow, ActError> {
    let spec = dir.spec()?.unwrap_or_else(|| never_prepared(case));
    let mut row = StatsRow::of(&spec, ending, dir.goal_path().display().to_string());
    row.host = Some(context.host.clone());
    row.labels = Some(vec!["goal".into(), format!("goal:{}", case.goal.state.word())]);
    if row.cost_usd.known().is_none() {
        row.cost_known_usd = dir.known_usd().ok();
    }
    // What cannot be read was not measured.
    let measured = context.state.headroom().ok().flatten();
    if let Some(usage) = measured.as_ref().and_then(|headroom| headroom.runs.get(&case.run.id)) {
        row.measured(usage);
    }
    if let Some(RunResult { harvest, .. }) = &case.run.result {
        row.commit_end.clone_from(&harvest.tip);
        row.lines_added = Some(harvest.lines_added);
        row.lines_deleted = Some(harvest.lines_deleted);
    }
    Ok(row)
}

/// What was asked of a run that ended before anyone could write it down.
fn never_prepared(case: &Case) -> RunSpec {
    let Case { goal, run, repo, .. } = case;
    RunSpec {
        schema: RunSpec::SCHEMA,
        run: run.id.clone(),
        goal: Some(goal.id.clone()),
        title: goal.title.clone(),
        story: goal.story,
        attempt: run.attempt,
        agent: match &run.by {
            Some(_) => PERSON.to_owned(),
            None => goal.options.agent.clone().unwrap_or_default(),
        },
        model: goal.options.model.clone().unwrap_or_default(),
        reasoning: goal.options.reasoning.unwrap_or_default(),
        budget: Budget { duration: Duration::ZERO, iterations: None, tokens: None, usd: None, max_age: None },
        base_branch: repo.base_branch.clone(),
        base_commit: String::new(),
        created_at: run.ordered_at,
        queue_seconds: run.queue_seconds,
        context: RetryContext::default(),
        by: run.by.clone(),
        told: Vec::new(),
        prompt_hash: None,
        setup: Setup {
            clone: PathBuf::new(),
            room: PathBuf::new(),
            caches: PathBuf::new(),
            agent: AgentSetup {
                kind: AgentKind::Command,
                program: None,
                args: Vec::new(),
                base_url: None,
                credential: None,
                summarizer: None,
                context_window: None,
            },
            clocks: Clocks::default(),
            gate: GateSetup::Missing,
            read: Vec::new(),
            write: Vec::new(),
            pass: Vec::new(),
            secrets: Vec::new(),
            author: Author { name: String::new(), email: String::new() },
            env: std::collections::BTreeMap::new(),
            secret_files: Vec::new(),
            furnished: None,
            sleep: Sleep::Allow,
            bounds: Bounds::default(),
            tokens: None,
        },
    }
}

fn ledger_row(case: &Case, row: &StatsRow, ending: &Ending) -> Result<LedgerRow, ActError> {
    let stats = serde_json::to_string(row).map_err(std::io::Error::other)?;
    let elapsed = ending.ended_at.duration_since(case.run.ordered_at);
    Ok(LedgerRow {
        run: case.run.id.clone(),
        repo: Some(case.repo.id.clone()),
        number: Some(case.goal.id.number),
        model: row.model.clone(),
        outcome: ending.outcome.word().into(),
        cost: ending.spend.cost,
        tokens: ending.spend.known_tokens().map(|tokens| tokens.total()),
        duration: Duration::try_from(elapsed).unwrap_or_default(),
        lines_added: row.lines_added.unwrap_or(0),
        lines_deleted: row.lines_deleted.unwrap_or(0),
        ended_at: ending.ended_at,
        stats,
    })
}
