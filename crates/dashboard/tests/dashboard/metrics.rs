//! Figures for Prometheus, read by a parser and held against its naming conventions.

use std::io::Write;
use std::process::{Command, Stdio};

use prometheus_parse::{Scrape, Value};
use serde_json::json;

use crate::pages::row;
use crate::scene::{Scene, journal};
use crate::stage::Stage;

fn scraped(text: &str) -> Scrape {
    Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap()
}

/// The figure of a name with a label's value, where it has one.
fn figure(scrape: &Scrape, name: &str, label: Option<(&str, &str)>) -> Option<f64> {
    let is_meant = |sample: &&prometheus_parse::Sample| {
        sample.metric == name && label.is_none_or(|(key, value)| sample.labels.get(key) == Some(value))
    };
    scrape.samples.iter().find(is_meant).map(|sample| match sample.value {
        Value::Counter(figure) | Value::Gauge(figure) => figure,
        ref other => panic!("{name}: {other:?}"),
    })
}

#[test]
fn figures_are_those_of_the_pages() {
    let stage = Stage::new();
    std::fs::write(stage.state.stats(), row("acme/app", 1, "done", &[], json!(2.5))).unwrap();
    let read = || {
        let said = stage.get("/metrics");
        assert_eq!(said.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        scraped(&said.text)
    };
    let scrape = herder_testkit::until::until("the row is counted", crate::scene::HOPELESS, || {
        Some(read()).filter(|scrape| figure(scrape, "herder_cost_dollars_total", None) == Some(2.5))
    });
    for (name, label, expected) in [
        ("herder_up", None, 0.0),
        ("herder_goals", Some(("state", "running")), 1.0),
        ("herder_goals", Some(("state", "spot-check")), 1.0),
        ("herder_goals", Some(("state", "draft")), 1.0),
        ("herder_goals_needing_person", None, 1.0),
        ("herder_slots", None, 1.0),
        ("herder_slots_taken", None, 1.0),
        ("herder_runs_ended_total", Some(("outcome", "done")), 1.0),
        ("herder_run_seconds_total", Some(("kind", "thinking")), 60.0),
    ] {
        assert_eq!(figure(&scrape, name, label), Some(expected), "{name} {label:?}");
    }
}

/// <https://prometheus.io/docs/practices/naming/>, as far as a program can tell.
#[test]
fn names_keep_to_the_conventions_and_each_says_what_it_is() {
    let text = Stage::new().get("/metrics").text;
    let scrape = scraped(&text);
    for sample in &scrape.samples {
        let name = sample.metric.as_str();
        assert!(name.starts_with("herder_"), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        let is_counter = matches!(sample.value, Value::Counter(_));
        assert_eq!(name.ends_with("_total"), is_counter, "{name}: {:?}", sample.value);
        assert!(scrape.docs.get(name).is_some_and(|about| about.ends_with('.')), "{name} has no help");
    }
    for unit in ["_ms", "_usd", "_kb", "_minutes", "_percent"] {
        assert!(!text.contains(unit), "{unit}");
    }
    let alone = Scene::of(&journal());
    let scrape = scraped(&alone.get("/metrics").text);
    assert!(figure(&scrape, "herder_runs_ended_total", None).is_some());
    assert!(figure(&scrape, "herder_up", None).is_none(), "a file of rows says nothing of this machine");
}

const CONTRIB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib");
const RULES: &str = include_str!("../../../../contrib/prometheus/herder.rules.yml");
const BOARD: &str = include_str!("../../../../contrib/grafana/herder.json");

/// The names of figures in a text.
fn named(text: &str) -> std::collections::BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("herder_")).collect()
}

#[test]
fn what_grafana_and_alerts_ask_for_is_told() {
    let mut stage = Stage::new();
    std::fs::write(stage.state.stats(), row("acme/app", 1, "done", &[], json!(2.5))).unwrap();
    stage.measure();
    stage.park();
    let told = herder_testkit::until::until("the row is counted", crate::scene::HOPELESS, || {
        let text = stage.get("/metrics").text;
        (figure(&scraped(&text), "herder_cost_dollars_total", None) == Some(2.5)).then_some(text)
    });
    let scrape = scraped(&told);
    let told: std::collections::BTreeSet<&str> =
        scrape.samples.iter().map(|sample| sample.metric.as_str()).collect();
    let (board, rules) = (named(BOARD), named(RULES));
    assert!(board.len() > 10 && rules.len() > 5, "{board:?} {rules:?}");
    for name in board.union(&rules) {
        assert!(told.contains(name), "{name} is asked for and not told: {told:?}");
    }
    // Which labels are chosen by, and with what.
    for (name, label, value) in [
        ("herder_goals", "state", "queued"),
        ("herder_runs_ended_total", "outcome", "done"),
        ("herder_machine_pressure_ratio", "resource", "memory"),
    ] {
        assert!(figure(&scrape, name, Some((label, value))).is_some(), "{name} {label}={value}");
    }
    let board: serde_json::Value = serde_json::from_str(BOARD).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert!(panels.iter().all(|panel| panel["targets"][0]["expr"].is_string()), "{panels:?}");
}

mod promtool {
    use super::*;

    #[test]
    #[ignore = "needs promtool: cargo xtask test --suite prometheus"]
    fn promtool_finds_nothing_to_object_to_in_the_alerts() {
        let rules = format!("{CONTRIB}/prometheus/herder.rules.yml");
        let said = Command::new("promtool").args(["check", "rules", &rules]).output().unwrap();
        let text =
            String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success() && text.contains("8 rules found"), "{text}");
    }

    #[test]
    #[ignore = "needs promtool: cargo xtask test --suite prometheus"]
    fn promtool_finds_nothing_to_object_to() {
        let stage = Stage::new();
        std::fs::write(stage.state.stats(), row("acme/app", 1, "done", &[], json!(2.5))).unwrap();
        let mut check = Command::new("promtool");
        check.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut check = check.spawn().unwrap();
        check.stdin.take().unwrap().write_all(stage.get("/metrics").text.as_bytes()).unwrap();
        let said = check.wait_with_output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        assert_eq!((said.stdout, said.stderr), (Vec::new(), Vec::new()));
    }
}
