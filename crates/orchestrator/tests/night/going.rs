//! An orchestrator that is asked to go, but not at once, or not with its ralphs.

use herder_domain::capacity::Farewell;
use herder_domain::event::{Event, What};
use herder_domain::frost::Chill;
use herder_domain::repo::GoalRef;
use herder_domain::run::{ProcessName, RunId};
use herder_executor::ProcessId;
use herder_testkit::{processes, until};
use rustix::process::Signal;

use crate::stage::script::{easy, good, script, waits};
use crate::stage::{GATE, Moment, Orchestrator, PATIENCE, Plan, Stage, stand_in};

/// A goal whose work waits for the test in each of its iterations but the last, and lands then.
fn patient(stage: &mut Stage, path: &str) -> GoalRef {
    stage.goal("Write a file", "", &script(&[[vec![waits()], good(path)].concat()]))
}

fn until_said(up: &Orchestrator, text: &str) {
    until(text, PATIENCE, || up.said().contains(text).then_some(()));
}

fn name_of(up: &Orchestrator) -> ProcessName {
    let ProcessId { pid, start_time, boot_id } = ProcessId::of(up.pid()).unwrap();
    ProcessName { pid, start_time, boot_id }
}

#[test]
fn a_drained_orchestrator_sees_home_what_runs_and_starts_nothing_new() {
    let mut stage = Plan::gate(GATE).max(1).build();
    let (first, second) = (patient(&mut stage, "1.txt"), stage.goal("Another", "", &easy("2.txt")));
    let up = stage.up();
    stage.until_waiting(&first, 1);
    let down = Orchestrator::start(&stage.home, &["down", "--drain"]);
    until_said(&up, "draining");
    until_said(&down, &format!("still at work: {first} (its ralph works)"));
    let run = || RunId::of(&first, 1);
    stage.person(&first, What::RunFrozen { run: run(), why: Chill::Person { by: "ann".into() } });
    until_said(&down, &format!("{first} (frozen; `herder thaw {}` has it go on", first.number));
    stage.person(&first, What::RunThawed { run: run() });
    assert_eq!(stage.word(&first), "running");
    stage.let_go(&first, 1);
    assert!(up.finish().success() && down.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&first), stage.word(&second)), ("done", "queued"));
    assert_eq!((stage.found(&first).runs, stage.found(&second).runs), (1, 0));
    assert!(!stage.clone_of(&first, 1).exists());
    // The request was meant for that one.
    stage.good_night();
    assert_eq!(stage.word(&second), "done");
}

#[test]
fn what_was_admitted_and_not_begun_goes_back_into_the_queue_when_it_drains() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let hold = stage.hold_git(Moment::Before, "checkout-index");
    let up = stage.up();
    hold.until_reached();
    let down = Orchestrator::start(&stage.home, &["down", "--drain"]);
    until_said(&up, "draining");
    hold.let_go();
    assert!(up.finish().success() && down.finish().success());
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("queued", vec!["stopped".to_owned()]));
    assert_eq!(stage.found(&goal).series, <_>::default());
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
}

#[test]
fn a_second_down_without_more_words_stops_a_draining_orchestrator_at_once() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage, "new.txt");
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let drain = Orchestrator::start(&stage.home, &["down", "--drain"]);
    until_said(&up, "draining");
    let down = Orchestrator::start(&stage.home, &["down"]);
    assert!(up.finish().success() && down.finish().success() && drain.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("queued", vec!["stopped".to_owned()]));
}

#[test]
fn a_drain_survives_neither_the_crash_of_its_orchestrator_nor_hits_the_next_one() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage, "new.txt");
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let orchestrator = name_of(&up);
    up.kill();
    // As if the request had been written the moment after.
    stage.says(&Event::DownAsked { orchestrator, farewell: Farewell::Drain });
    let other = stage.goal("Another", "", &easy("2.txt"));
    let up = stage.up_once();
    stage.until_word(&other, "done");
    stage.let_go(&goal, 1);
    assert!(up.finish().success() && !up_said_draining(&stage));
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
}

fn up_said_draining(stage: &Stage) -> bool {
    fs_err::read_to_string(stage.home.path().join("up.log")).unwrap().contains("draining")
}

#[test]
fn an_orchestrator_that_leaves_keeps_its_ralphs_for_the_next_one() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage, "new.txt");
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let ralph = stage.ralph_of(&goal, 1);
    let down = Orchestrator::start(&stage.home, &["down", "--keep"]);
    assert!(up.finish().success() && down.finish().success());
    assert!(processes::is_alive(ralph));
    assert_eq!(stage.word(&goal), "running");
    let next = stage.up_once();
    stage.let_go(&goal, 1);
    assert!(next.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 1));
    assert_eq!(stage.status(&goal, 1).unwrap().pid, ralph);
}

/// The program is replaced under a running orchestrator. What it and its ralphs start from then on, keepers and
/// agents among it, is still the old program; a new orchestrator adopts them.
#[test]
fn an_upgrade_in_the_night_loses_no_run() {
    let mut stage = Stage::new(GATE);
    let iteration = |path: &str| [vec![waits()], vec![crate::stage::script::write(path, "ok\n")]].concat();
    let first = [iteration("1.txt"), vec![crate::stage::script::goes_on("One.")]].concat();
    let goal = stage.goal("Write two", "", &script(&[first, good("2.txt")]));
    let program = stage.home.path().join("herder");
    let install = || {
        let new = program.with_extension("new");
        fs_err::copy(stand_in(), &new).unwrap();
        fs_err::rename(new, &program).unwrap();
    };
    install();
    let up = Orchestrator::start_program(&program, &stage.home, &["up"]);
    stage.until_waiting(&goal, 1);
    let ralph = stage.ralph_of(&goal, 1);
    install();
    let late = patient(&mut stage, "3.txt");
    stage.until_waiting(&late, 1);
    let running = fs_err::read_link(format!("/proc/{}/exe", stage.agent_of(&late, 1))).unwrap();
    assert_eq!(running.to_str().unwrap(), format!("{} (deleted)", program.display()));
    let down = Orchestrator::start_program(&program, &stage.home, &["down", "--keep"]);
    assert!(up.finish().success() && down.finish().success());
    let next = Orchestrator::start_program(&program, &stage.home, &["up", "--once"]);
    stage.let_go(&goal, 1);
    stage.let_go(&late, 1);
    assert!(next.finish().success());
    stage.home.assert_no_process_left();
    for goal in [&goal, &late] {
        assert_eq!((stage.word(goal), stage.found(goal).runs), ("done", 1));
    }
    assert_eq!((stage.status(&goal, 1).unwrap().pid, stage.row(&goal, 1).iterations), (ralph, 2));
}

#[test]
fn a_goal_that_is_queued_while_it_drains_waits_for_the_next_one_and_says_so() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage, "new.txt");
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let down = Orchestrator::start(&stage.home, &["down", "--drain"]);
    until_said(&up, "draining");
    let late = stage.goal("Too late", "", &easy("2.txt"));
    stage.let_go(&goal, 1);
    assert!(up.finish().success() && down.finish().success());
    assert_eq!((stage.word(&late), stage.found(&late).runs), ("queued", 0));
    assert!(up_said_draining(&stage));
    stage.good_night();
}

#[test]
fn ctrl_c_ends_a_draining_orchestrator_like_any_other() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage, "new.txt");
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    stage.says(&Event::DownAsked { orchestrator: name_of(&up), farewell: Farewell::Drain });
    until_said(&up, "draining");
    up.signal(Signal::INT);
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!(stage.word(&goal), "queued");
}
