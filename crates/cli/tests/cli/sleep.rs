//! This machine stays awake exactly as long as anything is at work.

use std::process::{Child, Stdio};
use std::time::Duration;

use herder_testkit::{processes, processes_with, until};
use rustix::process::Signal;

use crate::scene::Scene;

/// Stands for systemd-inhibit, as systemd-inhibit(1) tells: it runs a command, and the request holds until that
/// has ended.
const GRANTING: &str = "#!/bin/sh\ntest \"$1\" = --list && exit 0\necho \"held $*\" >>\"$HOME/inhibit.log\"\n\
    for last; do :; done\n\"$last\"\necho let go >>\"$HOME/inhibit.log\"\n";

/// The same where nothing answers, or polkit says no.
const REFUSING: &str = "#!/bin/sh\necho \"refused $*\" >>\"$HOME/inhibit.log\"\nexit 1\n";

const ENDLESS: &str = "## Objective\nWait.\n\n```replay\n[\"hang\"]\n```\n";

const DONE: &str = "## Objective\nSay hello.\n\n```replay\n\
    [{\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

/// Long enough that this machine is asked to stay awake.
const LONG: &str = "## Objective\nThink, and say hello.\n\n```replay\n\
    [{\"think\": {\"real_ms\": 1500}}, {\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

fn scene(inhibitor: &str) -> Scene {
    let scene = Scene::new();
    scene.home.install_program("systemd-inhibit", inhibitor);
    scene
}

/// What was asked of it: one line for each holding, refusal and letting go.
fn asked(scene: &Scene) -> Vec<String> {
    let text = std::fs::read_to_string(scene.home.home().join("inhibit.log")).unwrap_or_default();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Waits until it was held and let go so often, in whatever order where two have asked.
#[track_caller]
fn until_counted(scene: &Scene, held: usize, let_go: usize) {
    let count = |word: &str| asked(scene).iter().filter(|one| *one == word).count();
    until(&format!("{held} held, {let_go} let go: {:?}", asked(scene)), Duration::from_secs(60), || {
        ((count("held"), count("let")) == (held, let_go)).then_some(())
    });
}

#[track_caller]
fn until_asked(scene: &Scene, all: &[&str]) {
    until(&format!("{all:?}"), Duration::from_secs(60), || (asked(scene) == all).then_some(()));
}

fn up(scene: &Scene) -> Child {
    scene.command(&["up"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

fn is_ralph(pid: &u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "herder-ralph\n")
}

#[test]
fn sleep_is_inhibited_exactly_while_a_run_lives_whoever_watches_it() {
    let scene = scene(GRANTING);
    let mut daemon = up(&scene);
    let first = scene.goal_of(ENDLESS, "One", &["--queue"]).to_string();
    until_asked(&scene, &["held"]);
    let said = std::fs::read_to_string(scene.home.home().join("inhibit.log")).unwrap();
    assert!(said.contains("--what=sleep:idle --who=herder --mode=block"), "{said}");
    scene.ok(&["goal", "cancel", &first]);
    until_asked(&scene, &["held", "let"]);
    scene.goal_of(ENDLESS, "Two", &["--queue"]);
    until_asked(&scene, &["held", "let", "held"]);
    let ralph = until("the second ralph", Duration::from_secs(60), || {
        processes_with(scene.home.marker()).into_iter().find(is_ralph)
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    // Nobody is left who could let go of it in time, so the kernel does; the ralph goes on, and asks itself.
    until_counted(&scene, 3, 2);
    assert!(is_ralph(&ralph), "its ralph goes on");
    let mut daemon = up(&scene);
    until_counted(&scene, 4, 2);
    scene.ok(&["down"]);
    daemon.wait().unwrap();
    until_counted(&scene, 4, 4);
    scene.home.assert_no_process_left();
}

#[test]
fn a_ralph_that_goes_on_without_an_orchestrator_keeps_the_machine_awake_to_its_end() {
    let scene = scene(GRANTING);
    let mut daemon = up(&scene);
    scene.goal_of(ENDLESS, "One", &["--queue"]);
    until_asked(&scene, &["held"]);
    let ralph = until("the ralph", Duration::from_secs(60), || {
        processes_with(scene.home.marker()).into_iter().find(is_ralph)
    });
    scene.ok(&["down", "--keep"]);
    daemon.wait().unwrap();
    until_counted(&scene, 2, 1);
    processes::kill(ralph, Signal::TERM);
    until_counted(&scene, 2, 2);
    scene.home.assert_no_process_left();
}

#[test]
fn a_standalone_run_keeps_the_machine_awake_unless_the_configuration_lets_it_sleep() {
    let scene = scene(GRANTING);
    let (goal, checkout) = (scene.home.write("goal.md", DONE), scene.checkout("work"));
    for (config, asked_for) in [("", vec!["held", "let"]), ("sleep = \"allow\"\n", vec![])] {
        scene.config(&format!("agent = \"replay\"\n{config}"));
        let _ = std::fs::remove_file(scene.home.home().join("inhibit.log"));
        let mut command = scene.command(&["ralph", "--goal", goal.to_str().unwrap()]);
        let ended = command.current_dir(&checkout).stdin(Stdio::null()).output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
        until_asked(&scene, &asked_for);
    }
}

#[test]
fn what_was_refused_or_ended_is_asked_for_again_in_the_same_night() {
    let refuse_first = GRANTING.replacen(
        "echo \"held",
        "test -e \"$HOME/asked\" || { : >\"$HOME/asked\"; echo refused >>\"$HOME/inhibit.log\"; exit 1; }\necho \"held",
        1,
    );
    let scene = scene(&refuse_first);
    let mut daemon = up(&scene);
    scene.goal_of(ENDLESS, "One", &["--queue"]);
    until_asked(&scene, &["refused", "held"]);
    let is_cat =
        |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "cat\n");
    // It says that it holds before it does.
    let holds = until("what holds", Duration::from_secs(60), || {
        processes_with(scene.home.marker()).into_iter().find(is_cat)
    });
    processes::kill(holds, Signal::KILL);
    until_asked(&scene, &["refused", "held", "let", "held"]);
    scene.ok(&["down"]);
    daemon.wait().unwrap();
    scene.home.assert_no_process_left();
}

#[test]
fn where_it_is_refused_work_goes_on_and_the_log_says_so_once() {
    let scene = scene(REFUSING);
    for title in ["One", "Two"] {
        scene.goal_of(LONG, title, &["--queue"]);
        scene.ok(&["up", "--once"]);
    }
    assert_eq!(scene.status(1), "done");
    let log = std::fs::read_to_string(scene.home.state().join("logs/orchestrator.log")).unwrap();
    assert_eq!(log.matches("this machine may go to sleep").count(), 2, "once for each orchestrator: {log}");
    assert!(asked(&scene).iter().all(|word| word == "refused"), "{:?}", asked(&scene));
}

#[test]
fn it_may_sleep_where_nothing_is_at_work_or_the_configuration_says_so() {
    let scene = scene(GRANTING);
    scene.ok(&["up", "--once"]);
    assert!(asked(&scene).is_empty(), "nothing was at work: {:?}", asked(&scene));
    scene.config("agent = \"replay\"\nsleep = \"allow\"\n");
    scene.goal_of(DONE, "One", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!((scene.status(1).as_str(), asked(&scene).len()), ("done", 0));
}

#[test]
fn the_doctor_says_whether_this_machine_can_be_asked_to_stay_awake() {
    for (inhibitor, verdict) in [(GRANTING, "ok"), (REFUSING, "warning")] {
        let scene = scene(inhibitor);
        let findings = scene.json(&["doctor"])["items"].clone();
        let sleep = findings.as_array().unwrap().iter().find(|item| item["subject"] == "sleep").unwrap();
        assert_eq!(sleep["verdict"], verdict, "{sleep}");
    }
}
