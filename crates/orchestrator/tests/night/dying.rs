//! Sudden ends, of the orchestrator first of all: what was begun is finished once, and nothing is left.

use herder_domain::event::What;
use herder_domain::goal::{GoalState, StuckCause};
use herder_domain::repo::GoalRef;
use herder_domain::run::{ProcessName, RunId};
use herder_executor::ProcessId;
use herder_orchestrator::{Down, Manner, down};
use herder_testkit::{processes, until};
use rustix::process::Signal;

use crate::stage::gates::{slow_feedback_once, slow_once};
use crate::stage::killing::kill;
use crate::stage::script::{done, easy, good, hang, script, shell, waits};
use crate::stage::{GATE, Moment, Orchestrator, PATIENCE, Stage};

/// A goal whose work waits for the test, and lands then.
fn patient(stage: &mut Stage) -> GoalRef {
    stage.goal("Write a file", "", &script(&[[vec![waits()], good("new.txt")].concat()]))
}

/// The goal has landed, once, by its first and only run, and nothing is left.
#[track_caller]
fn landed_once(stage: &Stage, goal: &GoalRef) {
    stage.good_night();
    assert_eq!((stage.word(goal), stage.found(goal).runs), ("done", 1));
    assert_eq!(stage.repo.log(), ["Goal #1: Write a file", "Begin"]);
    let run = RunId::of(goal, 1).to_string();
    let rows = stage.rows();
    assert_eq!(rows.iter().map(|row| row.run.clone().unwrap().to_string()).collect::<Vec<_>>(), [run]);
    let closed = |(_, what): &(_, What)| matches!(what, What::RunClosed { .. });
    assert_eq!(stage.happened(goal).iter().filter(|happened| closed(happened)).count(), 1);
    assert!(stage.store.open_effects().unwrap().is_empty());
    assert!(!stage.clone_of(goal, 1).exists());
    let refs = stage.repo.commits_with_trailer("Herder-Run");
    assert_eq!(refs.len(), 1);
}

#[test]
fn an_orchestrator_killed_while_it_prepares_begins_again() {
    for command in ["fetch", "checkout-index", "read-tree"] {
        let mut stage = Stage::new(GATE);
        let goal = stage.goal("Write a file", "", &easy("new.txt"));
        stage.pushes_a_branch();
        let hold = stage.hold_git(Moment::Before, command);
        let up = stage.up_once();
        hold.until_reached();
        assert_eq!(stage.run(&goal, 1).state.word(), "claimed");
        up.kill();
        hold.let_go();
        landed_once(&stage, &goal);
    }
}

#[test]
fn an_orchestrator_killed_between_claim_and_launch_goes_on_where_it_was() {
    // Killed again and again, each time a little later, until the work has landed.
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let mut kills = 0;
    while stage.word(&goal) != "done" && kills < 100 {
        let before = stage.store.journal(0, 100_000).unwrap().len();
        let mut up = Some(stage.up_once());
        until("one more event", PATIENCE, || {
            (stage.store.journal(0, 100_000).unwrap().len() > before || stage.word(&goal) == "done")
                .then_some(())
        });
        up.take().unwrap().kill();
        kills += 1;
    }
    assert!(kills >= 5, "{kills} kills");
    landed_once(&stage, &goal);
}

#[test]
fn an_orchestrator_killed_at_claim_goes_on_where_it_was() {
    for done in 0..3 {
        let mut stage = Stage::new(GATE);
        let goal = stage.goal("Write a file", "", &easy("new.txt"));
        let run = RunId::of(&goal, 1);
        stage.plan_only();
        assert_eq!((stage.word(&goal), stage.open_effects()), ("running", vec![format!("claim/{run}")]));
        if done > 0 {
            stage.finish("claim", &goal, What::RunClaimed { run: run.clone() });
            assert!(stage.open_effects().is_empty(), "nobody has planned since");
        }
        if done > 1 {
            stage.plan_only();
            assert_eq!(stage.open_effects(), [format!("prepare/{run}")]);
        }
        landed_once(&stage, &goal);
    }
}

#[test]
fn an_orchestrator_killed_before_it_launches_launches_then() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.prepare_only(&goal);
    assert!(stage.status(&goal, 1).is_none());
    landed_once(&stage, &goal);
}

#[test]
fn an_orchestrator_killed_right_after_it_launched_adopts_the_ralph_that_nobody_recorded() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage);
    stage.prepare_only(&goal);
    let mut ralph = stage.start_ralph(&goal);
    stage.until_waiting(&goal, 1);
    assert_eq!(stage.run(&goal, 1).state.word(), "prepared");
    let up = stage.up_once();
    let process = stage.until_happened("its adoption", &goal, |what| {
        let What::RunLaunched { process, .. } = what else { return None };
        Some(process.clone())
    });
    assert_eq!(process.pid, ralph.id());
    stage.let_go(&goal, 1);
    assert!(ralph.wait().unwrap().success() && up.finish().success());
    landed_once(&stage, &goal);
}

#[test]
fn a_run_that_ended_before_anybody_recorded_its_launch_is_not_begun_again() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.prepare_only(&goal);
    assert!(stage.start_ralph(&goal).wait().unwrap().success());
    landed_once(&stage, &goal);
    assert_eq!(stage.run_dir(&goal, 1).iterations().unwrap().len(), 1);
    assert!(!stage.happened(&goal).iter().any(|(_, what)| matches!(what, What::RunLaunched { .. })));
}

#[test]
fn a_run_of_another_boot_is_queued_again_uncounted_and_nobodys_process_is_touched() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    stage.prepare_only(&goal);
    // The number and the start time are those of a process that lives now.
    let ProcessId { pid, start_time, .. } = ProcessId::own().unwrap();
    let process = ProcessName { pid, start_time, boot_id: "00000000-0000-4000-8000-000000000000".into() };
    stage.finish("launch", &goal, What::RunLaunched { run: RunId::of(&goal, 1), process });
    stage.good_night();
    assert_eq!(stage.outcomes(&goal), ["host_restarted", "done"]);
    let series = stage.found(&goal).series;
    assert_eq!((stage.word(&goal), series.failed, series.crashed), ("done", 0, 0));
    assert_eq!((stage.row(&goal, 1).exit_reason.as_str(), stage.rows().len()), ("host_restarted", 2));
}

#[test]
fn a_ralph_works_on_while_no_orchestrator_is_there_and_is_adopted() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage);
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let ralph = stage.ralph_of(&goal, 1);
    up.kill();
    assert!(processes::is_alive(ralph));
    let up = stage.up_once();
    until("the new one to be up", PATIENCE, || {
        (up.said().matches("herder is up").count() == 2).then_some(())
    });
    stage.let_go(&goal, 1);
    assert!(up.finish().success());
    landed_once(&stage, &goal);
}

#[test]
fn an_outcome_that_nobody_was_there_to_hear_is_taken() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage);
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let ralph = stage.ralph_of(&goal, 1);
    up.kill();
    stage.let_go(&goal, 1);
    until("the ralph's end", PATIENCE, || (!processes::is_alive(ralph)).then_some(()));
    assert!(stage.run_dir(&goal, 1).ending().unwrap().is_some());
    assert_eq!(stage.run(&goal, 1).state.word(), "launched");
    landed_once(&stage, &goal);
}

#[test]
fn an_orchestrator_killed_while_it_collects_or_lands_finishes_what_it_began() {
    for (moment, command) in [
        (Moment::Before, "diff-tree"),
        (Moment::Before, "fetch"),
        (Moment::Before, "push"),
        (Moment::After, "push"),
    ] {
        let mut stage = Stage::new(GATE);
        let goal = patient(&mut stage);
        let up = stage.up();
        stage.until_waiting(&goal, 1);
        stage.pushes_a_branch();
        let hold = stage.hold_git(moment, command);
        stage.let_go(&goal, 1);
        hold.until_reached();
        up.kill();
        hold.let_go();
        landed_once(&stage, &goal);
    }
}

#[test]
fn an_orchestrator_killed_in_the_landing_gate_takes_the_gate_with_it() {
    let mut stage = Stage::new(&slow_once());
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let up = stage.up_once();
    stage.until_landing_gate();
    up.kill();
    stage.home.assert_no_process_left();
    landed_once(&stage, &goal);
}

/// A goal whose first run is killed by `deed` at work, with a file half written.
fn killed(deed: impl Fn(&Stage, &GoalRef)) -> (Stage, GoalRef) {
    let mut stage = Stage::new(GATE);
    let background = "sleep 600 & setsid sleep 600 </dev/null >/dev/null 2>&1 & echo ok >half.txt; touch .herder/waiting; sleep 600";
    let go_on =
        "if [ -e half.txt ]; then echo ok >whole.txt; else BACKGROUND; fi".replace("BACKGROUND", background);
    let goal = stage.goal("Write two", "", &script(&[vec![shell(&go_on), done("Wrote both.")]]));
    let up = stage.up_once();
    stage.until_waiting(&goal, 1);
    deed(&stage, &goal);
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    (stage, goal)
}

/// The killed run was nobody's fault, its work was kept, and the next run finished it.
#[track_caller]
fn crashed_and_recovered((stage, goal): (Stage, GoalRef)) {
    assert_eq!(stage.outcomes(&goal), ["crashed", "done"]);
    let series = stage.found(&goal).series;
    assert_eq!((stage.word(&goal), series.failed, series.crashed), ("done", 0, 1));
    assert_eq!(stage.row(&goal, 1).exit_reason, "crashed");
    assert_eq!(stage.row(&goal, 2).exit_reason, "done");
    assert_eq!(stage.repo.files_at("main"), [".ralph/check", "first.txt", "half.txt", "whole.txt"]);
    let begun = stage.run_dir(&goal, 2).spec().unwrap().unwrap();
    assert!(begun.context.is_resumed);
}

#[test]
fn a_killed_ralph_leaves_its_work_and_nothing_else() {
    crashed_and_recovered(killed(|stage, goal| kill(&[stage.ralph_of(goal, 1)])));
}

#[test]
fn a_killed_keeper_leaves_its_work_and_nothing_else() {
    crashed_and_recovered(killed(|stage, goal| kill(&[stage.keeper_of(goal, 1)])));
}

#[test]
fn a_ralph_and_its_keeper_killed_together_leave_their_work_and_nothing_else() {
    crashed_and_recovered(killed(|stage, goal| {
        let (ralph, keeper) = (stage.ralph_of(goal, 1), stage.keeper_of(goal, 1));
        kill(&[keeper, ralph]);
    }));
}

#[test]
fn orchestrator_ralph_and_keeper_killed_together_leave_their_work_and_nothing_else() {
    let mut stage = Stage::new(GATE);
    let sessions = [vec![
        shell("test -e half.txt || { echo ok >half.txt; touch .herder/waiting; sleep 600; }"),
        good("new.txt")[0].clone(),
        done("Both."),
    ]];
    let goal = stage.goal("Write two", "", &script(&sessions));
    let up = stage.up_once();
    stage.until_waiting(&goal, 1);
    kill(&[stage.keeper_of(&goal, 1), stage.ralph_of(&goal, 1)]);
    up.kill();
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).series.crashed), ("done", 1));
    assert_eq!(stage.rows().len(), 2);
}

#[test]
fn a_killed_agent_costs_an_iteration() {
    let (stage, goal) = killed(|stage, goal| kill(&[stage.agent_of(goal, 1)]));
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("done", vec!["done".to_owned()]));
    assert_eq!(stage.row(&goal, 1).iterations, 2);
    assert!(stage.progress(&goal, 1)[0].contains("the agent failed"), "{:?}", stage.progress(&goal, 1));
}

#[test]
fn a_ralph_that_is_killed_three_times_makes_the_goal_stuck() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Be killed", "", &script(&[vec![shell("touch .herder/waiting"), hang()]]));
    let up = stage.up_once();
    for attempt in 1..=3 {
        stage.until_waiting(&goal, attempt);
        kill(&[stage.ralph_of(&goal, attempt)]);
    }
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    let state = stage.found(&goal).state;
    assert!(matches!(state, GoalState::Stuck { cause: StuckCause::Crashed, .. }), "{state:?}");
    assert_eq!((stage.rows().len(), stage.found(&goal).series.failed), (3, 0));
    assert!(stage.comments(&goal)[0].contains("its runs crashed"));
}

#[test]
fn ctrl_c_stops_all_ralphs_at_once_keeps_their_work_and_queues_their_goals_uncounted() {
    let mut stage = Stage::new(GATE);
    let stubborn = "trap '' TERM; echo ok >half.txt; touch .herder/waiting; while :; do sleep 0.1; done";
    let resumed = format!("test -e half.txt || {{ {stubborn}; }}");
    let goals: Vec<_> = (1..=3)
        .map(|number| {
            let session = [vec![shell(&resumed)], good(&format!("{number}.txt"))].concat();
            stage.goal("Be stopped", "", &script(&[session]))
        })
        .collect();
    let up = stage.up();
    goals.iter().for_each(|goal| stage.until_waiting(goal, 1));
    let agents: Vec<_> = goals.iter().map(|goal| stage.agent_of(goal, 1)).collect();
    assert!(up.stop().success());
    assert!(agents.into_iter().all(|agent| !processes::is_alive(agent)));
    stage.home.assert_no_process_left();
    let stopped: Vec<_> = goals.iter().map(|goal| stage.row(goal, 1)).collect();
    for (goal, row) in goals.iter().zip(&stopped) {
        assert_eq!((stage.word(goal), row.exit_reason.as_str()), ("queued", "stopped"));
        assert_eq!((stage.found(goal).series, stage.found(goal).retry_at), (<_>::default(), None));
        let branch = format!("refs/heads/goal-{}", goal.number);
        assert_eq!(stage.vault_file(&branch, "half.txt").as_deref(), Some("ok\n"));
    }
    // Their graces ran side by side: the last was over before a second one could have been.
    let ended = |row: &herder_record::StatsRow| row.ended_at.as_ref().unwrap().at();
    let (first, last) = (stopped.iter().map(ended).min().unwrap(), stopped.iter().map(ended).max().unwrap());
    assert!(last.duration_since(first).as_secs_f64() < 4.0);
}

#[test]
fn a_second_ctrl_c_kills_at_once_and_the_run_has_not_crashed() {
    let mut stage = Stage::new(GATE);
    let stubborn = "test -e half.txt || { trap '' TERM; echo ok >half.txt; touch .herder/waiting; while :; do sleep 0.1; done; }";
    let goal = stage.goal("Be stopped", "", &script(&[[vec![shell(stubborn)], good("new.txt")].concat()]));
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let keeper = stage.keeper_of(&goal, 1);
    up.signal(Signal::INT);
    until("the order to go down", PATIENCE, || up.said().contains("going down").then_some(()));
    assert!(processes::is_alive(keeper));
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    stage.good_night();
    let series = stage.found(&goal).series;
    assert_eq!((stage.word(&goal), series.crashed), ("done", 0));
    assert_eq!(stage.outcomes(&goal), ["stopped", "done"]);
    assert!(stage.repo.file_at("main", "half.txt").is_some());
}

#[test]
fn going_down_waits_for_no_landing_and_the_next_up_finishes_it() {
    let mut stage = Stage::new(&slow_once());
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let up = stage.up();
    stage.until_landing_gate();
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    assert_eq!(stage.word(&goal), "running");
    landed_once(&stage, &goal);
}

#[test]
fn down_ends_the_orchestrator_and_its_ralphs() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage);
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let asked = Orchestrator::start(&stage.home, &["down"]);
    assert!(up.finish().success() && asked.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!(stage.word(&goal), "queued");
    assert_eq!(down(&stage.state(), Manner::Stop, &mut |_| {}).unwrap(), Down::NotRunning);
}

#[test]
fn a_second_orchestrator_is_refused_and_told_who_is_first() {
    let stage = Stage::new(GATE);
    let first = stage.up();
    until("the first to be up", PATIENCE, || first.said().contains("herder is up").then_some(()));
    let second = stage.up_once();
    let said = format!(
        "another orchestrator is at work on {} (process {})",
        stage.state().root().display(),
        first.pid()
    );
    assert!(!second.finish().success());
    assert!(first.said().contains(&said), "{}", first.said());
    assert!(first.stop().success());
}

#[test]
fn ctrl_c_while_a_run_is_prepared_queues_its_goal_again() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let hold = stage.hold_git(Moment::Before, "checkout-index");
    let up = stage.up();
    hold.until_reached();
    up.signal(Signal::INT);
    until("the order to go down", PATIENCE, || up.said().contains("going down").then_some(()));
    hold.let_go();
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("queued", vec!["stopped".to_owned()]));
    assert_eq!((stage.found(&goal).series, stage.rows().len()), (<_>::default(), 1));
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 2));
}

#[test]
fn a_ralph_killed_at_its_gate_takes_the_gate_with_it() {
    let mut stage = Stage::new(&slow_feedback_once());
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let up = stage.up_once();
    stage.until_feedback_gate();
    let gate = stage.agent_of(&goal, 1);
    kill(&[stage.ralph_of(&goal, 1)]);
    until("the gate's end", PATIENCE, || (!processes::is_alive(gate)).then_some(()));
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("done", vec!["crashed".into(), "done".into()]));
}
