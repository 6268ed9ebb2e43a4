//! What is at work, as pages and JSON show it.

use std::io::{BufRead, BufReader};

use herder_domain::event::What;
use herder_domain::frost::Chill;
use herder_record::Phase;
use serde_json::json;

use crate::stage::{Stage, TITLE};

#[test]
fn now_tells_what_needs_a_person_runs_and_waits_and_why() {
    let stage = Stage::new();
    let now = &stage.json("/api/v1/state")["now"];
    assert_eq!(now["needs"][0]["goal"], "acme/app#5", "{now}");
    assert_eq!(now["needs"][0]["reasons"], json!(["the goal asks for a look"]));
    let running = &now["running"][0];
    assert_eq!((&running["goal"], &running["title"]), (&json!("acme/app#2"), &json!(TITLE)));
    assert_eq!((&running["phase"], &running["iteration"]), (&json!("working"), &json!(2)));
    assert_eq!(running["cost"], 1.25);
    assert_eq!(now["queue"][0]["reasons"], json!(["all 1 slots are taken"]));
    assert_eq!((&now["queued"], &now["states"]["draft"]), (&json!(1), &json!(1)));
    assert_eq!((&now["capacity"]["taken"], &now["capacity"]["max"]), (&json!(1), &json!(1)));
    let page = stage.get("/now").text;
    for part in ["Needs me (1)", "Running (1)", "Queue (1)", "all 1 slots are taken", "$1.25", "1 of 1"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("No orchestrator is at work."), "{page}");
    assert!(page.contains("Add &lt;b&gt;bold&lt;/b&gt; &amp; more") && !page.contains("<b>bold"), "{page}");
}

#[test]
fn a_frozen_run_is_told_of_wherever_it_is_listed() {
    let mut stage = Stage::new();
    let why = Chill::Person { by: "ann".into() };
    stage.append(2, What::RunFrozen { run: Stage::run(2), why });
    let running = &stage.json("/api/v1/state")["now"]["running"][0];
    assert_eq!(running["phase"], "frozen");
    assert!(running["detail"].as_str().unwrap().starts_with("ann froze it at "), "{running}");
    assert!(stage.get("/now").text.contains("frozen · ann froze it"));
    assert!(stage.get("/goals/example.org/acme/app/2").text.contains("running (frozen)"));
}

#[test]
fn a_goal_is_shown_with_its_time_its_gate_its_story_and_its_orders() {
    let stage = Stage::new();
    let page = stage.get("/goals/example.org/acme/app/2").text;
    for part in [
        "href=\"/stories/example.org/acme/app/1\"",
        "thinking 30s",
        "Question 1",
        "3 passed, 1 &lt;failed&gt;",
        "value=\"cancel\"",
        "In all",
        "0123456789",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("value=\"approve\""), "{page}");
    assert!(stage.get("/goals/example.org/acme/app/5").text.contains("value=\"approve\""));
    let whole = stage.json("/api/v1/goals/example.org/acme/app/5");
    assert_eq!(whole["orders"], json!(["approve", "reject", "cancel"]));
    assert_eq!((&whole["goal"]["status"], &whole["goal"]["story"]), (&json!("spot-check"), &json!(1)));
    assert_eq!(stage.get("/goals/example.org/acme/app/99").status, 404);
    assert_eq!(stage.get("/api/v1/goals/example.org/acme/none/1").status, 404);
}

#[test]
fn a_run_is_shown_with_its_log_and_its_agents_stream() {
    let stage = Stage::new();
    let page = stage.get("/runs/app-2-1-abcdef").text;
    assert!(page.contains("&gt; Bash ls &lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    assert!(page.contains("class=\"tool\"") && page.contains("class=\"mark\""), "{page}");
    assert!(page.contains("working, iteration 2"), "{page}");
    assert!(stage.get("/runs/app-2-1-abcdef/events").text.contains("{&quot;type&quot;:&quot;system&quot;}"));
    let log = stage.json("/api/v1/runs/app-2-1-abcdef/log");
    assert_eq!(log["items"][1], "some words");
    assert_eq!(stage.json("/api/v1/runs/app-2-1-abcdef")["run"]["steps"][0]["gate"], "green");
    assert_eq!(stage.json("/api/v1/runs/app-2-1-abcdef/gate")["items"][0]["name"], "1");
    assert_eq!(stage.get("/runs/..%2F..%2Fetc").status, 404);
    assert_eq!(stage.get("/runs/app-9-1-abcdef").status, 404);
}

#[test]
fn stories_and_repositories_lead_to_their_goals() {
    let stage = Stage::new();
    assert!(stage.get("/stories").text.contains("href=\"/stories/example.org/acme/app/1\""));
    assert!(stage.get("/stories/example.org/acme/app/1").text.contains("4 of 4 goals are open"));
    let repos = stage.get("/repositories").text;
    assert!(repos.contains("href=\"/goals/example.org/acme/app\"") && !repos.contains("s3cret"), "{repos}");
    let listed = |query: &str| {
        let items = stage.json(&format!("/api/v1/goals?{query}"))["items"].clone();
        items.as_array().unwrap().iter().map(|item| item["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(listed(""), [5, 4, 3, 2]);
    assert_eq!(listed("state=draft"), [4]);
    assert_eq!(listed("repo=example.org/acme/app&before=4"), [3, 2]);
    assert_eq!(stage.get("/api/v1/goals?state=colourful").status, 400);
    assert!(stage.get("/goals/example.org/acme/app?state=running").text.contains("bold"));
}

#[test]
fn whoever_listens_hears_of_changes_and_of_each_line_of_a_log() {
    let mut stage = Stage::new();
    let mut heard = lines(&stage, "/api/v1/events?run=app-2-1-abcdef");
    let (event, data) = next(&mut heard);
    assert_eq!(event, "log");
    assert_eq!(data["whole"], true);
    assert_eq!(data["lines"][1], json!(["text", "some words"]));
    stage.log(2, "half a");
    stage.log(2, " line\nand one\n");
    let (event, data) = next(&mut heard);
    assert_eq!((event.as_str(), &data["whole"]), ("log", &json!(false)));
    assert_eq!(data["lines"][0], json!(["text", "half a line"]));
    let mut other = lines(&stage, "/api/v1/events");
    stage.append(4, What::GoalQueued);
    assert_eq!(next(&mut other).0, "change");
    stage.says(2, Phase::Gating, 2);
    assert_eq!(next(&mut other).0, "change");
    assert!(stage.get("/now").text.contains("gating"));
    assert_eq!(stage.get("/api/v1/events?run=app-9-1-abcdef").status, 404);
}

type Heard = Box<dyn Iterator<Item = String>>;

fn lines(stage: &Stage, path: &str) -> Heard {
    let response = ureq::get(stage.address(path)).call().unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Box::new(BufReader::new(response.into_body().into_reader()).lines().map(Result::unwrap))
}

/// The next event and what it says.
fn next(heard: &mut Heard) -> (String, serde_json::Value) {
    let event = heard.find_map(|line| line.strip_prefix("event: ").map(str::to_owned)).unwrap();
    let data = heard.find_map(|line| line.strip_prefix("data: ").map(str::to_owned)).unwrap();
    (event, serde_json::from_str(&data).unwrap())
}
