//! `herder ralph --goal FILE`: no orchestrator, no queue, a person's own checkout.

use std::process::Stdio;
use std::time::Duration;

use herder_testkit::until;
use serde_json::json;

use crate::bad_input::check_text;
use crate::scene::{Said, Scene, feed, git};

const DONE: &str = "# Say hello\n\n## Objective\nSay hello.\n\n```replay\n\
    [{\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

const ENDLESS: &str = "## Objective\nWait.\n\n```replay\n[\"hang\"]\n```\n";

fn prepared(text: &str) -> (Scene, std::path::PathBuf, String) {
    let scene = Scene::bare();
    let checkout = scene.checkout("work");
    let file = scene.home.write("goals/hello.md", text);
    (scene, checkout, file.to_str().unwrap().to_owned())
}

#[test]
fn a_goal_is_worked_at_in_the_checkout_and_becomes_a_commit() {
    let (scene, checkout, file) = prepared(DONE);
    git(&checkout, &["config", "user.name", "Ada"]);
    git(&checkout, &["config", "user.email", "ada@example.com"]);
    let mut ralph = scene.home.herder(scene.link("ralph"));
    ralph
        .args(["--goal", &file, "--duration", "10m", "--model", "m", "--reasoning", "low"])
        .current_dir(&checkout);
    let said = feed(ralph, b"");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.as_json()["branch"], "moved");
    assert_eq!(git(&checkout, &["log", "-1", "--format=%an %s"]), "Ada Say hello");
    assert_eq!(git(&checkout, &["status", "--porcelain"]), "");
    assert_eq!(fs_err::read_dir(scene.home.root().join(".run")).unwrap().count(), 0);
    let stats = scene.json(&["stats", "--by", "model"]);
    assert_eq!((&stats["items"][0]["name"], &stats["all"]["runs"]), (&json!("m"), &json!(1)));
    scene.home.assert_no_process_left();
}

#[test]
fn the_log_is_shown_and_what_was_not_met_is_a_failure() {
    let never = "## Objective\nx\n\n```replay\n[{\"answer\": {\"status\": \"needs_review\", \"summary\": \"Look.\"}}]\n```\n";
    let (scene, checkout, file) = prepared(never);
    let mut ralph = scene.command(&["ralph", "--goal", &file]);
    let said = feed(
        {
            ralph.current_dir(&checkout);
            ralph
        },
        b"",
    );
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("-- iteration 1"), "{said:?}");
    assert!(said.err.starts_with("error: the goal is not met: "), "{said:?}");
    assert!(said.err.contains("--continue"), "{said:?}");
}

#[test]
fn a_dirty_tree_and_bad_goals_are_refused() {
    let (scene, checkout, file) = prepared(DONE);
    let at = |args: &[&str]| -> Said {
        let mut command = scene.command(args);
        command.current_dir(&checkout);
        feed(command, b"")
    };
    fs_err::write(checkout.join("mine"), "x").unwrap();
    let dirty = at(&["ralph", "--goal", &file]);
    assert_eq!(dirty.code, 4);
    check_text(&dirty, "--continue");
    assert_eq!(at(&["ralph", "--goal", "/nonexistent"]).code, 3);
    assert_eq!(at(&["ralph"]).code, 2);
    let empty = scene.home.write("goals/empty.md", "x");
    let refused = at(&["ralph", "--goal", empty.to_str().unwrap()]);
    assert_eq!(refused.code, 2);
    check_text(&refused, "## Objective");
    let outside = scene.run(&["ralph", "--goal", &file]);
    assert_ne!(outside.code, 0);
    check_text(&outside, "");
}

#[test]
fn the_next_command_settles_a_ralph_that_was_killed() {
    let (scene, checkout, file) = prepared(ENDLESS);
    let mut command = scene.command(&["ralph", "--goal", &file]);
    command.current_dir(&checkout).stdin(Stdio::null()).stdout(Stdio::null());
    let mut ralph = command.spawn().unwrap();
    until("the ralph to be at work", Duration::from_secs(60), || {
        (scene.json(&["watch", "--once"])["items"][0]["state"] == json!("working")).then_some(())
    });
    ralph.kill().unwrap();
    ralph.wait().unwrap();
    let stats = scene.json(&["stats", "--by", "outcome"]);
    assert_eq!((&stats["items"][0]["name"], &stats["all"]["runs"]), (&json!("crashed"), &json!(1)));
    assert_eq!(scene.json(&["stats"])["all"]["runs"], 1);
    scene.home.assert_no_process_left();
}
