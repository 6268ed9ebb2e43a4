//! A night in which the orchestrator dies again and again, and ralphs with it: afterwards all is as if it had not.

use std::collections::BTreeMap;

use herder_domain::event::What;
use herder_domain::repo::GoalRef;
use herder_testkit::until;
use serde_json::json;

use crate::stage::killing::kill;
use crate::stage::script::{answer, bad, easy, expect, good, script, shell, write};
use crate::stage::{GATE, Orchestrator, PATIENCE, Plan, Stage};

/// How many events are let happen before each kill, in turn.
const STEPS: [usize; 6] = [1, 2, 3, 1, 5, 4];

/// Goals of every kind, and the labels that they end with.
fn goals(stage: &mut Stage) -> Vec<(GoalRef, &'static str)> {
    let repaired = [bad("b.txt"), [vec![expect("b.txt is not ok")], good("b.txt")].concat()];
    let limited = [vec![json!({"limit": {"resets_in_s": 1}})], good("c.txt")];
    let question = [vec![answer("blocked", "Which port?")]];
    let gate = [vec![write(".ralph/check", "exit 0\n"), answer("done", "Softened.")]];
    let slow = [[vec![shell("sleep 1")], good("f.txt")].concat()];
    vec![
        (stage.goal("Easy", "", &easy("a.txt")), "done"),
        (stage.goal("Repaired", "", &script(&repaired)), "done"),
        (stage.goal("Limited", "", &script(&limited)), "done"),
        (stage.goal("Asks", "", &script(&question)), "spot-check"),
        (stage.goal("Softens the gate", "", &script(&gate)), "spot-check"),
        (stage.goal("Slow", "Depends: #1", &script(&slow)), "done"),
        (
            stage.goal(
                "Costs",
                "---\nbudget: 0.1\n---",
                &script(&[vec![json!({"cost_usd": 1.0}), answer("continue", "Spent.")]]),
            ),
            "stuck",
        ),
        (stage.goal("Last", "Depends: #2, #6", &easy("g.txt")), "done"),
    ]
}

fn events(stage: &Stage) -> usize {
    stage.store.journal(0, 100_000).unwrap().len()
}

/// Lets some more events happen; gives whether the orchestrator is still at work then.
fn let_happen(stage: &Stage, up: &mut Orchestrator, count: usize) -> bool {
    let before = events(stage);
    until("events, or the end", PATIENCE, || match up.ended() {
        Some(_) => Some(false),
        None => (events(stage) >= before + count).then_some(true),
    })
}

/// Kills the ralph of a goal's first run, if it is at work.
fn kill_ralph(stage: &Stage, goal: &GoalRef) -> bool {
    let is_first = stage.word(goal) == "running" && stage.found(goal).runs == 1;
    let status = if is_first { stage.status(goal, 1) } else { None };
    let is_at_work = status.is_some() && stage.run_dir(goal, 1).ending().unwrap().is_none();
    if is_at_work {
        kill(&[status.unwrap().pid]);
    }
    is_at_work
}

#[test]
fn a_night_of_sudden_ends_comes_to_what_a_quiet_one_does() {
    let mut stage = Plan::gate(GATE).max(2).build();
    let goals = goals(&mut stage);
    let (mut kills, mut has_killed_ralph) = (0, false);
    for step in STEPS.iter().cycle().take(60) {
        let mut up = stage.up_once();
        if !let_happen(&stage, &mut up, *step) {
            break;
        }
        has_killed_ralph = has_killed_ralph || kill_ralph(&stage, &goals[5].0);
        up.kill();
        kills += 1;
    }
    assert!(kills >= 10, "{kills} kills");
    stage.good_night();
    for (goal, word) in &goals {
        assert_eq!((stage.word(goal), stage.found(goal).quarantine), (*word, None), "{goal}");
    }
    assert_once_each(&stage);
    assert!(stage.store.open_effects().unwrap().is_empty());
}

/// Each run has one row, each landed goal one commit.
#[track_caller]
fn assert_once_each(stage: &Stage) {
    let mut rows = BTreeMap::new();
    for row in stage.rows() {
        *rows.entry(row.run.unwrap().to_string()).or_insert(0) += 1;
    }
    let ordered = stage.journal().into_iter().filter_map(|(_, _, what)| {
        let What::RunOrdered { run, .. } = what else { return None };
        Some((run.to_string(), 1))
    });
    assert_eq!(rows, ordered.collect());
    let landed = stage.journal().iter().filter(|(_, _, what)| matches!(what, What::Landed { .. })).count();
    let mut trailers: Vec<_> =
        stage.repo.commits_with_trailer("Herder-Goal").into_iter().map(|(_, goal)| goal).collect();
    trailers.sort();
    trailers.dedup();
    assert_eq!((landed, trailers.len(), stage.repo.log().len()), (5, 5, 6));
}
