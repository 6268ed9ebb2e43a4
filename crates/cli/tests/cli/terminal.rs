//! With a person at a terminal. `script` of util-linux makes one.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use herder_testkit::processes::{kill, processes_with};
use rustix::process::Signal;

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

/// The view at a terminal, with what it has written so far.
struct Screen {
    script: Child,
    seen: String,
}

impl Screen {
    fn of(scene: &Scene) -> Self {
        let size = "stty rows 24 cols 80; exec";
        let mut script = at_terminal(scene, &format!("{size} {HERDER} watch"));
        let script = script.stdin(Stdio::piped()).spawn().unwrap();
        Self { script, seen: String::new() }
    }

    /// Waits for a word. Blanks are not written where there was nothing before.
    fn until(&mut self, text: &str) {
        let out = self.script.stdout.as_mut().unwrap();
        while !self.seen.contains(text) {
            let mut part = [0; 4096];
            let count = out.read(&mut part).unwrap();
            assert!(count > 0, "the view ended without {text:?}: {:?}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&part[..count]));
        }
    }

    fn press(&mut self, keys: &str) {
        let keyboard = self.script.stdin.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).unwrap();
    }

    /// How the view ended, and what it wrote last.
    fn end(mut self) -> (Option<i32>, String) {
        self.script.stdout.as_mut().unwrap().read_to_string(&mut self.seen).unwrap();
        (self.script.wait().unwrap().code(), self.seen)
    }
}

/// Leaves the second screen and shows the cursor (xterm's control sequences 1049 and 25).
const RESTORED: [&str; 2] = ["\u{1b}[?1049l", "\u{1b}[?25h"];

#[test]
fn the_view_shows_the_queue_takes_orders_and_leaves_the_terminal_as_it_was() {
    let scene = Scene::new();
    scene.goal_of(DONE, "Say hello", &["--queue"]);
    let mut screen = Screen::of(&scene);
    screen.until("hello");
    screen.until("capacity");
    screen.press("?");
    screen.until("leaves");
    screen.press("x");
    screen.press("C");
    screen.until("says");
    screen.press("y");
    screen.until("nothing");
    assert_eq!(scene.status(1), "cancelled");
    screen.press("q");
    let (code, seen) = screen.end();
    assert_eq!(code, Some(0), "{seen:?}");
    assert!(RESTORED.iter().all(|sequence| seen.contains(sequence)), "{seen:?}");
    scene.home.assert_no_process_left();
}

#[test]
fn a_view_that_is_told_to_end_leaves_the_terminal_as_it_was() {
    let scene = Scene::new();
    let mut screen = Screen::of(&scene);
    screen.until("nothing");
    let is_view = |pid: &u32| {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(HERDER.as_bytes()))
    };
    let view = processes_with(scene.home.marker()).into_iter().find(is_view);
    kill(view.unwrap(), Signal::TERM);
    let (_, seen) = screen.end();
    assert!(RESTORED.iter().all(|sequence| seen.contains(sequence)), "{seen:?}");
}

#[test]
fn a_view_whose_terminal_goes_away_goes_too() {
    let scene = Scene::new();
    let mut screen = Screen::of(&scene);
    screen.until("nothing");
    screen.script.kill().unwrap();
    screen.end();
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
