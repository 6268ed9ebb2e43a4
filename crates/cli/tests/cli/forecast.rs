//! `forecast`, and what `why` says of when.

use std::time::Duration;

use herder_domain::ledger::Cost;
use herder_domain::repo::{GoalRef, Number};
use herder_domain::run::RunId;
use herder_record::StateDir;
use herder_store::{LedgerRow, Store};
use serde_json::{Value, json};

use crate::scene::Scene;

/// Writes so many runs of goals that are long gone into the ledger: ten minutes and a dollar each.
fn remember(scene: &Scene, runs: u64) {
    let state = StateDir::at(scene.home.state());
    let mut store = Store::open(&state.database()).unwrap();
    let repo = store.repos().unwrap().remove(0).id;
    for number in 1_000..1_000 + runs {
        let goal = GoalRef { repo: repo.clone(), number: Number(number) };
        let row = LedgerRow {
            run: RunId::of(&goal, 1),
            repo: Some(repo.clone()),
            number: Some(goal.number),
            model: "sonnet".into(),
            outcome: "accepted".into(),
            cost: Cost::usd(1.0),
            tokens: Some(40_000),
            duration: Duration::from_secs(600),
            lines_added: 1,
            lines_deleted: 0,
            ended_at: "2026-11-22T22:00:00Z".parse().unwrap(),
            stats: r#"{"agent":"replay"}"#.into(),
        };
        store.ledger_put(&row).unwrap();
    }
}

#[test]
fn a_forecast_is_of_the_queue_or_of_a_goal_before_it_is_queued() {
    let scene = Scene::new();
    scene.config("agent = \"replay\"\nmax = 1\n");
    assert_eq!(scene.ok(&["forecast"]), "nothing is queued or at work\n");
    scene.goal("First", &["--queue"]);
    scene.goal("Second", &["--queue"]);
    scene.goal("Third", &[]);
    let dark = scene.ok(&["forecast"]);
    assert!(dark.contains("in no figure: acme/app#1 First, too few runs have ended"), "{dark}");
    assert!(!scene.ok(&["why", "1"]).contains("estimate"), "nothing is known");

    remember(&scene, 6);
    let told = scene.json(&["forecast"]);
    assert_eq!((&told["whole"]["goals"], &told["whole"]["usd"]["p90"]), (&json!(2), &json!(2.0)));
    assert_eq!(told["items"][1]["estimate"]["seconds"], json!({ "p50": 600.0, "p90": 600.0 }));
    let text = scene.ok(&["forecast"]);
    assert!(
        text.contains("2 goals: finishes ") && text.contains(", $2.00, 80k tokens, 20m at work"),
        "{text}"
    );

    // A draft goes behind the queue, and what is asked of it changes nothing.
    let third = &scene.json(&["forecast", "3"])["items"];
    assert_eq!(
        (third.as_array().map(Vec::len), &third[0]["goal"]),
        (Some(1), &told_name("acme/app#3", third))
    );
    let begins = |item: &Value| item["estimate"]["begins"]["p50"].as_str().unwrap().to_owned();
    assert!(begins(&third[0]) > begins(&told["items"][1]), "{third} {told}");
    assert_eq!(scene.status(3), "draft");

    let why = scene.ok(&["why", "2"]);
    assert!(
        why.contains("estimate: begins ") && why.contains("(from 6 runs of acme/app by replay)"),
        "{why}"
    );
    let whole = scene.ok(&["why"]);
    assert_eq!(whole.lines().count(), 3, "a line for each queued goal: {whole}");
    assert!(
        whole.contains("First") && whole.contains("nothing holds it") && whole.contains("all 1 slots"),
        "{whole}"
    );
    let items = scene.json(&["why"])["items"].clone();
    assert_eq!(items[1]["estimate"]["usd"]["p50"], json!(1.0));

    scene.ok(&["goal", "cancel", "1"]);
    let refused = scene.run(&["forecast", "1"]);
    assert!(
        refused.code != 0 && refused.err.contains("hint: a forecast is of goals that are drafts"),
        "{refused:?}"
    );
}

/// Names of goals in JSON are whole: with the host.
fn told_name(short: &str, items: &Value) -> Value {
    assert!(items[0]["goal"].as_str().unwrap().ends_with(short), "{items}");
    items[0]["goal"].clone()
}
