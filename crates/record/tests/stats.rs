//! `stats.jsonl`: the journal's rows and ours, each run once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

mod scene;

use std::fs;
use std::path::Path;
use std::thread;

use herder_domain::ledger::Cost;
use herder_domain::outcome::Outcome;
use herder_record::stats::StatsTail;
use herder_record::{Ending, RecordError, StatsFile, StatsRow, Totals};
use scene::{SECRET, Scene, order, spend, time};
use serde_json::Value;

fn journal() -> StatsFile {
    StatsFile::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal.jsonl"))
}

fn row(number: u64) -> StatsRow {
    let mut ending = Ending::new(Outcome::Accepted { gated: true }, time(60));
    ending.spend = spend(2);
    StatsRow::of(&order(number), &ending, "goal.md".into())
}

/// Numbers as floats and no nulls: what is the same to every reader.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Object(map) => {
            map.into_iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k, plain(v))).collect()
        }
        other => other,
    }
}

#[test]
fn rows_of_the_journal_are_read_and_come_out_as_they_went_in() {
    let read = journal().read().unwrap();
    assert_eq!((read.rows.len(), read.broken.len()), (40, 0));
    let text = fs::read_to_string(journal().path()).unwrap();
    for (row, line) in read.rows.iter().zip(text.lines()) {
        let before: Value = serde_json::from_str(line).unwrap();
        assert_eq!(plain(serde_json::to_value(row).unwrap()), plain(before));
    }
    assert_eq!(read.rows[0].started_at.at().to_string(), "2026-02-03T06:00:11Z");
}

#[test]
fn the_journals_totals_are_the_sums_of_its_rows() {
    let (totals, broken) = journal().totals().unwrap();
    assert!(broken.is_empty());
    assert_eq!(totals, Totals::of(&journal().read().unwrap().rows));
    let rows: Vec<Value> = fs::read_to_string(journal().path())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sum = |pointer: &str| rows.iter().filter_map(|row| row.pointer(pointer)?.as_f64()).sum::<f64>();
    assert_eq!(totals.all.runs, 40);
    assert!((totals.all.known_cost_usd - sum("/cost_usd")).abs() < 1e-9);
    assert_eq!(totals.all.lines_added as f64, sum("/lines_added"));
    assert_eq!(totals.all.tokens.cache_read as f64, sum("/tokens/cache_read"));
    assert!((totals.all.time_seconds.total - sum("/time_seconds/total")).abs() < 1e-6);
    assert_eq!(totals.by_outcome["done"].runs, totals.all.successes);
    assert_eq!(totals.by_model.values().map(|sum| sum.runs).sum::<u64>(), 40);
}

#[test]
fn our_row_begins_with_the_journals_fields_in_its_order() {
    let text = serde_json::to_string(&row(42)).unwrap();
    let fields = "goal_file started_at exit_reason model reasoning iterations assistant_messages tool_uses tokens \
        cost_usd time_seconds commit_start commit_end lines_added lines_deleted name schema run goal repo story \
        attempt agent agent_version ended_at outcome exit_code cost_source waiting_seconds queue_seconds gate_runs \
        gate_seconds gate_flakes flaky pr host peak_memory_bytes cpu_seconds peak_working_bytes \
        peak_processes read_bytes written_bytes labels prompt_hash";
    let mut at = 0;
    for field in fields.split_whitespace() {
        let found = text[at..].find(&format!("\"{field}\":"));
        at += found.unwrap_or_else(|| panic!("{field} is missing or out of order: {text}"));
    }
    let map: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(map.len(), fields.split_whitespace().count());
}

#[test]
fn a_run_has_one_row_however_often_and_by_whomever_it_is_added() {
    let scene = Scene::new();
    let added: usize = thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|index| {
                let scene = &scene;
                scope.spawn(move || {
                    let stats = StatsFile::at(scene.state.stats());
                    stats.append_once(&row(index % 4 + 1), &scene.redactor).unwrap()
                })
            })
            .collect();
        tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
    });
    assert_eq!(added, 4);
    let read = StatsFile::at(scene.state.stats()).read().unwrap();
    assert_eq!((read.rows.len(), read.broken.len()), (4, 0));
}

#[test]
fn a_run_whose_name_begins_like_another_is_another() {
    let scene = Scene::new();
    let stats = StatsFile::at(scene.state.stats());
    let mut odd = row(1);
    odd.name = Some(format!("about {}", row(42).run.unwrap()));
    assert!(stats.append_once(&odd, &scene.redactor).unwrap());
    assert!(stats.append_once(&row(42), &scene.redactor).unwrap());
    assert!(stats.append_once(&row(4), &scene.redactor).unwrap());
}

#[test]
fn a_row_that_a_crash_cut_short_does_not_count_and_spoils_nothing() {
    let scene = Scene::new();
    let stats = StatsFile::at(scene.state.stats());
    let whole = serde_json::to_string(&row(42)).unwrap();
    fs::write(stats.path(), &whole[..whole.len() - 2]).unwrap();
    assert!(stats.append_once(&row(42), &scene.redactor).unwrap());
    assert!(!stats.append_once(&row(42), &scene.redactor).unwrap());
    let read = stats.read().unwrap();
    assert_eq!(read.rows, [row(42)]);
    assert_eq!(read.broken.iter().map(|broken| broken.line).collect::<Vec<_>>(), [1]);
}

#[test]
fn broken_lines_are_named_and_skipped_and_unknown_fields_kept() {
    let scene = Scene::new();
    let stats = StatsFile::at(scene.state.stats());
    let good = r#"{"started_at":"2026-02-03T00:00:11-06:00","exit_reason":"done","mood":{"x":[1]}}"#;
    let huge = "x".repeat(3 * 1024 * 1024);
    fs::write(stats.path(), format!("{good}\n\nnonsense\n{huge}\n{{}}\n{good}\n\"half")).unwrap();
    let read = stats.read().unwrap();
    assert_eq!(read.rows.len(), 2);
    assert_eq!(read.rows[1].unknown["mood"], serde_json::json!({"x": [1]}));
    assert!(serde_json::to_string(&read.rows[0]).unwrap().ends_with(r#""mood":{"x":[1]}}"#));
    assert_eq!(read.broken.iter().map(|broken| broken.line).collect::<Vec<_>>(), [3, 4, 5, 7]);
    let (totals, broken) = stats.totals().unwrap();
    assert_eq!((totals.all.runs, broken.len()), (2, 4));
}

#[test]
fn an_unknown_cost_is_never_nothing() {
    let scene = Scene::new();
    let stats = StatsFile::at(scene.state.stats());
    let mut unknown = row(1);
    unknown.cost_usd = Cost::UNKNOWN;
    stats.append_once(&unknown, &scene.redactor).unwrap();
    stats.append_once(&row(2), &scene.redactor).unwrap();
    assert!(fs::read_to_string(stats.path()).unwrap().contains("\"cost_usd\":null"));
    let (totals, _) = stats.totals().unwrap();
    assert_eq!((totals.all.known_cost_usd, totals.all.unknown_costs), (0.5, 1));
    assert_eq!(totals.all.cost(), Cost::UNKNOWN);
    assert_eq!(totals.by_repo["example.org/acme/app"].runs, 2);
    let silent: StatsRow =
        serde_json::from_str(r#"{"started_at":"2026-02-03T00:00:11Z","exit_reason":"done"}"#).unwrap();
    assert_eq!(silent.cost_usd, Cost::UNKNOWN);
}

#[test]
fn a_row_is_redacted_and_names_its_run() {
    let scene = Scene::new();
    let stats = StatsFile::at(scene.state.stats());
    let mut telling = row(1);
    telling.name = Some(SECRET.into());
    stats.append_once(&telling, &scene.redactor).unwrap();
    assert!(!fs::read_to_string(stats.path()).unwrap().contains(SECRET));
    telling.run = None;
    let error = stats.append_once(&telling, &scene.redactor).unwrap_err();
    assert!(matches!(error, RecordError::RowWithoutRun { .. }));
}

#[test]
fn a_missing_file_has_no_rows() {
    let stats = StatsFile::at("/nowhere/at/all/stats.jsonl");
    assert_eq!(stats.read().unwrap().rows, []);
    assert_eq!(stats.totals().unwrap().0, Totals::default());
}

/// Everything that a follower gets now, as the numbers and texts of the lines, broken ones with a bang.
fn followed(tail: &mut StatsTail) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    while let Some(new) = tail.read().unwrap() {
        if new.is_anew {
            found.push((0, "anew".to_owned()));
        }
        found.extend(new.rows::<Value>().map(|row| match row {
            Ok((line, row)) => (line, row["n"].to_string()),
            Err(broken) => (broken.line, "!".to_owned()),
        }));
    }
    found
}

fn told(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
}

#[test]
fn a_follower_gets_each_row_once_however_it_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("stats.jsonl");
    let mut tail = StatsTail::of(&path);
    assert_eq!(followed(&mut tail), []);
    let add = |text: &str| {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    };
    add("{\"n\":1}\n\nno row\n{\"n\"");
    assert_eq!(followed(&mut tail), told(&[(1, "1"), (3, "!")]));
    add(":4}");
    assert_eq!(followed(&mut tail), told(&[(4, "4")]), "a row that nobody has ended is one");
    add("\n{\"n\":5}\n");
    assert_eq!(followed(&mut tail), told(&[(5, "5")]));
    add(&format!("{{\"n\":\"{}\"}}\n{{\"n\":7}}\n", "x".repeat(3 * 1024 * 1024)));
    assert_eq!(followed(&mut tail), told(&[(6, "!"), (7, "7")]), "a line that is too long is none");
    fs::write(&path, "{\"n\":8}\n").unwrap();
    assert_eq!(followed(&mut tail), told(&[(0, "anew"), (1, "8")]));
}
