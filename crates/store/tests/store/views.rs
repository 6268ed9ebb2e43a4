//! What views read: comments, ledger, changes of others.

use std::time::Duration;

use herder_domain::capacity::Spread;
use herder_domain::event::What;
use herder_domain::forecast::PastRun;
use herder_domain::ledger::Cost;
use herder_domain::purse::Spent;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_store::{AppendError, LedgerFilter, LedgerRow, Missing};

use crate::scene::{Scene, app, at};

#[test]
fn a_comment_with_a_key_is_written_once() {
    let mut scene = Scene::new();
    let (goal, other) = (scene.queue("One", 1), scene.queue("Two", 1));
    assert!(scene.store.comment(&goal, "herder", "stuck", Some("post-mortem"), at(2)).unwrap());
    assert!(!scene.store.comment(&goal, "herder", "stuck again", Some("post-mortem"), at(3)).unwrap());
    assert!(scene.store.comment(&other, "herder", "stuck", Some("post-mortem"), at(3)).unwrap());
    for _ in 0..2 {
        assert!(scene.store.comment(&goal, "ann", "try harder", None, at(4)).unwrap());
    }
    let said: Vec<(String, String)> =
        scene.store.comments(&goal).unwrap().into_iter().map(|c| (c.author, c.text)).collect();
    let line = |author: &str, text: &str| (author.to_owned(), text.to_owned());
    assert_eq!(said, [line("herder", "stuck"), line("ann", "try harder"), line("ann", "try harder")]);
    let nowhere = GoalRef::new(app(), 99);
    let error = scene.store.comment(&nowhere, "ann", "?", None, at(5)).unwrap_err();
    assert!(matches!(error, AppendError::Unknown(Missing::Goal(_))));
}

fn ledger_row(goal: &GoalRef, attempt: u32, cost: Cost, seconds: i64) -> LedgerRow {
    LedgerRow {
        run: RunId::of(goal, attempt),
        repo: Some(goal.repo.clone()),
        number: Some(goal.number),
        model: "sonnet".into(),
        outcome: "done".into(),
        cost,
        tokens: Some(12_345),
        duration: Duration::from_millis(1_500),
        lines_added: 7,
        lines_deleted: 2,
        ended_at: at(seconds),
        stats: r#"{"exit_reason":"done"}"#.into(),
    }
}

#[test]
fn a_repository_has_had_the_time_of_its_runs_that_ended_lately() {
    let mut scene = Scene::new();
    let (one, elsewhere) = (scene.queue("One", 1), GoalRef::new("acme/lib".parse().unwrap(), 1));
    let alone = LedgerRow { number: None, ..ledger_row(&one, 9, Cost::UNKNOWN, 300) };
    let first = ledger_row(&one, 1, Cost::UNKNOWN, 100);
    let rows =
        [ledger_row(&one, 2, Cost::UNKNOWN, 200), ledger_row(&elsewhere, 1, Cost::UNKNOWN, 200), alone];
    let time = first.duration;
    for row in rows.iter().chain([&first]) {
        scene.store.ledger_put(row).unwrap();
    }
    let had = |since| scene.store.time_at_work(at(since)).unwrap();
    assert_eq!(had(0), [(app(), time * 2), (elsewhere.repo.clone(), time)].into());
    assert_eq!(had(200), [(app(), time), (elsewhere.repo, time)].into());
    assert_eq!(had(201), [].into());
}

#[test]
fn what_was_spent_is_summed_by_goal_ever_and_by_repository_and_day_since_it_began() {
    let mut scene = Scene::new();
    let one = scene.queue("One", 1);
    let by_hand = LedgerRow { outcome: "by_hand".into(), ..ledger_row(&one, 4, Cost::UNKNOWN, 300) };
    let half = r#"{"cost_usd":null,"cost_known_usd":0.5}"#;
    let stopped = LedgerRow { stats: half.into(), ..ledger_row(&one, 3, Cost::UNKNOWN, 200) };
    let rows =
        [ledger_row(&one, 1, Cost::usd(2.0), 50), ledger_row(&one, 2, Cost::usd(1.0), 100), stopped, by_hand];
    rows.iter().for_each(|row| scene.store.ledger_put(row).unwrap());
    let ended = scene.store.spent(at(100)).unwrap();
    let time = rows[0].duration;
    let ever = Spent { usd: 3.5, unknown: 1, tokens: 3 * 12_345, time: time * 3 };
    let today = Spent { usd: 1.5, unknown: 1, tokens: 2 * 12_345, time: time * 2 };
    assert_eq!((ended.goals[&one], ended.repos[&app()], ended.day), (ever, today, today));
    assert_eq!(ended.stories, [].into());
}

#[test]
fn a_row_of_the_ledger_may_be_written_anew_and_an_unknown_cost_stays_unknown() {
    let mut scene = Scene::new();
    let (one, two) = (GoalRef::new(app(), 1), GoalRef::new(app(), 2));
    let first = ledger_row(&one, 1, Cost::UNKNOWN, 30);
    let second = ledger_row(&two, 1, Cost::usd(0.1 + 0.2), 20);
    let standalone =
        LedgerRow { run: RunId::standalone(at(0), 7), repo: None, number: None, ..first.clone() };
    for row in [&first, &second, &standalone, &first] {
        scene.store.ledger_put(row).unwrap();
    }
    let rows = |filter: LedgerFilter| scene.store.ledger_rows(&filter).unwrap();
    assert_eq!(rows(LedgerFilter::default()), [second.clone(), first.clone(), standalone.clone()]);
    assert_eq!(
        rows(LedgerFilter { goal: Some(one), ..LedgerFilter::default() }),
        std::slice::from_ref(&first)
    );
    assert_eq!(rows(LedgerFilter { repo: Some(app()), ..LedgerFilter::default() }), [second, first.clone()]);
    assert_eq!(rows(LedgerFilter { since: Some(at(30)), ..LedgerFilter::default() }), [first, standalone]);
}

#[test]
fn a_handle_learns_of_anothers_writes_and_not_of_its_own() {
    let mut scene = Scene::new();
    let goal = scene.queue("One", 1);
    let before = scene.store.data_version().unwrap();
    scene.append(&goal, What::GoalCancelled, 2).unwrap();
    assert_eq!(scene.store.data_version().unwrap(), before);
    let mut other = scene.second();
    other.comment(&goal, "ann", "why?", None, at(3)).unwrap();
    assert_ne!(scene.store.data_version().unwrap(), before);
}

#[test]
fn the_journal_is_read_on_from_any_place() {
    let mut scene = Scene::new();
    scene.queue("One", 1);
    let all = scene.store.journal(0, 99).unwrap();
    assert_eq!(all.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(scene.store.journal(1, 1).unwrap(), all[1..2]);
    assert_eq!(scene.store.journal(3, 99).unwrap(), []);
}

#[test]
fn runs_are_learned_from_by_repository_and_agent_but_for_those_that_were_cut_off() {
    let mut scene = Scene::new();
    let goal = scene.queue("One", 1);
    let row = |attempt: u32, stats: &str| LedgerRow {
        duration: Duration::from_secs(60),
        stats: stats.into(),
        ..ledger_row(&goal, attempt, Cost::UNKNOWN, i64::from(attempt))
    };
    let like = r#"{"agent":"claude","outcome":"accepted","peak_memory_bytes":900,"peak_working_bytes":500,"cpu_seconds":30.0}"#;
    let cut = r#"{"agent":"claude","outcome":"interrupted","peak_memory_bytes":9000000,"cpu_seconds":0.0}"#;
    let other = r#"{"agent":"replay","outcome":"failed","peak_memory_bytes":7}"#;
    for (attempt, stats) in (1..).zip([like, cut, like, "{}", "not JSON", other, like]) {
        scene.store.ledger_put(&row(attempt, stats)).unwrap();
    }
    let found = scene.store.footprints().unwrap();
    assert_eq!(found.len(), 1, "one run of the other agent is no experience: {found:?}");
    let footprint = found[&(app(), "claude".to_owned())];
    let same = |value: f64| Some(Spread { p50: value, p90: value });
    assert_eq!((footprint.runs, footprint.memory, footprint.cores), (3, same(500.0), same(0.5)));
    assert_eq!(footprint.seconds.p50, 60.0);
}

#[test]
fn forecasts_draw_from_the_youngest_runs_and_not_from_what_a_person_did_by_hand() {
    let mut scene = Scene::new();
    let goal = scene.queue("One", 1);
    let stats =
        r#"{"agent":"claude","gate_runs":2,"gate_seconds":50.0,"cpu_seconds":30.0,"peak_memory_bytes":900}"#;
    let row = |attempt: u32, outcome: &str, cost| LedgerRow {
        duration: Duration::from_secs(60),
        outcome: outcome.into(),
        stats: stats.into(),
        ..ledger_row(&goal, attempt, cost, i64::from(attempt))
    };
    let unlike = LedgerRow { stats: "not JSON".into(), ..row(5, "accepted", Cost::ZERO) };
    let rows = [
        row(1, "accepted", Cost::usd(1.5)),
        row(2, "interrupted", Cost::UNKNOWN),
        row(3, "by_hand", Cost::ZERO),
        row(4, "misconfigured", Cost::ZERO),
        unlike,
    ];
    rows.iter().for_each(|row| scene.store.ledger_put(row).unwrap());
    let of = |usd| PastRun {
        goal: goal.clone(),
        agent: "claude".into(),
        model: "sonnet".into(),
        usd,
        tokens: Some(12_345.0),
        seconds: 60.0,
        gate_seconds: 25.0,
        cores: Some(0.5),
        memory: Some(900.0),
    };
    assert_eq!(scene.store.past_runs().unwrap(), [of(None), of(Some(1.5))]);
}
