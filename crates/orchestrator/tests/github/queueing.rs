//! A person labels an issue, and herder does what was meant.

use herder_domain::goal::GoalState;
use herder_fakehub::op;
use herder_testkit::until;

use crate::script::{done, easy, script, shell, waits};
use crate::stage::{APP, PATIENCE, Stage};

#[test]
fn an_issue_that_a_writer_labels_becomes_a_merged_pull_request() {
    let stage = Stage::new();
    let issue = stage.issue("bob", "Write a file", &easy("new.txt"), &["goal"]);
    let up = stage.up();
    stage.until_labels(issue, &["goal", "goal:draft"]);
    stage.label("bob", issue, "goal:queued");
    stage.until_labels(issue, &["goal", "goal:done"]);
    until("the work to land", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        matches!(stage.goal(issue).state, GoalState::Done { .. }).then_some(())
    });
    until("nothing to be left to do", PATIENCE, || {
        stage.store().open_effects().unwrap().is_empty().then_some(())
    });
    assert!(up.stop().success());
    assert_eq!(stage.goal(issue).runs, 1);
}

#[test]
fn only_who_may_write_has_goals_run() {
    let stage = Stage::new();
    let issue = stage.issue("eve", "Mine a coin", &easy("new.txt"), &[]);
    stage.label("eve", issue, "goal:queued");
    let up = stage.up();
    stage.until_labels(issue, &["goal:draft"]);
    let said = until("a word about it", PATIENCE, || stage.comments(issue).first().cloned());
    assert!(said.contains("eve may not write to the repository"), "{said}");
    assert!(up.stop().success());
    assert_eq!(stage.goal(issue).runs, 0);
}

#[test]
fn taking_the_label_off_stops_the_run_and_closing_the_issue_ends_the_goal() {
    let stage = Stage::new();
    let script = script(&[vec![shell("true"), waits(), done("Never.")]]);
    let issue = stage.issue("bob", "Think for long", &script, &["goal", "goal:queued"]);
    let up = stage.up();
    stage.until_labels(issue, &["goal", "goal:running"]);
    stage.hub.act("bob", |ctx| op::issue::remove_label(ctx, APP, issue, "goal:running"));
    stage.until_labels(issue, &["goal", "goal:draft"]);
    stage.label("bob", issue, "goal:queued");
    until("a second run", PATIENCE, || (stage.goal(issue).runs == 2).then_some(()));
    stage.until_labels(issue, &["goal", "goal:running"]);
    stage.close("bob", issue, "not_planned");
    until("the goal's end", PATIENCE, || (stage.goal(issue).state == GoalState::Cancelled).then_some(()));
    stage.until_labels(issue, &["goal"]);
    until("the run's end", PATIENCE, || stage.store().active_runs().unwrap().is_empty().then_some(()));
    assert!(up.stop().success());
}
