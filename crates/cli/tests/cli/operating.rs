//! `pause`, `resume`, `set` and the ways to go down, as a person types them.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use herder_testkit::until;
use serde_json::json;

use crate::bad_input::check_text;
use crate::scene::Scene;

#[test]
fn what_is_paused_is_said_by_whatever_is_asked_and_lifted_by_one_word() {
    let scene = Scene::new();
    scene.goal("Hello", &["--queue"]);
    scene.goal("A draft", &[]);
    let said = scene.ok(&["pause", "--for", "2h", "--reason", "the model is moody"]);
    assert!(said.starts_with("everything is paused until 20"), "{said}");
    let why = scene.ok(&["why", "1"]);
    assert!(why.contains("everything is paused until 20") && why.contains(": the model is moody"), "{why}");
    let list = scene.ok(&["goal", "list"]);
    assert!(list.contains("queued (paused)") && list.ends_with(": the model is moody\n"), "{list}");
    assert!(!list.contains("draft (paused)"), "{list}");
    let items = scene.json(&["goal", "list"])["items"].clone();
    assert_eq!(items[0]["paused"]["scope"], "everything");
    assert_eq!((&items[0]["status"], &items[1]["paused"]), (&json!("queued"), &json!(null)));
    assert_eq!(scene.ok(&["resume"]), "everything is no longer paused\n");
    assert!(!scene.ok(&["goal", "list"]).contains("paused"));
    assert_eq!(scene.ok(&["resume"]), "nothing is paused, and no account is parked\n");
}

#[test]
fn a_repository_and_a_story_are_paused_by_themselves() {
    let scene = Scene::new();
    scene.second("acme/other");
    scene.ok(&["story", "create", "--title", "Later", "--repo", "app"]);
    scene.goal("In it", &["--queue", "--repo", "app", "--story", "1"]);
    scene.goal("Not in it", &["--queue", "--repo", "app"]);
    scene.goal("Elsewhere", &["--queue", "--repo", "other"]);
    scene.ok(&["pause", "--story", "1"]);
    scene.ok(&["pause", "--repo", "other", "--until", "2099-01-01T07:30"]);
    let list = scene.ok(&["goal", "list", "--all"]);
    assert_eq!(list.matches("(paused)").count(), 2, "{list}");
    assert!(list.contains("story acme/app#1 is paused until `herder resume`"), "{list}");
    check_text(&scene.run(&["resume", "--repo", "app"]), "is not paused");
    scene.ok(&["resume", "--repo", "other"]);
    scene.ok(&["resume", "--story", "1"]);
    assert!(!scene.ok(&["goal", "list", "--all"]).contains("paused"));
}

#[test]
fn a_pause_that_makes_no_sense_is_refused_with_an_example() {
    let scene = Scene::new();
    for args in [
        &["pause", "--until", "2001-01-01T07:30"][..],
        &["pause", "--until", "tomorrow"],
        &["pause", "--for", "2h", "--until", "07:30"],
        &["pause", "--for", "soon"],
        &["pause", "--reason", " "],
        &["set", "max", "0"],
        &["set", "max", "many"],
        &["down", "--drain", "--keep"],
    ] {
        assert_eq!(scene.run(args).code, 2, "{args:?}");
    }
    check_text(&scene.run(&["pause", "--until", "2001-01-01T07:30"]), "is over already");
    check_text(&scene.run(&["resume", "--agent", "claude"]), "is not parked");
    check_text(&scene.run(&["resume", "claude"]), "is not parked");
    check_text(&scene.run(&["pause", "--story", "9"]), "there is no story");
    check_text(&scene.run(&["pause", "--repo", "nowhere"]), "no repository is called");
}

#[test]
fn slots_are_set_at_once_and_given_back_to_the_configuration() {
    let scene = Scene::new();
    let said = scene.ok(&["set", "max", "3"]);
    assert!(said.starts_with("3 at once, from now on"), "{said}");
    assert_eq!(scene.json(&["set", "max", "1", "--repo", "app"])["max"], 1);
    scene.goal("One", &["--queue"]);
    scene.goal("Two", &["--queue"]);
    let plan = scene.ok(&["up", "--dry-run"]);
    assert!(plan.contains("acme/app#2 waits: all 1 slots of"), "{plan}");
    let given_back = scene.ok(&["set", "max", "default", "--repo", "app"]);
    assert_eq!(given_back, "as configured in acme/app: no bound of its own\n");
    assert!(!scene.ok(&["up", "--dry-run"]).contains("slots of"));
    let auto = "as many at once as there is room for";
    assert!(scene.ok(&["set", "max", "auto"]).starts_with(auto));
    assert_eq!(scene.json(&["set", "max", "auto"])["max"], "auto");
    assert_eq!(scene.ok(&["set", "max", "default"]), format!("as configured: {auto}\n"));
}

#[test]
fn a_number_of_slots_that_up_is_given_replaces_the_one_that_was_set() {
    let scene = Scene::new();
    scene.ok(&["set", "max", "5"]);
    let said = scene.ok(&["up", "--once"]);
    assert!(said.contains("herder is up, 5 at once"), "{said}");
    let said = scene.ok(&["up", "--once", "--max", "2"]);
    assert!(said.contains("`up --max 2` replaces `herder set max 5`"), "{said}");
    assert!(said.contains("herder is up, 2 at once"), "{said}");
    assert!(scene.ok(&["up", "--once"]).contains("herder is up, as many as there is room for at once"));
    scene.ok(&["set", "max", "auto"]);
    let said = scene.ok(&["up", "--once", "--max", "2"]);
    assert!(said.contains("`up --max 2` replaces `herder set max auto`"), "{said}");
}

#[test]
fn an_orchestrator_with_nothing_at_work_is_drained_and_left_at_once() {
    for (how, end) in [("--drain", "drained"), ("--keep", "left")] {
        let scene = Scene::new();
        let mut command = scene.command(&["up", "--json"]);
        let mut up = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(up.stdout.take().unwrap());
        let mut said = String::new();
        told.read_line(&mut said).unwrap();
        let down = scene.json(&["down", how]);
        assert_eq!((&down["was_running"], &down["ralphs"]), (&json!(true), &json!(0)));
        until("its last word", Duration::from_secs(60), || {
            (told.read_line(&mut said).unwrap() == 0).then_some(())
        });
        assert!(said.contains(&format!("\"end\":\"{end}\"")), "{said}");
        assert!(up.wait().unwrap().success());
        assert_eq!(scene.ok(&["down", how]), "no orchestrator is at work\n");
    }
}

#[test]
fn what_waits_for_an_orchestrator_that_is_going_is_told_so() {
    let scene = Scene::new();
    let endless = "## Objective\nWait.\n\n```replay\n[\"hang\"]\n```\n";
    let first = scene.goal_of(endless, "First", &["--queue"]).to_string();
    let start = |args: &[&str]| {
        scene.command(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut up = start(&["up", "--max", "1"]);
    until("the first to run", Duration::from_secs(60), || (scene.status(1) == "running").then_some(()));
    let second = scene.goal("Second", &["--queue"]).to_string();
    assert!(!scene.ok(&["why", &second]).contains("going"), "nobody is");
    assert_eq!(scene.run(&["goal", "list"]).err, "");
    let mut down = start(&["down", "--drain"]);
    let why = until("it to be asked to go", Duration::from_secs(60), || {
        Some(scene.ok(&["why", &second])).filter(|why| why.contains("going"))
    });
    assert!(why.contains("the orchestrator is going down"), "{why}");
    assert!(why.contains("hint: the orchestrator was asked to go: the next `herder up`"), "{why}");
    let list = scene.run(&["goal", "list"]);
    assert!(list.err.starts_with("warning: the orchestrator is going"), "{list:?}");
    assert_eq!(scene.run(&["goal", "list", "draft"]).err, "", "nothing of that waits");
    scene.ok(&["goal", "cancel", &first]);
    assert!(down.wait().unwrap().success() && up.wait().unwrap().success());
    assert!(!scene.ok(&["why", &second]).contains("going"));
}
