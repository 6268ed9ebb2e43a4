//! Landings that follow each other closely: one is gated while the one ahead is being pushed.

use std::path::PathBuf;

use herder_domain::repo::GoalRef;
use herder_testkit::until;

use crate::stage::gates::landing_only;
use crate::stage::script::{done, easy, good, script, waits, write};
use crate::stage::{Moment, PATIENCE, Stage};

/// Where the landing gate of a goal's first run says what it says.
fn landing_log(stage: &Stage, goal: &GoalRef) -> PathBuf {
    stage.run_dir(goal, 1).path().join("gate/landing.log")
}

/// How often the landing gate was asked about a goal's first run; this stage's gates tell of themselves.
fn asked(stage: &Stage, goal: &GoalRef) -> usize {
    let said = std::fs::read_to_string(landing_log(stage, goal)).unwrap_or_default();
    said.lines().filter(|line| line.contains("asked")).count()
}

/// Waits until the landing gate has said `what` of a goal's first run.
#[track_caller]
fn until_said(stage: &Stage, goal: &GoalRef, what: &str) {
    until("the landing gate to speak", PATIENCE, || {
        std::fs::read_to_string(landing_log(stage, goal)).is_ok_and(|said| said.contains(what)).then_some(())
    });
}

#[test]
fn a_landing_is_gated_on_top_of_the_one_that_is_being_pushed() {
    let mut stage =
        Stage::new(&landing_only("echo asked; ls; git log -1 --format=%s origin/main; echo answered"));
    let first = stage.goal("First", "", &easy("1.txt"));
    let second =
        stage.goal("Second", "", &script(&[vec![waits(), write("2.txt", "ok\n"), done("Wrote it.")]]));
    let push = stage.hold_git(Moment::Before, "push");
    let up = stage.up_once();
    push.until_reached();
    stage.until_waiting(&second, 1);
    stage.let_go(&second, 1);
    until_said(&stage, &second, "answered");
    assert_eq!(stage.repo.log(), ["Begin"], "nothing has been pushed yet");
    let said = std::fs::read_to_string(landing_log(&stage, &second)).unwrap();
    assert!(said.contains("1.txt"), "it is gated on top of the work ahead: {said}");
    assert!(said.contains("Goal #1: First"), "and the base branch is there: {said}");
    push.let_go();
    assert!(up.finish().success());
    assert_eq!(stage.repo.log(), ["Goal #2: Second", "Goal #1: First", "Begin"]);
    assert_eq!((asked(&stage, &first), asked(&stage, &second)), (1, 1), "neither gate was asked again");
}

#[test]
fn what_was_found_on_top_of_a_commit_that_did_not_arrive_means_nothing() {
    let gate = "echo asked; grep -qs mine 1.txt && test -e 2.txt && { echo both; exit 1; }; exit 0";
    let mut stage = Stage::new(&landing_only(gate));
    let sessions = [vec![write("1.txt", "mine\n"), done("Wrote it.")], vec![waits()]];
    let first = stage.goal("First", "", &script(&sessions));
    let second =
        stage.goal("Second", "", &script(&[vec![waits(), write("2.txt", "ok\n"), done("Wrote it.")]]));
    let push = stage.hold_git(Moment::Before, "push");
    let up = stage.up();
    push.until_reached();
    stage.until_waiting(&second, 1);
    stage.let_go(&second, 1);
    until_said(&stage, &second, "both");
    // The one ahead loses its push, and cannot be put onto what came instead.
    stage.repo.push("main", "Theirs", &[("1.txt", Some("theirs\n"))]);
    push.let_go();
    stage.until_word(&second, "done");
    let found = stage.found(&second);
    assert_eq!((found.runs, found.series.failed), (1, 0), "its own work was never refused");
    assert!(asked(&stage, &second) > 1, "it was gated anew");
    assert_eq!(stage.repo.log(), ["Goal #2: Second", "Theirs", "Begin"]);
    assert_ne!(stage.word(&first), "done");
    assert!(up.stop().success());
}

#[test]
fn many_that_follow_closely_all_land_and_none_twice() {
    let mut stage = Stage::new(&landing_only("exit 0"));
    let goals: Vec<_> = (1..=6)
        .map(|number| stage.goal("Write a file", "", &script(&[good(&format!("{number}.txt"))])))
        .collect();
    stage.good_night();
    assert!(goals.iter().all(|goal| stage.word(goal) == "done" && stage.found(goal).runs == 1));
    let mut log = stage.repo.log();
    log.sort();
    let landed = (1..=6).map(|number| format!("Goal #{number}: Write a file"));
    assert_eq!(log, std::iter::once("Begin".to_owned()).chain(landed).collect::<Vec<_>>());
}
