//! What a close reading of the loop found: one night for each, so that it stays mended.

use herder_record::Phase;
use herder_testkit::until;
use serde_json::json;

use crate::stage::script::{bad, done, easy, expect, good, script, write};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

#[test]
fn what_a_red_gate_said_outlasts_an_iteration_that_a_limit_cut_off() {
    let mut stage = Stage::new(GATE);
    let limited = vec![json!({"limit": {"resets_in_s": 0}})];
    // The sentence stands in a prompt only where a gate's output waits for an answer.
    let repairs = [vec![expect("Repair this first.")], good("new.txt")].concat();
    let goal = stage.goal("Write a file", "", &script(&[bad("new.txt"), limited, repairs]));
    stage.good_night();
    let iterations = stage.run_dir(&goal, 1).iterations().unwrap();
    let endings: Vec<_> = iterations.iter().map(|iteration| iteration.ending.as_str()).collect();
    assert_eq!((stage.word(&goal), endings), ("done", vec!["done", "usage_limit", "done"]));
}

#[test]
fn a_usage_limit_without_a_known_end_is_one_and_parks_the_account() {
    let mut stage = Plan::gate(GATE).max(1).config("[timeouts]\nwait = \"1s\"").build();
    let limited = || vec![json!({"limit": {}})];
    let goal = stage.goal("Write a file", "", &script(&[limited(), limited(), good("new.txt")]));
    // Nobody else runs into the same wall for half an hour, and nobody waits here for that.
    assert_eq!(stage.night().code(), Some(3));
    assert_eq!((stage.outcomes(&goal), stage.word(&goal)), (vec!["usage_limit".to_owned()], "queued"));
    assert_eq!(stage.found(&goal).series.unreachable, 0);
    assert!(stage.store.parked().unwrap()["replay"].until.is_some());
}

#[test]
fn a_wait_that_the_agent_announces_is_shown_as_one() {
    let mut stage = Stage::new(GATE);
    let waits = json!({"wait": {"text": "overloaded", "real_ms": 3000}});
    let goal = stage.goal("Write a file", "", &script(&[[vec![waits], good("new.txt")].concat()]));
    let up = stage.up_once();
    let status = until("an agent that waits", PATIENCE, || {
        stage.status(&goal, 1).filter(|status| status.state == Phase::Waiting)
    });
    assert!(status.waiting_until.is_some() && status.waiting_for.is_some(), "{status:?}");
    assert!(up.finish().success());
    assert_eq!(stage.status(&goal, 1).unwrap().state, Phase::Ended);
}

#[test]
fn a_gate_gets_no_more_time_than_its_run_has_left() {
    let mut stage = Stage::new("sleep 600");
    let goal = stage.goal("Write a file", "---\nduration: 3s\n---", &easy("new.txt"));
    let up = stage.up();
    until("the end of the run", PATIENCE, || stage.run_dir(&goal, 1).ending().unwrap());
    assert!(up.stop().success());
    assert_eq!(stage.outcomes(&goal)[0], "timeout");
    stage.home.assert_no_process_left();
}

#[test]
fn an_answer_that_comes_with_the_order_to_stop_is_remembered() {
    let mut stage = Stage::new("touch .herder/gating; while [ ! -e .herder/never ]; do sleep 0.02; done");
    let answers = vec![write("new.txt", "ok\n"), done("The port is 4711.")];
    let goal = stage.goal("Write a file", "", &script(&[answers]));
    let up = stage.up();
    until("a gate at work", PATIENCE, || {
        stage.status(&goal, 1).filter(|status| status.state == Phase::Gating)
    });
    assert!(up.stop().success());
    let (found, dir) = (stage.found(&goal), stage.run_dir(&goal, 1));
    assert_eq!(found.context.last_progress.as_deref(), Some("The port is 4711."));
    assert_eq!(found.context.gate_output, None, "a gate that was stopped has said nothing");
    assert_eq!((dir.iterations().unwrap().len(), stage.outcomes(&goal)[0].as_str()), (1, "stopped"));
}
