//! Runs that end before their time, and a run without an orchestrator.

use std::process::{Child, Command};
use std::time::Duration;

use herder_testkit::{Reply, Tokens, processes, processes_with, until};
use rustix::process::Signal;

use crate::stage::{GATE, Stage, assert_tokens, done, good};

/// Beyond anything that these runs do, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);

const TITLE: &str = "Be interrupted";

/// A night in the middle of a tool's work, which hides a process and does not end by itself.
struct Busy {
    stage: Stage,
    up: Child,
}

impl Busy {
    fn new() -> Self {
        let stage = Stage::new(GATE);
        let hang = "(setsid sleep 703 >/dev/null 2>&1 &); touch begun; tail -f /dev/null";
        stage.script(TITLE, [good(), Reply::bash(hang)]);
        stage.goal(TITLE);
        let up = stage.night_command().spawn().unwrap();
        let busy = Self { stage, up };
        busy.await_run();
        busy
    }

    /// Waits until the tool is at work; the run's name.
    fn await_run(&self) -> String {
        until("the tool to begin", PATIENCE, || {
            let run = self.stage.runs().into_iter().next()?;
            let clone = run.spec().ok()??.setup.clone;
            clone.join("begun").exists().then(|| run.run().to_string())
        })
    }

    /// The processes of the run whose command line begins so.
    fn pids(&self, begins: &str) -> Vec<u32> {
        let line = |pid: &u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut pids = processes_with(&self.await_run());
        pids.retain(|pid| String::from_utf8_lossy(&line(pid)).contains(begins));
        pids
    }

    /// The model now does the work; the night goes on to its end.
    fn go_on(&self) {
        self.stage.script(TITLE, [Reply::bash("rm -f begun"), good_again(), done()]);
    }

    fn await_end(&mut self) {
        let status = until("the night to end", PATIENCE, || self.up.try_wait().unwrap());
        assert!(status.success(), "{status}");
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // Without effect on one that has ended.
        let _ = self.up.kill();
        let _ = self.up.wait();
    }
}

/// A file that is there already would have to be read first.
fn good_again() -> Reply {
    Reply::bash("echo good >notes.txt")
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_stop_in_the_middle_of_a_tool_leaves_nothing_and_loses_nothing() {
    let mut busy = Busy::new();
    processes::kill(busy.up.id(), Signal::TERM);
    busy.await_end();
    busy.stage.home.assert_no_process_left();
    assert_eq!(busy.stage.status(TITLE), "queued");
    let row = busy.stage.row();
    assert_eq!(
        (row.iterations, row.cost_usd.known()),
        (0, None),
        "what a turn cost that was cut off is unknown"
    );

    busy.go_on();
    assert_eq!(busy.stage.night(), 0);
    assert_eq!((busy.stage.status(TITLE).as_str(), busy.stage.rows().len()), ("done", 2));
    busy.stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn whoever_is_killed_nothing_is_left_and_the_goal_lands() {
    for victim in ["claude", "herder-keeper", "herder-ralph"] {
        let mut busy = Busy::new();
        let pids = busy.pids(victim);
        assert!(!pids.is_empty(), "no {victim}");
        busy.go_on();
        let run = busy.await_run();
        pids.iter().for_each(|pid| processes::kill(*pid, Signal::KILL));
        until("the victim to be gone", PATIENCE, || {
            pids.iter().all(|pid| !processes::is_alive(*pid)).then_some(())
        });
        busy.await_end();
        assert_eq!(busy.stage.status(TITLE), "done", "{victim} {run}");
        busy.stage.assert_all_is_well();
    }
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_spent_budget_leaves_the_goal_to_a_person() {
    let stage = Stage::new(GATE);
    let dear = Tokens { input: 100_000, output: 5_000, ..Tokens::default() };
    stage.script("Be dear", [good().tokens(dear), Reply::bash("true").tokens(dear), done()]);
    stage.goal_with("---\nbudget: $0.10\n---\n", "Be dear");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Be dear"), "stuck");
    let row = stage.row();
    assert!(row.cost_usd.known().is_some_and(|usd| usd > 0.1), "{row:?}");
    assert_tokens(&row, stage.server.tokens_sent());
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_person_has_one_goal_worked_at_in_a_checkout() {
    let stage = Stage::new(GATE);
    let checkout = stage.home.path().join("checkout");
    let git = |args: &[&str]| {
        let mut command: Command = stage.home.herder("git");
        let output = command.args(args).current_dir(stage.home.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let place = checkout.to_str().unwrap();
    git(&["clone", "-q", stage.repo.path().to_str().unwrap(), place]);
    git(&["-C", place, "config", "user.name", "Ada"]);
    git(&["-C", place, "config", "user.email", "ada@example.com"]);
    let goal = stage.home.write("goal.md", "# Do it alone\n\n## Objective\nWrite the notes.\n");
    stage.script("Do it alone", [good(), done()]);
    let mut ralph = stage.home.herder(env!("CARGO_BIN_EXE_herder"));
    ralph
        .args(["ralph", "--goal", goal.to_str().unwrap()])
        .current_dir(&checkout)
        .envs([crate::stage::API_KEY]);
    let output = ralph.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(git(&["-C", place, "log", "-1", "--format=%an %s"]), "Ada Do it alone\n");
    assert_eq!(git(&["-C", place, "show", "HEAD:notes.txt"]), "good\n");
    assert_tokens(&stage.row(), stage.server.tokens_sent());
    stage.assert_all_is_well();
}
