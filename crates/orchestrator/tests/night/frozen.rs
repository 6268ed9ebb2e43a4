//! Runs that stand still.

use herder_domain::event::What;
use herder_domain::frost::Chill;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_testkit::until;

use crate::stage::script::{good, script, shell};
use crate::stage::{GATE, PATIENCE, Stage};

/// A goal whose agent beats until the test lets it go, and does its work then.
fn beating(stage: &mut Stage) -> GoalRef {
    let beats =
        "touch .herder/waiting; while [ ! -e .herder/go ]; do echo x >>.herder/beats; sleep 0.01; done";
    stage.goal("Write a file", "", &script(&[[vec![shell(beats)], good("new.txt")].concat()]))
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
    let goal = beating(&mut stage);
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

#[test]
fn a_frozen_run_whose_goal_is_cancelled_ends_and_leaves_nothing() {
    let mut stage = Stage::new(GATE);
    let goal = beating(&mut stage);
    let up = stage.up_once();
    stage.until_waiting(&goal, 1);
    freeze(&mut stage, &goal);
    until_still(&stage, &goal);
    stage.person(&goal, What::GoalCancelled);
    assert!(up.finish().success());
    assert_eq!(stage.word(&goal), "cancelled");
    stage.home.assert_no_process_left();
}
