//! Collect: bring a run's work into the vault and look at what it changed.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use globset::{Glob, GlobSet, GlobSetBuilder};
use herder_config::{GatePolicy, Review};
use herder_domain::event::{Event, What};
use herder_domain::follow_up::FollowUp;
use herder_domain::gate::{Asked, Flake, Verdict};
use herder_domain::hand::HandEnd;
use herder_domain::outcome::Outcome;
use herder_domain::run::{Harvest, RunSpec, RunState};
use herder_record::{Ending, RunDir, RunLock, RunWriter};
use herder_workspace::{ChangeKind, CommitId, DiffFacts, FileChange, SnapshotLimits, SnapshotOrder, Vault};
use jiff::Timestamp;

use super::furnish::tear_down;
use super::{ActError, Acted};
use crate::context::{Case, Context, private_git, run_key};
use crate::landing::base_found_red;

/// How many paths a spot-check names.
const NAMED_MAX: usize = 12;

pub(super) fn collect(context: &Context, case: &Case) -> Result<Acted, ActError> {
    // Whatever its ralph and keepers left: nothing may write while the last snapshot is taken.
    let dir = context.run_dir(&case.run.id);
    context.swept.end_strays(&case.run, &dir)?;
    context.swept.note(&case.run.id);
    let harvest = match dir.spec()? {
        Some(spec) => {
            let harvest = harvest(context, case, &dir, &spec)?;
            tear_down(context, &spec);
            harvest
        }
        None => Harvest::default(),
    };
    let mut events = found_by_gate(case, &dir)?;
    events.push(Event::of(&case.goal.id, What::RunCollected { run: case.run.id.clone(), harvest }));
    Ok(Acted { events, ..Acted::default() })
}

/// What the run's own gate brought to light beside the work: flakes, and a base branch that is red itself.
fn found_by_gate(case: &Case, dir: &RunDir) -> Result<Vec<Event>, ActError> {
    let run = &case.run.id;
    let flakes: Vec<Flake> = dir.iterations()?.into_iter().filter_map(|one| one.flake).collect();
    let flaked =
        flakes.into_iter().map(|flake| What::GateFlaked { run: run.clone(), asked: Asked::ByRun, flake });
    let base = dir.base_said()?.and_then(|base| base_found_red(run, &base));
    Ok(flaked.chain(base).map(|what| Event::of(&case.goal.id, what)).collect())
}

fn harvest(context: &Context, case: &Case, dir: &RunDir, spec: &RunSpec) -> Result<Harvest, ActError> {
    let left_out = last_snapshot(context, case, dir, spec)?;
    let lock = context.repo_lock(&case.repo.id);
    let writing = lock.lock().unwrap_or_else(PoisonError::into_inner);
    let mirror = context.mirror(&case.repo)?;
    let vault = context.vault(&case.repo, &mirror)?;
    let (private, key) = (private_git(dir, spec, &case.run)?, run_key(&case.run)?);
    let last = match private.exists() {
        true => vault.fetch_run(&private, &key)?,
        // It goes when a run is closed: a database from a backup may not know yet that this one was.
        false => vault.snapshots(&key)?.pop().map(|(_, commit)| commit),
    };
    drop(writing);
    let tip = handed_in(dir)?.or(last);
    end_by_hand(context, case, dir, tip.as_ref(), &vault)?;
    let iterations = dir.iterations()?;
    // An iteration that a limit cut off has not answered what the gate said before.
    let answered = iterations.iter().rev().find(|iteration| iteration.status.is_some());
    let refusal = answered.and_then(|last| last.gate.as_ref()).and_then(Verdict::refusal);
    let mut harvest = Harvest {
        tip: tip.as_ref().map(ToString::to_string),
        gate_tail: refusal.map(|refusal| refusal.tail.clone()),
        gate_failures: refusal.map(|refusal| refusal.failures.clone()).unwrap_or_default(),
        last_progress: dir.progress()?.pop().map(|last| last.progress),
        keeps_clone: !left_out.is_empty(),
        left_out,
        push_needs_leave: !case.repo.pushes,
        follow_ups: FollowUp::gathered(iterations.into_iter().flat_map(|iteration| iteration.follow_ups)),
        ..Harvest::default()
    };
    if let Some(tip) = tip {
        let base = CommitId::parse(&spec.base_commit)?;
        // The vault keeps the base for ever; the mirror is a cache.
        let review = context.review((vault.bare(), &base))?;
        look_at(&vault, (&base, &tip), &review, &mut harvest)?;
    }
    Ok(harvest)
}

/// The snapshot that a run's own end speaks of. What its gate left in the clone since then is kept, and is
/// no work.
fn handed_in(dir: &RunDir) -> Result<Option<CommitId>, ActError> {
    let Some(ending) = dir.ending()? else { return Ok(None) };
    let snapshot = match ending.outcome {
        Outcome::Accepted { .. }
        | Outcome::Undecided { .. }
        | Outcome::NeedsReview { .. }
        | Outcome::Blocked { .. } => ending.snapshot,
        Outcome::Failed { .. }
        | Outcome::Interrupted { .. }
        | Outcome::BudgetSpent { .. }
        | Outcome::ByHand { .. }
        | Outcome::Misconfigured { .. } => None,
    };
    Ok(snapshot.map(|commit| CommitId::parse(&commit)).transpose()?)
}

/// A run by hand has no ralph that would write its outcome. What a person drops is no work of the goal's: its
/// branch goes back to where it was.
fn end_by_hand(
    context: &Context,
    case: &Case,
    dir: &RunDir,
    tip: Option<&CommitId>,
    vault: &Vault,
) -> Result<(), ActError> {
    let RunState::Reported { outcome: outcome @ Outcome::ByHand { end, .. } } = &case.run.state else {
        return Ok(());
    };
    match end {
        HandEnd::Dropped => vault.go_back(&run_key(&case.run)?)?,
        HandEnd::Finished | HandEnd::Back => {}
    }
    if dir.ending()?.is_none()
        && let Some(lock) = RunLock::try_take(dir)?
    {
        let snapshot = tip.map(ToString::to_string);
        let ending = Ending { snapshot, ..Ending::new(outcome.clone(), Timestamp::now()) };
        RunWriter::new(dir.clone(), lock, Arc::clone(&context.redactor)).finish(&ending)?;
    }
    Ok(())
}

/// Records what lies in the clone now: a ralph that was killed could not. Gives what lies there that no
/// snapshot takes, at most a dozen of it.
fn last_snapshot(
    context: &Context,
    case: &Case,
    dir: &RunDir,
    spec: &RunSpec,
) -> Result<Vec<String>, ActError> {
    if !spec.setup.clone.is_dir() {
        return Ok(Vec::new());
    }
    let last = dir.iterations()?.last().map_or(0, |last| last.iteration);
    let taken = private_git(dir, spec, &case.run)?.snapshot(&SnapshotOrder {
        iteration: last + 1,
        message: format!("{} at its end\n\n{}", spec.run, spec.title),
        signature: context.signature(),
        limits: SnapshotLimits::default(),
    })?;
    let named = taken.skipped.iter().take(NAMED_MAX);
    Ok(named.map(|skipped| format!("{} ({})", skipped.path.display(), skipped.why)).collect())
}

fn look_at(
    vault: &Vault,
    (base, tip): (&CommitId, &CommitId),
    review: &Review,
    harvest: &mut Harvest,
) -> Result<(), ActError> {
    let DiffFacts { files, lines_added, lines_deleted } = vault.bare().diff(base, tip)?;
    let protect = globs(&review.protect);
    let tests = globs(&review.test_globs);
    harvest.waives_gate = review.gate == GatePolicy::Waived;
    harvest.files_changed = files.len() as u64;
    harvest.lines_added = lines_added;
    harvest.lines_deleted = lines_deleted;
    let named = |wanted: &dyn Fn(&FileChange) -> bool| {
        files
            .iter()
            .filter(|file| wanted(file))
            .take(NAMED_MAX)
            .map(|file| file.path.display().to_string())
            .collect()
    };
    harvest.protected =
        named(&|file| paths(file).any(|path| path.starts_with(".ralph") || protect.is_match(path)));
    harvest.deleted_tests = named(&|file| loses_test(file, &tests));
    Ok(())
}

fn paths(file: &FileChange) -> impl Iterator<Item = &Path> {
    [Some(file.path.as_path()), file.old_path.as_deref()].into_iter().flatten()
}

fn loses_test(file: &FileChange, tests: &GlobSet) -> bool {
    match file.kind {
        ChangeKind::Deleted => tests.is_match(&file.path),
        ChangeKind::Renamed => {
            file.old_path.as_ref().is_some_and(|old| tests.is_match(old)) && !tests.is_match(&file.path)
        }
        ChangeKind::Added | ChangeKind::Modified | ChangeKind::TypeChanged => false,
    }
}

/// Globs that the configuration has vetted; one that is none matches nothing.
fn globs(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    patterns.iter().filter_map(|pattern| Glob::new(pattern).ok()).for_each(|glob| {
        set.add(glob);
    });
    set.build().unwrap_or_default()
}
