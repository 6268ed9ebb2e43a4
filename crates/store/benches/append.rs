//! Durable transitions a second: whole lives of goals, one transaction for each event, beside bare
//! SQLite transactions with the same promise on the same disk. The two take turns, for machines are
//! noisy: what counts is the ratio.
//!
//! `cargo bench -p herder-store`

use std::path::Path;
use std::time::Instant;

use herder_domain::capacity::{Admission, Capacity};
use herder_domain::event::{Event, Repo, What};
use herder_domain::goal::{Goal, GoalText};
use herder_domain::judge::{Judgement, Policy};
use herder_domain::outcome::Outcome;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::{Harvest, ProcessName, RunId};
use herder_store::{NewGoal, Settings, Store};
use jiff::Timestamp;
use rusqlite::Connection;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PAIRS: usize = 11;
const LIVES: u64 = 100;
const EVENTS: u64 = 11;

#[expect(clippy::print_stdout, reason = "a figure is all that it is for")]
fn main() -> Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut store = Store::open(&dir.path().join("herder.db"))?;
    let bare = bare(&dir.path().join("bare.db"))?;
    let repo: RepoId = "acme/app".parse()?;
    let (url, base_branch) = ("https://example.org/app".into(), "main".into());
    store.append(
        &Event::RepoAdded { repo: Repo { id: repo.clone(), url, base_branch, pushes: true } },
        at(),
    )?;
    let mut pairs = Vec::new();
    for round in 0..PAIRS as u64 {
        let ours = rate(|| live(&mut store, &repo, round * LIVES))?;
        let theirs = rate(|| insert(&bare))?;
        pairs.push((ours, theirs));
    }
    let ours = median(pairs.iter().map(|(ours, _)| *ours).collect());
    let theirs = median(pairs.iter().map(|(_, theirs)| *theirs).collect());
    let ratio = median(pairs.iter().map(|(ours, theirs)| ours / theirs).collect());
    println!(
        "appended events: {ours:.0}/s, bare inserts: {theirs:.0}/s, ratio {ratio:.2} (median of {PAIRS})"
    );
    let (quiet, waiting) = plan(&mut store, &repo)?;
    println!(
        "a planning that finds nothing to do: {quiet:.2} ms, with 1,000 goals that wait: {waiting:.2} ms"
    );
    Ok(())
}

fn rate(act: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begun = Instant::now();
    act()?;
    Ok((LIVES * EVENTS) as f64 / begun.elapsed().as_secs_f64())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn bare(path: &Path) -> Result<Connection> {
    let bare = Connection::open(path)?;
    bare.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE journal (seq INTEGER PRIMARY KEY, at TEXT, event TEXT)",
    )?;
    Ok(bare)
}

fn insert(bare: &Connection) -> Result<()> {
    let event = "x".repeat(200);
    for _ in 0..LIVES * EVENTS {
        bare.execute_batch("BEGIN IMMEDIATE")?;
        bare.prepare_cached("INSERT INTO journal (at, event) VALUES ('now', ?)")?.execute([&event])?;
        bare.execute_batch("COMMIT")?;
    }
    Ok(())
}

fn text(repo: &RepoId) -> Result<GoalText> {
    Ok(GoalText::read(repo, "Add a flag", &format!("## Objective\n{}\n", "Add the flag. ".repeat(70)))?)
}

fn live(store: &mut Store, repo: &RepoId, first: u64) -> Result<()> {
    for n in 1..=LIVES {
        let goal = GoalRef::new(repo.clone(), first + n);
        let draft = Box::new(Goal::draft(goal.clone(), text(repo)?, at()));
        for what in life(&goal, draft) {
            store.append(&Event::of(&goal, what), at())?;
        }
    }
    Ok(())
}

fn life(goal: &GoalRef, draft: Box<Goal>) -> [What; EVENTS as usize] {
    let run = RunId::of(goal, 1);
    let id = || run.clone();
    let process = ProcessName { pid: 4242, start_time: 1, boot_id: "b".into() };
    let (base_branch, agent) = ("main".into(), "claude".into());
    [
        What::GoalCreated { draft },
        What::GoalQueued,
        What::RunOrdered { run: id(), attempt: 1 },
        What::RunClaimed { run: id() },
        What::RunPrepared { run: id(), base_branch, agent },
        What::RunLaunched { run: id(), process },
        What::RunReported { run: id(), outcome: Outcome::Accepted { gated: true } },
        What::RunCollected { run: id(), harvest: Harvest::default() },
        What::RunJudged { run: id(), judgement: Judgement::Land },
        What::RunClosed { run: id() },
        What::Landed { run: id(), commit: "c0ffee".into() },
    ]
}

/// Milliseconds of a planning in vain, before and after 1,000 goals were queued.
fn plan(store: &mut Store, repo: &RepoId) -> Result<(f64, f64)> {
    let settings = Settings {
        capacity: Capacity { max: 0, admission: Admission::Open },
        policy: Policy::default(),
        default_agent: "claude".into(),
        only: None,
        max_in: std::collections::BTreeMap::new(),
    };
    let quiet = planning(store, &settings)?;
    for _ in 0..1_000 {
        let new = NewGoal {
            text: text(repo)?,
            story: None,
            depends: Vec::new(),
            wants_spot_check: false,
            is_queued: true,
        };
        store.create_goal(repo, new, at())?;
    }
    Ok((quiet, planning(store, &settings)?))
}

fn planning(store: &mut Store, settings: &Settings) -> Result<f64> {
    let mut all = Vec::new();
    for _ in 0..PAIRS {
        let begun = Instant::now();
        store.step(settings, at())?;
        all.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(all))
}
