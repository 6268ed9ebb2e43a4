//! Process ids that were given out again: what herder remembers is never taken for a stranger that has its number now.

use std::process::{Child, Command};

use herder_domain::event::What;
use herder_domain::repo::GoalRef;
use herder_domain::run::{ProcessName, RunId};
use herder_executor::ProcessId;
use herder_orchestrator::holder;
use herder_testkit::{PidNamespace, processes};

use crate::stage::script::{done, easy, script, shell};
use crate::stage::{GATE, Orchestrator, Stage, stand_in};

/// A goal whose first run waits to be killed, and whose second finishes its work.
fn to_be_killed(stage: &mut Stage) -> GoalRef {
    let first = "test -e half.txt || { echo ok >half.txt; touch .herder/waiting; sleep 600; }";
    stage.goal("Write a file", "", &script(&[vec![shell(first), done("Wrote it.")]]))
}

#[track_caller]
fn crashed_and_went_on(stage: &Stage, goal: &GoalRef) {
    assert_eq!(stage.outcomes(goal), ["crashed", "done"]);
    assert_eq!((stage.word(goal), stage.found(goal).series.crashed, stage.rows().len()), ("done", 1, 2));
}

mod machine {
    use super::*;

    #[test]
    #[ignore = "needs pid namespaces; the suite `machine` runs it"]
    fn an_orchestrator_that_comes_back_spares_the_stranger_that_has_its_ralphs_number() {
        let namespace = PidNamespace::new();
        let mut stage = Stage::new(GATE);
        let goal = to_be_killed(&mut stage);
        let enter = format!("#!/bin/sh\nexec {} {} \"$@\"\n", namespace.entrance(), stand_in().display());
        let inside = stage.home.install_program("night-inside", &enter);
        let up = Orchestrator::start_program(&inside, &stage.home, &["up"]);
        stage.until_waiting(&goal, 1);
        let daemon = holder(&stage.state()).unwrap().unwrap().process.unwrap().pid;
        let launched = |what: &What| {
            let What::RunLaunched { process, .. } = what else { return None };
            Some(process.pid)
        };
        let ralph = stage.until_happened("its launch", &goal, launched);
        namespace.kill(&[daemon, ralph]);
        assert!(!up.finish().success());
        namespace.stranger(ralph);
        assert!(Orchestrator::start_program(&inside, &stage.home, &["up", "--once"]).finish().success());
        crashed_and_went_on(&stage, &goal);
        assert!(namespace.has_stranger(ralph));
        drop(namespace);
        stage.home.assert_no_process_left();
    }
}

/// A process of nobody's, ended with the test.
struct Stranger(Child);

impl Stranger {
    fn new() -> Self {
        Self(Command::new("sleep").arg("600").env_clear().spawn().unwrap())
    }

    /// A process that had its number before.
    fn predecessor(&self) -> ProcessName {
        let ProcessId { pid, start_time, boot_id } = ProcessId::of(self.0.id()).unwrap();
        ProcessName { pid, start_time: start_time - 1, boot_id }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run that is at work by the database, as the predecessor of a stranger.
fn remembered(stage: &mut Stage, stranger: &Stranger) -> GoalRef {
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.prepare_only(&goal);
    let process = stranger.predecessor();
    stage.finish("launch", &goal, What::RunLaunched { run: RunId::of(&goal, 1), process });
    goal
}

#[test]
fn a_run_whose_ralph_is_gone_is_found_crashed_though_a_stranger_has_its_number() {
    let (mut stage, stranger) = (Stage::new(GATE), Stranger::new());
    let goal = remembered(&mut stage, &stranger);
    stage.good_night();
    crashed_and_went_on(&stage, &goal);
    assert!(processes::is_alive(stranger.0.id()));
}

#[test]
fn a_run_that_is_to_be_stopped_stops_no_stranger_that_has_its_ralphs_number() {
    let (mut stage, stranger) = (Stage::new(GATE), Stranger::new());
    let goal = remembered(&mut stage, &stranger);
    stage.person(&goal, What::GoalCancelled);
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("cancelled", vec!["stopped".to_owned()]));
    assert!(processes::is_alive(stranger.0.id()));
}
