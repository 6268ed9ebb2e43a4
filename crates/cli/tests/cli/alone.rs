//! `herder ralph --goal FILE`: no orchestrator, no queue, a person's own checkout.

use std::process::Stdio;
use std::time::Duration;

use herder_record::{RunDir, StateDir, StatsFile, sweep};
use herder_testkit::{processes, processes_with, until};
use rustix::process::Signal;
use serde_json::json;

use crate::bad_input::check_text;
use crate::scene::{Said, Scene, feed, git};

const DONE: &str = "# Say hello\n\n## Objective\nSay hello.\n\n```replay\n\
    [{\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

/// The agent is in a tool that has put a process into a session of its own.
const BUSY: &str = "## Objective\nWait.\n\n```replay\n\
    [{\"run\": \"(setsid sleep 704 >/dev/null 2>&1 &); echo half >begun; tail -f /dev/null\"}]\n```\n";

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
        (scene.json(&["watch", "--once"])["items"][0]["phase"] == json!("working")).then_some(())
    });
    ralph.kill().unwrap();
    ralph.wait().unwrap();
    // A process that it was just starting holds the run's lock for a moment longer.
    let stats = until("the run to be settled", Duration::from_secs(60), || {
        Some(scene.json(&["stats", "--by", "outcome"])).filter(|stats| stats["all"]["runs"] == 1)
    });
    assert_eq!(stats["items"][0]["name"], "crashed");
    assert_eq!(scene.json(&["stats"])["all"]["runs"], 1);
    scene.home.assert_no_process_left();
}

fn is_hidden_sleeper(pid: &u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\x00704\x00"))
}

/// A ralph in the middle of a tool's work is told to go.
fn stopped_by(signal: Signal) {
    let (scene, checkout, file) = prepared(BUSY);
    let before = git(&checkout, &["rev-parse", "HEAD"]);
    let mut command = scene.command(&["ralph", "--goal", &file, "--json"]);
    command.current_dir(&checkout).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ralph = command.spawn().unwrap();
    until("the tool to be at work", Duration::from_secs(60), || {
        let hidden = processes_with(scene.home.marker()).iter().any(is_hidden_sleeper);
        (hidden && checkout.join("begun").exists()).then_some(())
    });
    processes::kill(ralph.id(), signal);
    let said = Said::of(ralph.wait_with_output().unwrap());
    assert_eq!((said.code, &said.as_json()["ok"]), (1, &json!(false)), "{said:?}");
    scene.home.assert_no_process_left();

    let state = StateDir::at(scene.home.state());
    let rows = StatsFile::at(state.stats()).read().unwrap().rows;
    let reasons: Vec<&str> = rows.iter().map(|row| row.exit_reason.as_str()).collect();
    assert_eq!(reasons, ["stopped"], "{said:?}");
    let runs: Vec<RunDir> = sweep::runs(&state).unwrap();
    assert_eq!(runs.len(), 1);
    assert!(runs[0].path().join("outcome.json").is_file());
    assert_eq!(runs[0].ending().unwrap().unwrap().outcome.word(), "stopped");
    let snapshots = git(&runs[0].git_dir(), &["for-each-ref", "--format=%(objectname)", "refs/herder/wip"]);
    assert_eq!(snapshots.lines().count(), 1, "{snapshots:?}");
    assert_eq!(git(&runs[0].git_dir(), &["show", &format!("{snapshots}:begun")]), "half");
    assert_eq!(git(&checkout, &["rev-parse", "HEAD"]), before);
    assert!(checkout.join("begun").exists());
}

#[test]
fn a_ralph_that_is_told_to_terminate_leaves_all_but_processes() {
    stopped_by(Signal::TERM);
}

#[test]
fn a_ralph_that_is_interrupted_leaves_all_but_processes() {
    stopped_by(Signal::INT);
}

/// A goal whose agent goes on for ever, and says a fact in passing.
const ONWARD: &str = "# Go on\n\n## Objective\nGo on.\n\n```replay\n\
    [{\"run\": \"date +%N >>trace\"}, {\"answer\": {\"status\": \"continue\", \"summary\": \"The port is 4711.\"}}]\n```\n";

/// The same work, by an agent that has to know what was said before.
const LATER: &str = "# Go on\n\n## Objective\nGo on.\n\n```replay\n\
    [{\"expect\": \"The last one ended so: max_iterations: its 2 iterations are spent\"}, {\"expect\": \"What happened in the run before this one, folded:\\n<summary>\\n- iteration 1: The port is 4711.\\n- iteration 2: The port is 4711.\"}, \
     {\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, \
     {\"answer\": {\"status\": \"done\", \"summary\": \"Met.\", \"follow_ups\": [{\"title\": \"Tidy up\", \"objective\": \"It is untidy.\"}]}}]\n```\n";

#[test]
fn a_run_goes_on_where_the_last_one_in_the_checkout_ended_if_it_is_told_so() {
    let (scene, checkout, file) = prepared(ONWARD);
    let ralph = |file: &str, more: &[&str]| {
        let mut command = scene.command(&["ralph", "--json", "--goal", file]);
        command.args(more).current_dir(&checkout);
        feed(command, b"")
    };
    let said = ralph(&file, &["--max-iterations", "2"]);
    assert_eq!((said.code, said.as_json()["ok"].clone()), (1, json!(false)), "{said:?}");
    let later = scene.home.write("goals/later.md", LATER);
    let later = later.to_str().unwrap();
    let refused = ralph(later, &[]);
    assert!(refused.out.contains("say --continue"), "{refused:?}");
    let said = ralph(later, &["--continue"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.as_json()["follow_ups"][0]["title"], "Tidy up");
    // That one was accepted: its work is a commit, and the next begins afresh.
    let said = ralph(later, &["--continue", "--max-iterations", "1"]);
    assert_eq!(said.code, 1, "{said:?}");
    scene.home.assert_no_process_left();
}

#[test]
fn two_ralphs_in_one_checkout_are_one_too_many() {
    let (scene, checkout, file) = prepared(ENDLESS);
    let mut command = scene.command(&["ralph", "--goal", &file]);
    command.current_dir(&checkout).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut first = command.spawn().unwrap();
    let state = StateDir::at(scene.home.state());
    let run = until("the first to be at work", Duration::from_secs(60), || {
        let dir = sweep::runs(&state).unwrap().pop()?;
        dir.status().unwrap().map(|_| dir.run().to_string())
    });
    let mut second = scene.command(&["ralph", "--goal", &file, "--continue"]);
    second.current_dir(&checkout);
    let said = feed(second, b"");
    assert!(said.code != 0 && said.err.contains("another ralph is at work in"), "{said:?}");
    assert!(said.err.contains(&run), "{said:?}");
    processes::kill(first.id(), Signal::TERM);
    first.wait().unwrap();
    scene.home.assert_no_process_left();
}

#[test]
fn a_run_that_is_too_old_by_the_wall_clock_is_over() {
    let (scene, checkout, file) = prepared(ENDLESS);
    let mut command = scene.command(&["ralph", "--json", "--goal", &file, "--max-age", "2s"]);
    command.current_dir(&checkout);
    let said = feed(command, b"");
    assert!(said.out.contains("max_age: its 2s by the wall clock are over"), "{said:?}");
    scene.home.assert_no_process_left();
}
