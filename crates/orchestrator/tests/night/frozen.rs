//! Runs that stand still.

use std::path::PathBuf;

use herder_domain::event::What;
use herder_domain::frost::Chill;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_testkit::until;

use crate::stage::script::{good, script, shell};
use crate::stage::{GATE, Orchestrator, PATIENCE, Stage, stand_in};

/// A goal whose agent beats until the test lets it go, and does its work then.
fn beating(stage: &mut Stage, path: &str) -> GoalRef {
    let beats =
        "touch .herder/waiting; while [ ! -e .herder/go ]; do echo x >>.herder/beats; sleep 0.01; done";
    stage.goal("Write a file", "", &script(&[[vec![shell(beats)], good(path)].concat()]))
}

fn beats(stage: &Stage, goal: &GoalRef) -> u64 {
    std::fs::metadata(stage.clone_of(goal, 1).join(".herder/beats")).map_or(0, |file| file.len())
}

fn until_beating(stage: &Stage, goal: &GoalRef) {
    let before = beats(stage, goal);
    until("the agent to go on", PATIENCE, || (beats(stage, goal) > before).then_some(()));
}

fn until_still(stage: &Stage, goal: &GoalRef) {
    let (mut seen, mut times) = (0, 0);
    until("the agent to stand still", PATIENCE, || {
        let now = beats(stage, goal);
        times = if now == seen { times + 1 } else { 0 };
        seen = now;
        (times >= 25).then_some(())
    });
}

fn freeze(stage: &mut Stage, goal: &GoalRef) {
    let why = Chill::Person { by: "ann".into() };
    stage.person(goal, What::RunFrozen { run: RunId::of(goal, 1), why });
}

#[test]
fn a_frozen_run_stands_still_though_its_orchestrator_is_killed_and_goes_on_when_it_is_thawed() {
    let mut stage = Stage::new(GATE);
    let goal = beating(&mut stage, "new.txt");
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    until_beating(&stage, &goal);
    freeze(&mut stage, &goal);
    until_still(&stage, &goal);
    let up = stage.next_up(up);
    until_still(&stage, &goal);
    assert!(stage.why(&goal).contains("ann froze it at"), "{}", stage.why(&goal));
    stage.person(&goal, What::RunThawed { run: RunId::of(&goal, 1) });
    until_beating(&stage, &goal);
    stage.let_go(&goal, 1);
    stage.until_word(&goal, "done");
    assert_eq!(stage.found(&goal).runs, 1);
    let row = until("its row", PATIENCE, || stage.rows().into_iter().next());
    assert!(row.waiting_seconds.is_some_and(|seconds| seconds > 0.0), "standing still is waiting: {row:?}");
    drop(up);
    stage.good_night();
}

/// What proc(5) would tell of memory, so many MiB of 8 GiB of which can be had.
fn tell_memory(stage: &Stage, available: u64) -> PathBuf {
    let proc = stage.home.path().join("proc");
    fs_err::create_dir_all(&proc).unwrap();
    let text = format!("MemTotal: {} kB\nMemAvailable: {} kB\n", 8 << 20, available << 10);
    fs_err::write(proc.join("meminfo"), text).unwrap();
    proc
}

#[test]
fn of_two_runs_the_younger_stands_still_when_memory_is_short_and_goes_on_when_it_is_alone() {
    let mut stage = Stage::new(GATE);
    stage.configure(&stage.config().replacen("max = 3", "max = \"auto\"", 1));
    let mut up = stage.home.herder(stand_in());
    up.arg("up").env("NIGHT_PROC", tell_memory(&stage, 7000));
    let first = beating(&mut stage, "first-goal.txt");
    let up = Orchestrator::start_command(up, &stage.home);
    stage.until_waiting(&first, 1);
    let second = beating(&mut stage, "second-goal.txt");
    stage.until_waiting(&second, 1);
    tell_memory(&stage, 100);
    until_still(&stage, &second);
    // More than too little, and not enough: all stays as it is.
    tell_memory(&stage, 600);
    until_beating(&stage, &first);
    let why = stage.why(&second);
    assert!(why.contains("100 MiB of memory could be had, less than 409 MiB"), "{why}");
    assert!(why.contains("it goes on by itself when 819 MiB of memory can be had"), "{why}");
    stage.let_go(&first, 1);
    stage.until_word(&first, "done");
    until_beating(&stage, &second);
    stage.let_go(&second, 1);
    stage.until_word(&second, "done");
    assert_eq!((stage.found(&first).runs, stage.found(&second).runs), (1, 1));
    assert!(up.said().contains("frozen: 100 MiB of memory could be had"), "{}", up.said());
    assert!(up.stop().success());
}

#[test]
fn a_frozen_run_whose_goal_is_cancelled_ends_and_leaves_nothing() {
    let mut stage = Stage::new(GATE);
    let goal = beating(&mut stage, "new.txt");
    let up = stage.up_once();
    stage.until_waiting(&goal, 1);
    freeze(&mut stage, &goal);
    until_still(&stage, &goal);
    stage.person(&goal, What::GoalCancelled);
    assert!(up.finish().success());
    assert_eq!(stage.word(&goal), "cancelled");
    stage.home.assert_no_process_left();
}
