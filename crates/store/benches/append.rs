//! Durable transitions a second: whole lives of goals, one transaction for each event, beside bare
//! SQLite transactions with the same promise on the same disk. The two take turns, for machines are
//! noisy: what counts is the ratio.
//!
//! `cargo bench -p herder-store`

use std::path::Path;

use herder_domain::capacity::{Admission, Capacity};
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::goal::{Goal, GoalText};
use herder_domain::judge::{Judgement, Policy};
use herder_domain::outcome::Outcome;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::{Harvest, ProcessName, RunId};
use herder_store::{NewGoal, Settings, Store};
use herder_testkit::pairs::{Bar, Failure, Figure, interleaved, pairs, seconds};
use jiff::Timestamp;
use rusqlite::Connection;

type Result<T> = std::result::Result<T, Failure>;

const LIVES: u64 = 100;
const EVENTS: u64 = 11;

fn main() -> Result<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut store = Store::open(&dir.path().join("herder.db"))?;
    let bare = bare(&dir.path().join("bare.db"))?;
    let repo: RepoId = "acme/app".parse()?;
    let (url, base_branch) = ("https://example.org/app".into(), "main".into());
    store.append(
        &Event::RepoAdded {
            repo: Repo { id: repo.clone(), url, base_branch, pushes: true, home: Home::Local },
        },
        at(),
    )?;
    let mut lives = 0;
    let pairs = interleaved(
        pairs(),
        || {
            lives += LIVES;
            rate(|| live(&mut store, &repo, lives))
        },
        || rate(|| insert(&bare)),
    )?;
    let figure = Figure::new("durable transitions", "/s", "bare SQLite inserts", pairs);
    figure.aiming_at(Bar::AtLeast(5_000.0)).tell()?;
    in_vain(store, &repo, &dir.path().join("empty.db"))
}

fn rate(act: impl FnOnce() -> Result<()>) -> Result<f64> {
    Ok((LIVES * EVENTS) as f64 / seconds(act)?)
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
        What::Landed { run: id(), commit: "c0ffee".into(), known: Vec::new() },
    ]
}

/// A planning that finds nothing to do: what every wake-up costs, with 1,000 goals that wait and with none.
fn in_vain(mut full: Store, repo: &RepoId, path: &Path) -> Result<()> {
    let mut empty = Store::open(path)?;
    for _ in 0..1_000 {
        let new = NewGoal {
            text: text(repo)?,
            story: None,
            depends: Vec::new(),
            wants_spot_check: false,
            is_queued: true,
        };
        full.create_goal(repo, new, at())?;
    }
    let pairs = interleaved(pairs(), || step_ms(&mut full), || step_ms(&mut empty))?;
    Figure::new("planning in vain, 1,000 goals wait", "ms", "none waits", pairs).tell()
}

fn step_ms(store: &mut Store) -> Result<f64> {
    let settings = Settings {
        capacity: Capacity { max: 0, admission: Admission::Open },
        policy: Policy::default(),
        default_agent: "claude".into(),
        only: None,
        max_in: std::collections::BTreeMap::new(),
        hours: herder_domain::hours::Hours::default(),
        starts_on_red: std::collections::BTreeSet::new(),
        purse: herder_domain::purse::Purse::default(),
        shares: herder_domain::share::Shares::default(),
        past_gate: std::collections::BTreeSet::new(),
        room: None,
    };
    Ok(1_000.0 * seconds(|| Ok(store.step(&settings, at())?))?)
}
