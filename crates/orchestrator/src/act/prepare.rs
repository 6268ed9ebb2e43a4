//! Prepare: clone, private git directory, gate, run directory. Repeated, it finds what it made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use herder_config::Resolved;
use herder_domain::event::What;
use herder_domain::hand::PERSON;
use herder_domain::run::{RetryContext, RunSpec};
use herder_domain::setup::{GateSetup, Setup};
use herder_executor::cores;
use herder_record::RunDir;
use herder_record::run::{PROMPT_FILE, PROMPT_MAX, prompt_hash};
use herder_workspace::{
    Bare, CommitId, Mirror, PrepareOrder, Prepared, Start, Vault, WorkspaceError, ready_contents, remove_tree,
};
use jiff::Timestamp;

use super::furnish::{furnish, scripts};
use super::{ActError, Acted};
use crate::context::{CacheSet, Case, Context, run_key};

pub(super) fn prepare(context: &Context, case: &Case) -> Result<Acted, ActError> {
    let dir = context.run_dir(&case.run.id);
    let spec = match dir.spec()? {
        Some(spec) => spec,
        None => {
            let made = make(context, case);
            context.withdrawals.forget(&case.run.id);
            made?
        }
    };
    Ok(Acted::with(
        case,
        What::RunPrepared { run: case.run.id.clone(), base_branch: spec.base_branch, agent: spec.agent },
    ))
}

fn make(context: &Context, case: &Case) -> Result<RunSpec, ActError> {
    let lock = context.repo_lock(&case.repo.id);
    let writing = lock.lock().unwrap_or_else(PoisonError::into_inner);
    let mirror = context.mirror(&case.repo)?;
    if !is_fresh(&mirror, case) {
        mirror.fetch(&context.user).map_err(ActError::Origin)?;
    }
    let vault = context.vault(&case.repo, &mirror)?;
    // What follows waits where it must by itself: many clones of one repository may be made at once.
    drop(writing);
    let branch_tip = mirror.tip(&case.repo.base_branch)?;
    let resolved = context.resolved(&case.goal.options, &case.repo.id, (mirror.bare(), &branch_tip))?;
    let base_branch = resolved.base.as_ref().map_or(&case.repo.base_branch, |base| &base.value).clone();
    let base = mirror.tip(&base_branch)?;
    take_base(context, case, (&mirror, &vault), &base)?;
    let key = run_key(&case.run)?;
    if case.run.by.is_some() {
        // Should the person drop what they change, the goal's branch goes back to where it is now.
        vault.remember(&key)?;
    }
    let clone = context.clone_dir(case);
    // Without a `run.json` nobody has worked in it: what was left half furnished is made anew.
    remove_tree(context.state.root(), &context.run_dir(&case.run.id).git_dir())?;
    let prepared = herder_workspace::prepare(&PrepareOrder {
        mirror: &mirror,
        templates: &context.templates(&case.repo.id),
        vault: &vault,
        key,
        base_branch: &base_branch,
        base,
        root: context.root(),
        clone: &clone,
        private: &context.run_dir(&case.run.id).git_dir(),
        goal_text: &case.goal.body,
        signature: context.signature(),
    })?;
    let gate = materialize_gate(context, case, mirror.bare(), &prepared.base)?;
    let prompt_hash = keep_prompt(context, case, mirror.bare(), &prepared.base)?;
    let parts = Parts { resolved, base_branch, prepared: &prepared, clone, gate, prompt_hash };
    let mut spec = spec(context, case, parts);
    furnish(context, case, &mut spec, &prepared, (&mirror, &vault))?;
    RunDir::create(&context.state, &spec, &case.goal.body, &context.redactor)?;
    Ok(spec)
}

/// Brings the base, with the contents of files that lie beside the repository, to where clones are made from.
fn take_base(
    context: &Context,
    case: &Case,
    (mirror, vault): (&Mirror, &Vault),
    base: &CommitId,
) -> Result<(), ActError> {
    if !mirror.bare().uses_lfs(base)? {
        return Ok(());
    }
    let lock = context.repo_lock(&case.repo.id);
    let _writing = lock.lock().unwrap_or_else(PoisonError::into_inner);
    vault.take(mirror, base)?;
    ready_contents(mirror, vault, base, &context.user).map_err(|error| match error {
        WorkspaceError::Git { .. } | WorkspaceError::NoContents { .. } => ActError::Origin(error),
        other => other.into(),
    })
}

/// How long a fetch holds for the goals of one evening.
const FRESH: Duration = Duration::from_secs(60);

/// Whether the mirror has all that a person may expect of this run: what was pushed before the goal was queued.
/// What a dependency landed may be younger, so its dependents always ask the origin.
fn is_fresh(mirror: &Mirror, case: &Case) -> bool {
    let since_queued = Duration::try_from_secs_f64(case.run.queue_seconds).unwrap_or_default()
        + Duration::try_from(Timestamp::now().duration_since(case.run.ordered_at)).unwrap_or_default();
    let is_young = |age: Duration| age < FRESH && age < since_queued;
    case.goal.depends.is_empty() && mirror.age().is_some_and(is_young)
}

/// Copies the base's `.ralph/` out of the agent's reach.
fn materialize_gate(
    context: &Context,
    case: &Case,
    bare: &Bare,
    base: &CommitId,
) -> Result<GateSetup, ActError> {
    let room = context.short_dir(&case.run.id);
    remove_tree(context.root(), &room)?;
    fs_err::create_dir_all(&room)?;
    let dir = scripts(&room);
    let check = bare.entry(base, ".ralph/check")?;
    // Said before a token is spent: a gate that cannot run can only ever say nothing.
    if check.as_ref().is_some_and(|check| check.is_file() && check.mode & 0o111 == 0) {
        return Err(ActError::GateNotExecutable);
    }
    bare.materialize_dir(base, ".ralph", &dir)?;
    let said = Some(context.state.gates());
    Ok(check.map_or(GateSetup::Missing, |_| GateSetup::At { dir, said }))
}

/// Keeps the base's own prompt for the run, where it has one; gives its hash. Whether it can be used, its
/// ralph says.
fn keep_prompt(
    context: &Context,
    case: &Case,
    bare: &Bare,
    base: &CommitId,
) -> Result<Option<String>, ActError> {
    let bytes = bare.read_file(base, PROMPT_FILE, PROMPT_MAX)?;
    let Some(text) = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) else { return Ok(None) };
    context.run_dir(&case.run.id).keep_prompt(&text, &context.redactor)?;
    Ok(Some(prompt_hash(&text)))
}

struct Parts<'a> {
    resolved: Resolved,
    base_branch: String,
    prepared: &'a Prepared,
    clone: PathBuf,
    gate: GateSetup,
    prompt_hash: Option<String>,
}

fn spec(context: &Context, case: &Case, parts: Parts<'_>) -> RunSpec {
    let Parts { resolved, base_branch, prepared, clone, gate, prompt_hash } = parts;
    let budget = resolved.budget();
    let (agent, model) = match &case.run.by {
        Some(_) => (PERSON.to_owned(), String::new()),
        None => (resolved.agent.value, resolved.model.value),
    };
    RunSpec {
        schema: RunSpec::SCHEMA,
        run: case.run.id.clone(),
        goal: Some(case.goal.id.clone()),
        title: case.goal.title.clone(),
        story: case.goal.story,
        attempt: case.run.attempt,
        agent,
        model,
        reasoning: resolved.reasoning.value,
        budget,
        base_branch,
        base_commit: prepared.base.to_string(),
        created_at: case.run.ordered_at,
        queue_seconds: case.run.queue_seconds,
        context: told_of_start(&case.goal.context, &prepared.start),
        by: case.run.by.clone(),
        told: case.goal.told.clone(),
        prompt_hash,
        setup: Setup {
            clone,
            room: context.short_dir(&case.run.id),
            caches: context.caches(&case.repo.id, CacheSet::Runs),
            agent: resolved.agent_setup,
            clocks: resolved.clocks,
            gate,
            read: resolved.sandbox.read,
            write: resolved.sandbox.write,
            pass: resolved.sandbox.env,
            secrets: context.settings.secrets.clone(),
            author: resolved.author,
            env: BTreeMap::new(),
            secret_files: Vec::new(),
            furnished: None,
            sleep: context.settings.sleep.value,
            bounds: resolved.bounds,
            tokens: resolved.build_tokens.pool(cores(), context.state.tokens(), resolved.heavy),
        },
    }
}

/// Tells the run how it begins.
fn told_of_start(context: &RetryContext, start: &Start) -> RetryContext {
    let told = context.clone();
    match start {
        Start::Fresh => RetryContext { is_resumed: false, ..told },
        Start::Resumed { .. } => RetryContext { is_resumed: true, ..told },
        Start::ConflictKept { files, .. } => {
            RetryContext { is_resumed: false, conflicts: files.clone(), ..told }
        }
    }
}
