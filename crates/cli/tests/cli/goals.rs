//! Goals and stories: written, queued, listed, shown, judged.

use serde_json::json;

use crate::scene::{GOAL, Scene};

#[test]
fn a_goal_is_a_draft_until_it_is_queued() {
    let scene = Scene::new();
    let said = scene.with(&["goal", "create", "--title", "Hello"], GOAL).expect_ok(&[]);
    assert_eq!(said, "acme/app#1 is a draft; `herder goal queue 1` queues it\n");
    let said = scene.with(&["goal", "create", "--title", "Again", "--queue"], GOAL).expect_ok(&[]);
    assert_eq!(said, "acme/app#2 is queued\n");
    assert_eq!(scene.ok(&["goal", "queue", "1"]), "acme/app#1 is queued\n");
    assert_eq!(
        scene.ok(&["goal", "list"]),
        "GOAL        STATE   RUNS  COST  TITLE\n\
         acme/app#2  queued  0     -     Again\n\
         acme/app#1  queued  0     -     Hello\n"
    );
}

#[test]
fn creating_in_json_gives_the_number() {
    let scene = Scene::new();
    let args = ["goal", "create", "--title", "Hello", "--json"];
    let said = scene.with(&args, GOAL).expect_ok(&args);
    assert_eq!(
        said,
        format!(
            "{{\"ok\":true,\"number\":1,\"repo\":\"{}\",\"status\":\"draft\"}}\n",
            scene.full("acme/app")
        )
    );
}

#[test]
fn a_list_has_the_fields_of_the_journal_and_more() {
    let scene = Scene::new();
    let story = scene.json(&["story", "create", "--title", "Greetings"])["number"].to_string();
    scene.goal("Hello", &["--story", &story, "--spot-check"]);
    assert_eq!(
        scene.json(&["goal", "list"])["items"],
        json!([{
            "number": 2, "title": "Hello", "status": "draft", "spot_check": true, "story": 1,
            "held": false, "priority": 0, "taken_by": null, "taken_since": null, "run": null, "pr": null, "cost": 0.0, "repo": scene.full("acme/app"), "attempts": 0,
            "frozen_since": null, "paused": null
        }])
    );
    assert_eq!(scene.json(&["goal", "list", "queued"])["items"], json!([]));
    assert_eq!(scene.ok(&["goal", "list", "stuck"]), "no goals\n");
}

#[test]
fn a_goal_is_shown_whole() {
    let scene = Scene::new();
    scene.goal("First", &["--queue"]);
    let second = scene.goal("Second", &["--depends", "1"]);
    scene.with(&["goal", "comment", "2"], "Mind the tests.\n").expect_ok(&[]);
    let shown = scene.json(&["goal", "show", "2"]);
    assert_eq!(second, 2);
    assert_eq!(shown["depends"], json!([{ "goal": "acme/app#1", "number": 1, "status": "queued" }]));
    assert_eq!(shown["comments"][0]["text"], "Mind the tests.");
    assert_eq!(shown["body"], GOAL);
    assert_eq!(shown["transitions"][0]["to"], "draft");
    assert_eq!(scene.json(&["goal", "show", "1"])["dependents"][0]["goal"], "acme/app#2");
    let text = scene.ok(&["goal", "show", "acme/app#2"]);
    assert!(text.starts_with("acme/app#2  Second\nstate       draft\n"), "{text}");
    assert!(text.contains("depends     acme/app#1 (queued)\n"), "{text}");
    assert!(text.contains("Mind the tests."), "{text}");
}

#[test]
fn several_goals_are_queued_in_one_go_and_none_where_one_is_unknown() {
    let scene = Scene::new();
    scene.goal("One", &[]);
    scene.goal("Two", &[]);
    assert_eq!(scene.run(&["goal", "queue", "1", "7"]).code, 3);
    assert_eq!(scene.status(1), "draft");
    let queued = scene.json(&["goal", "queue", "2", "#1"]);
    assert_eq!(queued["items"].as_array().unwrap().len(), 2);
    assert_eq!(queued["items"][0]["number"], 2);
}

/// A night whose only goal's agent claims each time to be done and is refused by the gate.
fn vain_night(scene: &Scene) -> usize {
    scene.ok(&["up", "--once", "--max-iterations", "1"]);
    let shown = scene.json(&["goal", "show", "1"]);
    assert_eq!(shown["status"], "stuck");
    shown["runs"].as_array().unwrap().len()
}

fn stuck() -> Scene {
    let scene = Scene::new();
    // Green on the base, so that the work is to blame.
    let gate = (".ralph/check", Some("#!/bin/sh\n! test -f other\n"));
    scene.origin.push("main", "Want no other", &[gate]);
    let body = "## Objective\nSay hello.\n\n```replay\n\
                [{\"write\": {\"path\": \"other\", \"text\": \"hi\"}}, \
                {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";
    scene.goal_of(body, "Hello", &["--queue"]);
    assert_eq!(vain_night(&scene), 3);
    scene
}

#[test]
fn a_stuck_goal_is_queued_again_by_a_retry() {
    let scene = stuck();
    assert_eq!(scene.json(&["goal", "retry", "1"])["status"], "queued");
    assert_eq!(scene.status(1), "queued");
}

#[test]
fn queueing_a_stuck_goal_is_a_retry() {
    let scene = stuck();
    let mut queue = scene.home.herder(scene.link("goal-queue"));
    queue.arg("1");
    let said = crate::scene::feed(queue, b"");
    assert_eq!((said.code, &said.as_json()["items"][0]["status"]), (0, &json!("queued")), "{said:?}");
    assert_eq!(scene.status(1), "queued");
    // A new series: the three failed runs before it do not count.
    assert_eq!(vain_night(&scene), 6);
    scene.home.assert_no_process_left();
}

#[test]
fn cancelling_and_resolving_settle_a_goal_and_close_its_story() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    scene.goal("One", &["--story", "1"]);
    scene.goal("Two", &["--story", "#1"]);
    assert_eq!(scene.ok(&["goal", "cancel", "2"]), "acme/app#2 is cancelled\n");
    assert_eq!(scene.ok(&["goal", "resolve", "3"]), "acme/app#3 is closed as completed\n");
    assert_eq!((scene.status(2), scene.status(3)), ("cancelled".to_owned(), "resolved".to_owned()));
    let story = scene.json(&["story", "show", "1"]);
    assert_eq!((&story["goals"], &story["unsettled"]), (&json!(2), &json!(0)));
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.json(&["story", "list"])["items"][0]["status"], "closed");
}

#[test]
fn a_story_is_written_listed_and_shown() {
    let scene = Scene::new();
    let args = ["story", "create", "--title", "Greetings", "--body", "-"];
    assert_eq!(scene.with(&args, "Why.\n").expect_ok(&args), "story acme/app#1 is open\n");
    scene.goal("Hello", &["--story", "1"]);
    assert_eq!(
        scene.ok(&["story", "list"]),
        "STORY       STATE  GOALS  OPEN  TITLE\nacme/app#1  open   1      1     Greetings\n"
    );
    let shown = scene.json(&["story", "show", "1"]);
    assert_eq!((&shown["body"], &shown["items"][0]["number"]), (&json!("Why.\n"), &json!(2)));
    assert!(scene.ok(&["story", "show", "1"]).contains("acme/app#2  draft"));
}

#[test]
fn front_matter_links_and_flags_are_read_together() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    scene.goal("First", &[]);
    scene.goal("Second", &[]);
    let body = format!("---\nmodel: opus\npriority: 3\n---\nStory: #1\nDepends: #2\n\n{GOAL}");
    let number = scene.goal_of(&body, "Third", &["--depends", "#3, acme/app#2"]);
    let shown = scene.json(&["goal", "show", &number.to_string()]);
    assert_eq!(shown["story"], 1);
    let depends: Vec<_> = shown["depends"].as_array().unwrap().iter().map(|on| &on["number"]).collect();
    assert_eq!(depends, [2, 3]);
    let settings = scene.json(&["config", "explain", "--goal", "4"]);
    let model = settings["items"].as_array().unwrap().iter().find(|item| item["key"] == "model").unwrap();
    assert_eq!(model["source"], "goal");
}

#[test]
fn the_repository_is_taken_from_the_flag_or_the_directory_or_is_unique() {
    let scene = Scene::new();
    scene.goal("App", &[]);
    let other = scene.second("acme/other");
    scene.goal("Other", &["--repo", "other"]);
    let both = scene.run(&["goal", "show", "1"]);
    assert_eq!(both.code, 2, "{both:?}");
    assert!(both.err.contains("acme/app#1, acme/other#1"), "{both:?}");
    assert_eq!(scene.run(&["goal", "create", "--title", "T"]).code, 2);

    assert_eq!(scene.json(&["goal", "show", "1", "--repo", "acme/other"])["title"], "Other");
    assert_eq!(scene.json(&["goal", "show", "other#1"])["title"], "Other");
    let path = other.path().to_str().unwrap();
    assert_eq!(scene.json(&["goal", "show", "1", "--repo", path])["title"], "Other");
    let checkout = scene.checkout("work");
    let mut here = scene.command(&["goal", "list", "--json"]);
    let listed = crate::scene::Said::of(here.current_dir(&checkout).output().unwrap()).as_json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["title"], "App");
    assert_eq!(scene.json(&["goal", "list", "--all"])["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_goal_written_in_a_checkout_registers_its_origin() {
    let scene = Scene::bare();
    let checkout = scene.checkout("work");
    let mut create = scene.command(&["goal", "create", "--title", "Hello"]);
    create.current_dir(&checkout);
    let said = crate::scene::feed(create, GOAL.as_bytes()).expect_ok(&[]);
    assert!(said.starts_with("registered "), "{said}");
    let repos = scene.json(&["repo", "list"]);
    assert_eq!(repos["items"][0]["url"], scene.origin.path().to_str().unwrap());
}

#[test]
fn text_that_a_terminal_would_obey_is_shown_harmless() {
    let scene = Scene::new();
    let title = scene.with(&["goal", "create", "--title", "a\u{1b}[2Jb"], GOAL);
    assert_eq!(title.code, 2);
    assert!(!title.err.contains('\u{1b}'), "{title:?}");
    let unknown = scene.run(&["goal", "list", "--repo", "x\u{1b}[2J"]);
    assert!(!unknown.err.contains('\u{1b}'), "{unknown:?}");
}

#[test]
fn what_a_goal_is_told_is_kept_in_order_and_without_secrets() {
    let scene = Scene::new();
    scene.config("[redact]\nenv = [\"HERDER_TEST_SECRET\"]\n");
    scene.goal("Draft", &[]);
    assert_eq!(scene.ok(&["tell", "1", "Use tabs."]), "acme/app#1 is told; its next run hears it\n");
    let mut command = scene.command(&["tell", "1", "The key is hunter2-hunter2."]);
    command.env("HERDER_TEST_SECRET", "hunter2-hunter2");
    crate::scene::feed(command, b"").expect_ok(&[]);
    let shown = scene.json(&["goal", "show", "1"]);
    let told: Vec<_> = shown["told"].as_array().unwrap().iter().map(|told| told["text"].clone()).collect();
    assert_eq!(told, ["Use tabs.", "The key is [redacted]."]);
    assert!(scene.ok(&["goal", "show", "1"]).contains("told\n  at "));
    let database = std::fs::read(scene.home.state().join("herder.db")).unwrap();
    assert!(!String::from_utf8_lossy(&database).contains("hunter2-hunter2"));
}
