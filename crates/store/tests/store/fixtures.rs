//! A database of every schema that ever was opens for ever, with all that is in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::ailment::{Ailing, Ailment};
use herder_domain::capacity::{Farewell, Slots};
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::goal::GoalState;
use herder_domain::ledger::Cost;
use herder_domain::outcome::Outcome;
use herder_domain::pause::Scope;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::{ProcessName, RunId};
use herder_store::{Answer, LedgerFilter, LedgerRow, NewGoal, Store};
use rusqlite::Connection;

use crate::agreement::assert_agrees;
use crate::scene::{Fate, Scene, accepted, app, at, failed, number, queued, registered, text};

/// The version that this program writes.
pub const VERSION: i32 = 6;

fn fixture(version: i32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/schema-{version}.db"))
}

/// Makes the fixture of the present version, where there is none yet: `cargo test -p herder-store
/// -- --ignored write_the_fixture`. A fixture that was released is never made anew.
#[test]
#[ignore = "writes a file of this repository"]
fn write_the_fixture() {
    let path = fixture(VERSION);
    if path.exists() {
        return;
    }
    let scene = furnished();
    let source = scene.path();
    let Scene { store, dir } = scene;
    drop(store);
    fs::copy(source, path).unwrap();
    drop(dir);
}

/// One of everything: goals 2 to 9 stand in the eight states, two of them belong to story 1.
fn furnished() -> Scene {
    let mut scene = Scene::new();
    scene.store.create_story(&app(), "Flags", "All of them.", at(0)).unwrap();
    for (title, head) in [
        ("A draft", ""),
        ("One that waits", "Depends: #2, acme/other#7"),
        ("One at work", "---\nmodel: opus\nreasoning: high\nduration: 1h30m\nbudget: 2.5\n---\nStory: #1"),
        ("One to look at", ""),
        ("One that landed", "Story: #1"),
        ("One that is stuck", ""),
        ("One that was cancelled", ""),
        ("One that was resolved", ""),
    ] {
        let head = format!("{head}\n");
        let new = NewGoal { is_queued: false, ..queued(text(&app(), title, head.trim_end())) };
        scene.store.create_goal(&app(), new, at(1)).unwrap();
    }
    let review = Outcome::NeedsReview { summary: "Look at the flag's name.".into() };
    let broke = Outcome::BudgetSpent { detail: "$5 of $5".into() };
    for (n, outcomes) in [(6, vec![accepted()]), (5, vec![review]), (7, vec![failed(), broke])] {
        scene.append(&goal(n), What::GoalQueued, 10).unwrap();
        for (round, outcome) in (1..).zip(outcomes) {
            scene.end(&goal(n), outcome, Fate::Green, 1_000 * round);
        }
    }
    scene.append(&goal(4), What::GoalQueued, 4_000).unwrap();
    scene.launch(&goal(4), 4_001);
    scene.append(&goal(3), What::GoalQueued, 4_002).unwrap();
    scene.append(&goal(8), What::GoalCancelled, 4_003).unwrap();
    scene.append(&goal(9), What::GoalResolved, 4_004).unwrap();
    let (agent, why) = ("codex".into(), "no login".into());
    scene.store.append(&Event::AccountParked { agent, until: None, why }, at(4_005)).unwrap();
    let (until, reason) = (Some(at(90_000)), Some("the model is moody".into()));
    scene.store.append(&Event::Paused { scope: story_one(), until, reason }, at(4_005)).unwrap();
    let max = Slots::fixed(3);
    scene.store.append(&Event::MaxSet { repo: Some(app()), max }, at(4_005)).unwrap();
    let farewell = Farewell::Drain;
    scene.store.append(&Event::DownAsked { orchestrator: gone(), farewell }, at(4_005)).unwrap();
    scene.store.comment(&goal(1), "ann", "A long one.", None, at(4_006)).unwrap();
    scene.store.comment(&goal(6), "ann", "Thank you.", Some("thanks"), at(4_006)).unwrap();
    let Event::RepoAdded { repo } = registered(&far()) else { unreachable!() };
    scene.store.append(&Event::RepoAdded { repo: Repo { home: Home::Github, ..repo } }, at(4_006)).unwrap();
    scene.store.append(&Event::RepoAiling { repo: far(), ailment: red() }, at(4_007)).unwrap();
    scene.store.keep_answer(ACCOUNT, ADDRESS, &answer(), at(4_006)).unwrap();
    scene.store.keep_budget(ACCOUNT, "{}").unwrap();
    scene.store.note_told("notify/acme/app#5/x", ["chat", "phone"], at(4_008)).unwrap();
    scene.store.ledger_put(&ledger_row()).unwrap();
    scene.store.ledger_put(&uncounted()).unwrap();
    scene
}

fn far() -> RepoId {
    "acme/far".parse().unwrap()
}

fn red() -> Ailment {
    Ailment::RedBase { branch: "main".into(), commit: "7ee".into(), checks: vec!["ci".into()] }
}

const ACCOUNT: &str = "github.com";
const ADDRESS: &str = "https://api.github.com/repos/acme/far/issues/1";

fn answer() -> Answer {
    Answer { etag: "\"e\"".into(), body: b"{}".to_vec(), next: None }
}

fn story_one() -> Scope {
    Scope::Story { story: goal(1) }
}

/// An orchestrator that is no more.
fn gone() -> ProcessName {
    ProcessName { pid: 42, start_time: 4_711, boot_id: "an earlier one".into() }
}

fn goal(n: u64) -> GoalRef {
    GoalRef::new(app(), n)
}

fn ledger_row() -> LedgerRow {
    LedgerRow {
        run: RunId::of(&goal(6), 1),
        repo: Some(app()),
        number: Some(number(6)),
        model: "sonnet".into(),
        outcome: "done".into(),
        cost: Cost::usd(0.25),
        tokens: Some(1_000),
        duration: Duration::from_secs(90),
        lines_added: 3,
        lines_deleted: 0,
        ended_at: at(1_000),
        stats: r#"{"exit_reason":"done"}"#.into(),
    }
}

/// The run of an agent that tells neither of tokens nor of money.
fn uncounted() -> LedgerRow {
    let run = RunId::of(&goal(7), 1);
    LedgerRow { run, number: Some(number(7)), cost: Cost::UNKNOWN, tokens: None, ..ledger_row() }
}

#[test]
fn every_schema_that_ever_was_opens_with_all_that_is_in_it() {
    for version in 1..=VERSION {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("herder.db");
        fs::copy(fixture(version), &path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut store = Store::open(&path).unwrap();
        assert_furnished(&store);
        if version >= 2 {
            assert_operated(&store);
        }
        if version >= 3 {
            assert_eq!(ledger(&store, &goal(7)), [uncounted()]);
        }
        if version >= 4 {
            assert_on_forge(&store);
        }
        if version >= 5 {
            assert_ailing(&store);
        }
        if version >= 6 {
            assert_told(&store);
        }
        assert_eq!(store.check().unwrap().schema, VERSION);
        let new = queued(text(&app(), "Work goes on", ""));
        assert_eq!(store.create_goal(&app(), new, at(9_000)).unwrap(), goal(10));
        assert_agrees(&store);
    }
}

#[test]
fn the_fixture_is_what_this_program_writes() {
    let scene = furnished();
    assert_furnished(&scene.store);
    assert_operated(&scene.store);
    assert_eq!(ledger(&scene.store, &goal(7)), [uncounted()]);
    assert_on_forge(&scene.store);
    assert_ailing(&scene.store);
    assert_told(&scene.store);
}

#[test]
fn tokens_that_an_older_schema_had_as_none_are_unknown_where_the_money_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("herder.db");
    fs::copy(fixture(2), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let conn = Connection::open(&path).unwrap();
    let columns = "repo, number, model, outcome, cost_usd, tokens, seconds, lines_added, lines_deleted, ended_at, stats";
    for (run, cost, tokens) in [("silent", "NULL", 0), ("free", "0.0", 0), ("counted", "NULL", 7)] {
        let values = "90.0, 3, 0, ended_at, stats FROM ledger LIMIT 1";
        let insert = format!(
            "INSERT INTO ledger (run, {columns})
             SELECT '{run}', repo, 8, model, outcome, {cost}, {tokens}, {values}"
        );
        conn.execute(&insert, []).unwrap();
    }
    drop(conn);
    let store = Store::open(&path).unwrap();
    let rows = ledger(&store, &goal(8));
    let told: Vec<_> = rows.iter().map(|row| (row.run.as_str(), row.tokens)).collect();
    assert_eq!(told, [("counted", Some(7)), ("free", Some(0)), ("silent", None)]);
    let health = store.check().unwrap();
    assert_eq!((health.schema, health.problems), (VERSION, Vec::new()));
}

fn ledger(store: &Store, goal: &GoalRef) -> Vec<LedgerRow> {
    store.ledger_rows(&LedgerFilter { goal: Some(goal.clone()), ..LedgerFilter::default() }).unwrap()
}

/// What the sixth version of the schema brought.
fn assert_told(store: &Store) {
    let ways = store.told_by("notify/acme/app#5/x").unwrap();
    assert_eq!(ways.into_iter().collect::<Vec<_>>(), ["chat", "phone"]);
}

/// What the fifth version of the schema brought.
fn assert_ailing(store: &Store) {
    let ailing = Ailing { since: at(4_007), ailment: red() };
    assert_eq!(store.ailments().unwrap().into_iter().collect::<Vec<_>>(), [(far(), ailing)]);
}

/// What the fourth version of the schema brought.
fn assert_on_forge(store: &Store) {
    let homes: Vec<_> = store.repos().unwrap().into_iter().map(|repo| (repo.id.short(), repo.home)).collect();
    assert_eq!(homes, [("acme/app".into(), Home::Local), ("acme/far".into(), Home::Github)]);
    assert_eq!(store.answer(ACCOUNT, ADDRESS).unwrap(), Some(answer()));
    assert_eq!(store.budget(ACCOUNT).unwrap().as_deref(), Some("{}"));
}

/// What the second version of the schema brought.
fn assert_operated(store: &Store) {
    let pause = &store.pauses().unwrap()[&story_one()];
    assert_eq!((pause.until, pause.reason.as_deref()), (Some(at(90_000)), Some("the model is moody")));
    assert_eq!(store.limits().unwrap().in_repo[&app()].most(), 3);
    assert_eq!(store.farewell(&gone()).unwrap(), Some(Farewell::Drain));
    let next = ProcessName { start_time: 4_712, ..gone() };
    assert_eq!(store.farewell(&next).unwrap(), None, "the next one with its number is another");
    assert_eq!(store.comments(&goal(1)).unwrap()[0].text, "A long one.");
}

fn assert_furnished(store: &Store) {
    assert_agrees(store);
    let words: Vec<&str> = (2..=9).map(|n| store.goal(&goal(n)).unwrap().unwrap().state.word()).collect();
    // The repository is a local one: nothing of it is offered by a pull request.
    assert_eq!(words, GoalState::WORDS.into_iter().filter(|word| *word != "offered").collect::<Vec<_>>());
    let waiting = store.goal(&goal(3)).unwrap().unwrap();
    assert_eq!(waiting.depends, [goal(2), GoalRef::new("acme/other".parse().unwrap(), 7)]);
    let at_work = store.goal(&goal(4)).unwrap().unwrap();
    assert_eq!(at_work.options.duration, Some("1h30m".parse().unwrap()));
    assert_eq!(store.active_runs().unwrap()[0].id, RunId::of(&goal(4), 1));
    let landed = store.landing(&RunId::of(&goal(6), 1)).unwrap().unwrap();
    assert_eq!((landed.state.word(), landed.base_branch.as_str()), ("landed", "main"));
    assert_eq!(store.runs_of(&goal(7)).unwrap().len(), 2);
    assert_eq!(store.parked().unwrap()["codex"].why, "no login");
    let standing = &store.story_standings().unwrap()[&goal(1)];
    assert_eq!((standing.goals, standing.unsettled), (2, 1));
    assert_eq!(store.comments(&goal(6)).unwrap()[0].text, "Thank you.");
    assert_eq!(ledger(store, &goal(6)), [ledger_row()]);
    assert_eq!(store.transitions(&goal(7)).unwrap().last().unwrap().to, "stuck");
    assert_eq!(store.repos().unwrap()[0].id, app());
}
