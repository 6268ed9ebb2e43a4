//! What must never be seen after a night that is over, however it was cut.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use herder_domain::event::{Event, What};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunState;
use herder_record::{Liveness, RunDir, StatsFile};
use herder_store::{LedgerFilter, Store};
use herder_testkit::{processes_with, until};
use herder_workspace::{CommitId, Vault};

use crate::PATIENCE;
use crate::scene::Scene;

/// How long the last processes of a night may take to end.
const LAST_BREATH: Duration = Duration::from_secs(10);

/// All that is wrong, each a sentence.
pub fn faults(scene: &Scene) -> Vec<String> {
    let mut faults = left_running(scene);
    let store = scene.store();
    faults.extend(store.check().unwrap().problems);
    faults.extend(store.open_effects().unwrap().into_iter().map(|open| format!("{} is open", open.key)));
    for goal in &scene.goals {
        faults.extend(faults_of_goal(scene, &store, goal));
    }
    faults.extend(faults_of_rows(scene, &store));
    faults.extend(faults_of_git(scene));
    faults.extend(held_lock(scene));
    faults.extend(litter(scene.home.path(), scene.home.path()));
    faults
}

fn left_running(scene: &Scene) -> Vec<String> {
    let begun = Instant::now();
    let left = until("processes to be gone, or not", PATIENCE, || {
        let left = processes_with(scene.home.marker());
        (left.is_empty() || begun.elapsed() > LAST_BREATH).then_some(left)
    });
    let line = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        format!("process {pid} is left: {}", String::from_utf8_lossy(&line).replace('\0', " "))
    };
    left.iter().map(line).collect()
}

fn faults_of_goal(scene: &Scene, store: &Store, id: &GoalRef) -> Vec<String> {
    let goal = store.goal(id).unwrap().unwrap();
    let vault = Vault::at(&scene.state().vault(&scene.id));
    let mut faults: Vec<String> =
        goal.quarantine.map(|why| format!("{id} is quarantined: {why}")).into_iter().collect();
    for run in store.runs_of(id).unwrap() {
        if run.state != RunState::Closed {
            faults.push(format!("{} is {}", run.id, run.state.word()));
        }
        let dir = RunDir::of(&scene.state(), run.id.clone());
        if matches!(dir.liveness(), Ok(Liveness::Alive) | Err(_)) {
            faults.push(format!("{} seems to live", run.id));
        }
        let tip = run.result.and_then(|result| result.harvest.tip);
        let is_kept = |tip: &str| vault.bare().tree_of(&CommitId::parse(tip).unwrap()).is_ok();
        if let Some(tip) = tip.filter(|tip| !is_kept(tip)) {
            faults.push(format!("the vault has lost {tip} of {}", run.id));
        }
    }
    faults
}

/// Each run that was ordered has one row in stats.jsonl and one in the ledger, and nothing else has.
fn faults_of_rows(scene: &Scene, store: &Store) -> Vec<String> {
    let ordered = store.journal(0, usize::MAX).unwrap().into_iter().filter_map(|entry| {
        let Event::Goal(happening) = entry.event else { return None };
        let What::RunOrdered { run, .. } = happening.what else { return None };
        Some(run.to_string())
    });
    let rows = StatsFile::at(scene.state().stats()).read().unwrap().rows.into_iter();
    let rows = counted(rows.map(|row| row.run.map(|run| run.to_string()).unwrap_or_default()));
    let ledger = store.ledger_rows(&LedgerFilter::default()).unwrap().into_iter();
    let ledger = counted(ledger.map(|row| row.run.to_string()));
    let ordered = counted(ordered);
    let differs = |name: &str, rows: &BTreeMap<String, usize>| {
        (*rows != ordered).then(|| format!("{name} has rows for {rows:?}, runs are {ordered:?}"))
    };
    [differs("stats.jsonl", &rows), differs("the ledger", &ledger)].into_iter().flatten().collect()
}

fn counted(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    names.for_each(|name| *counted.entry(name).or_insert(0) += 1);
    counted
}

fn faults_of_git(scene: &Scene) -> Vec<String> {
    let state = scene.state();
    let all = [scene.repo.path().to_owned(), state.vault(&scene.id), state.mirror(&scene.id)];
    let complaint = |path: &PathBuf| {
        let git = Command::new("git").arg("--git-dir").arg(path).args(["fsck", "--strict"]).output().unwrap();
        let said = String::from_utf8_lossy(&git.stderr).into_owned();
        (!git.status.success()).then(|| format!("git fsck of {}: {said}", path.display()))
    };
    all.iter().filter_map(complaint).collect()
}

fn held_lock(scene: &Scene) -> Option<String> {
    let lock = File::open(scene.state().root().join("orchestrator.lock")).unwrap();
    lock.try_lock().err().map(|error| format!("the orchestrator's lock: {error}"))
}

/// Files that nobody will ever look at again, or that keep others from their work.
fn litter(dir: &Path, home: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else { return found };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let below = path.strip_prefix(home).unwrap().display().to_string();
        if is_litter(&entry.file_name().to_string_lossy(), &below) {
            found.push(format!("{below} is left"));
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(litter(&path, home));
        }
    }
    found
}

fn is_litter(name: &str, below: &str) -> bool {
    // A push that was noted and is not known to have ended is looked at by the next push.
    let heads = [".herder-new-", "herder.scratch-"];
    let is_room = below.starts_with("home/.ralphs/.run/");
    let is_clone = below.starts_with("home/.ralphs/local/") && below.split('/').count() == 6;
    let is_git_lock = name.ends_with(".lock") && name != "orchestrator.lock";
    let is_draft = name.ends_with(".new") || name.contains(".removing-");
    is_room || is_clone || is_git_lock || is_draft || heads.iter().any(|head| name.starts_with(head))
}
