//! With a person at a terminal. `script` of util-linux makes one.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::scene::{HERDER, Said, Scene};

const DONE: &str = "## Objective\nSay hello.\n\n```replay\n\
    [{\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

/// The command at a terminal of its own.
pub fn at_terminal(scene: &Scene, command: &str) -> Command {
    let mut script = scene.home.herder("script");
    script.args(["--quiet", "--return", "--flush", "--command", command, "/dev/null"]);
    script.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    script
}

#[test]
fn a_text_is_not_waited_for_at_a_terminal() {
    let scene = Scene::new();
    for (command, example) in
        [("goal create --title T", "goal create --title"), ("goal comment 1", "goal comment 1")]
    {
        let mut asked = at_terminal(&scene, &format!("{HERDER} {command}"));
        let said = Said::of(asked.output().unwrap());
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.out.contains("is read from standard input") && said.out.contains(example), "{said:?}");
    }
}

#[test]
fn the_view_is_drawn_over_itself_at_a_terminal() {
    let scene = Scene::new();
    let mut watch = at_terminal(&scene, &format!("{HERDER} watch")).spawn().unwrap();
    let mut screen = watch.stdout.take().unwrap();
    let mut seen = String::new();
    while seen.matches("no ralph is running").count() < 2 {
        let mut part = [0; 256];
        let count = screen.read(&mut part).unwrap();
        assert!(count > 0, "the view ended: {seen:?}");
        seen.push_str(&String::from_utf8_lossy(&part[..count]));
    }
    assert!(seen.contains("\u{1b}[1A\rno ralph is running"), "{seen:?}");
    watch.kill().unwrap();
    watch.wait().unwrap();
    scene.home.assert_no_process_left();
}

#[test]
fn the_names_of_the_views_speak_plainly_to_a_person() {
    let scene = Scene::new();
    let name = scene.link("watch-ralphs");
    let mut watch = at_terminal(&scene, &format!("{} --once", name.display()));
    assert_eq!(Said::of(watch.output().unwrap()).out.trim(), "no ralph is running");
}

#[test]
fn who_waits_for_a_workspace_or_for_an_undoing_sees_what_for() {
    let scene = Scene::new();
    scene.goal_of(DONE, "Say hello", &["--queue"]);
    scene.ok(&["up", "--once"]);
    // What takes less than a second shows nothing.
    let slow = [(".ralph/setup", Some("#!/bin/sh\nsleep 2\n"))];
    scene.origin.push("main", "Take some time", &slow);
    scene.goal_of(DONE, "Say it again", &["--queue"]);
    let waits = |command: &str| {
        let said = Said::of(at_terminal(&scene, &format!("{HERDER} {command}")).output().unwrap());
        (said.code, said.out)
    };
    let (code, said) = waits("take 2 --print");
    assert!(code == 0 && said.contains("waiting for the workspace of ") && said.contains(" ... "), "{said}");
    let (_, said) = waits("undo 1");
    assert!(said.contains("\rundoing ") || said.contains("Kundoing "), "{said}");
    scene.home.assert_no_process_left();
}
