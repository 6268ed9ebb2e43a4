//! What stands on the pages.

use herder_record::StatsFile;
use serde_json::json;

use crate::scene::{Scene, journal};

#[test]
fn the_numbers_are_the_totals_of_the_command_line() {
    let scene = Scene::of(&journal());
    let (totals, _) = StatsFile::at(&scene.file).totals().unwrap();
    let answer = scene.json("/api/v1/numbers?by=model");
    let all = &answer["answer"]["all"];
    assert_eq!(all["done"]["of"], totals.all.runs);
    assert_eq!(all["done"]["count"], totals.all.successes);
    assert_eq!(all["tokens"], totals.all.tokens.total() as f64);
    assert_eq!(all["unknown_costs"], totals.all.unknown_costs);
    let cost = all["known_cost_usd"].as_f64().unwrap();
    assert!((cost - totals.all.known_cost_usd).abs() < 1e-9, "{cost}");
    for group in answer["answer"]["groups"].as_array().unwrap() {
        let sum = &totals.by_model[group["name"].as_str().unwrap()];
        assert_eq!(group["sum"]["done"]["of"], sum.runs);
    }
    let page = scene.get("/numbers").text;
    assert!(page.contains(&format!("<dd>{}</dd>", totals.all.runs)), "{page}");
    assert!(page.contains(&format!("${:.2}", totals.all.known_cost_usd)), "{page}");
    assert!(page.contains("Thinking, tools, overhead: "), "{page}");
}

#[test]
fn a_row_that_is_added_is_on_the_next_page_and_a_new_file_takes_the_place_of_the_old() {
    let scene = Scene::of("");
    assert!(scene.get("/numbers").text.contains("No run that ended answers to this."));
    scene.add(&row("acme/app", 1, "done", &["bug"], json!(2.5)));
    scene.add("this is no row\n");
    let answer = scene.json("/api/v1/numbers");
    assert_eq!(answer["answer"]["all"]["done"]["of"], 1);
    assert_eq!(answer["reading"]["broken"], 1);
    let page = scene.get("/numbers").text;
    assert!(page.contains("1 lines are no rows") && page.contains("line 2: "), "{page}");
    std::fs::write(&scene.file, row("acme/app", 2, "failed", &[], json!(1))).unwrap();
    herder_testkit::until::until("the new file", crate::scene::HOPELESS, || {
        let answer = scene.json("/api/v1/numbers?outcome=failed");
        (answer["answer"]["all"]["done"]["of"] == 1 && answer["reading"]["broken"] == 0).then_some(())
    });
}

#[test]
fn unknown_costs_are_told_and_never_counted_as_nothing() {
    let scene = Scene::of(
        &[
            row("acme/app", 1, "done", &[], json!(2)),
            row("acme/app", 2, "done", &[], serde_json::Value::Null),
        ]
        .concat(),
    );
    let all = &scene.json("/api/v1/numbers")["answer"]["all"];
    assert_eq!((&all["known_cost_usd"], &all["unknown_costs"]), (&json!(2.0), &json!(1)));
    assert_eq!(all["cost_per_done_goal"], json!(null));
    assert!(scene.get("/numbers").text.contains("$2.00 + 1 unknown"));
}

#[test]
fn a_label_finds_the_runs_that_have_it_among_others_and_links_keep_the_question() {
    let rows = [
        row("acme/app", 1, "done", &["bug", "small"], json!(1)),
        row("acme/app", 2, "failed", &["bug"], json!(1)),
        row("acme/lib", 3, "done", &["docs"], json!(1)),
    ];
    let scene = Scene::of(&rows.concat());
    let of = |path: &str| scene.json(path)["answer"]["all"]["done"]["of"].as_u64().unwrap();
    assert_eq!(of("/api/v1/numbers?label=bug"), 2);
    assert_eq!(of("/api/v1/numbers?label=bug&repo=acme%2Flib"), 0);
    assert_eq!(of("/api/v1/numbers?label=never"), 0);
    assert_eq!(of("/api/v1/numbers?from=2026-02-04"), 0);
    assert_eq!(of("/api/v1/numbers?from=2026-02-03&to=2026-02-03&label="), 3);
    let groups = scene.json("/api/v1/numbers?by=label");
    let names: Vec<&str> = groups["answer"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["bug", "docs", "small"]);
    let page = scene.get("/numbers?by=label&repo=acme%2Fapp").text;
    assert!(page.contains("href=\"/numbers?repo=acme%2Fapp&amp;label=bug&amp;by=label\""), "{page}");
}

#[test]
fn tables_are_downloaded_whole_and_a_name_is_no_formula() {
    let scene = Scene::of(
        &[
            row("=HYPERLINK(1)", 1, "done", &[], json!(1)),
            row("acme/\"app\", ours", 2, "done", &[], json!(0.5)),
        ]
        .concat(),
    );
    let said = scene.get("/numbers.csv?table=groups&by=repo");
    assert_eq!(said.headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = said.text.lines().collect();
    assert!(lines[0].starts_with("name,runs,runs_done,goals,"), "{}", said.text);
    assert!(lines[1].starts_with("'=HYPERLINK(1),1,1,1,1,0,1,"), "{}", said.text);
    assert!(lines[2].starts_with("\"acme/\"\"app\"\", ours\",1,1,1,1,0,0.5,"), "{}", said.text);
    let trends = scene.get("/numbers.csv?table=trends").text;
    assert!(trends.contains("all,cost_usd,2,0,1.5,0.75,0.95\n2026-02-03,cost_usd,2,0,1.5,"), "{trends}");
}

#[test]
fn kinds_of_goals_that_fail_are_told_from_bad_luck() {
    let outcome = |number: u64| if number.is_multiple_of(2) { "done" } else { "failed" };
    let luck = (1..=20).map(|number| row("acme/app", number, outcome(number), &["feature"], json!(1)));
    let bad = (21..=32).map(|number| row("acme/app", number, "stuck", &["migration"], json!(1)));
    let once = [row("acme/app", 33, "failed", &["rare"], json!(1))];
    let scene = Scene::of(&luck.chain(bad).chain(once).collect::<String>());
    let failures = &scene.json("/api/v1/failures")["failures"];
    let kinds: Vec<_> = failures["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (&kind["by"], &kind["group"]["name"]))
        .collect();
    assert_eq!(kinds, [(&json!("label"), &json!("migration"))]);
    let ended: Vec<_> = failures["outcomes"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert_eq!(ended, ["stuck", "failed"]);
    let page = scene.get("/failures").text;
    assert!(page.contains("href=\"/numbers?label=migration&amp;by=repo\""), "{page}");
    assert!(scene.get("/failures?label=never").text.contains("No run that is meant failed."));
}

/// One row as herder writes them.
pub fn row(repo: &str, goal: u64, ended: &str, labels: &[&str], cost: serde_json::Value) -> String {
    let row = json!({
        "goal_file": "goal.md", "started_at": "2026-02-03T10:00:00Z", "ended_at": "2026-02-03T11:00:00Z",
        "exit_reason": ended, "model": "sonnet", "reasoning": "med", "iterations": 3, "cost_usd": cost,
        "tokens": { "input": 10, "output": 20, "cache_read": 30, "cache_create": 0 },
        "time_seconds": { "llm": 60.0, "tools": 30.0, "other": 10.0, "total": 100.0 },
        "lines_added": 12, "lines_deleted": 3, "repo": repo, "goal": goal, "labels": labels, "agent": "claude",
    });
    format!("{row}\n")
}
