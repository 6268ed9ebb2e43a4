//! A goal says on its issue where it stands, in one comment; and people who may write order by comments.

use herder_domain::goal::GoalState;
use herder_fakehub::op::{self, issue::IssueEdit};
use herder_fakehub::state::{Protection, RequiredChecks};
use herder_fakehub::{Fault, Rule};
use herder_forge::Marker;
use herder_testkit::until;

use crate::said::{kinds, say, until_quiet, until_said, until_state};
use crate::script::{answer, costs, done, easy, expect, good, script, shell, waits};
use crate::stage::{APP, PATIENCE, Stage};

/// `main` wants a check that nobody runs, so that nothing merges.
fn protect(stage: &Stage) {
    let checks = Some(RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] });
    let rule = Protection { checks, binds_admins: true, ..Protection::default() };
    stage.hub.act("ada", |ctx| op::repo::protect(ctx, APP, "main", rule));
    stage.hub.expect("GET", "/branches/main/protection", 403);
}

#[test]
fn one_comment_says_where_a_goal_stands_from_its_first_run_to_its_landing() {
    let stage = Stage::new();
    let script = script(&[vec![costs(0.25), shell("true"), waits(), done("Never.")]]);
    let issue = stage.issue("bob", "Think for long", &script, &["goal", "goal:queued"]);
    let up = stage.up();
    let running = until_said(&stage, issue, "status", "is running");
    let run = stage.goal(issue).current_run().unwrap().to_string();
    assert!(running.contains(&run) && running.contains("attempt 1"), "{running}");
    let fields = Marker::all(&running).pop().unwrap().fields;
    assert_eq!((fields["state"].as_str(), fields["run"].as_str()), (Some("running"), Some(run.as_str())));
    say(&stage, "bob", issue, "/cancel");
    let ended = until_said(&stage, issue, "status", "was cancelled");
    assert!(ended.contains("`/cancel` by bob: done"), "{ended}");
    stage.until_labels(issue, &["goal"]);
    until("the run's end", PATIENCE, || stage.store().active_runs().unwrap().is_empty().then_some(()));
    until_quiet(&stage);
    assert_eq!(kinds(&stage, issue), ["status"]);
    assert!(!stage.hub.look(|state| state.repo(APP).unwrap().issues[&issue].is_open()));
    assert!(up.stop().success());
}

#[test]
fn a_lost_answer_or_a_kill_at_the_status_comment_leaves_one_of_it() {
    let stage = Stage::new();
    stage.hub.fault(Rule::new(Fault::CutAfter).method("POST").part("/comments").times(1));
    let issue = stage.issue("bob", "Write a file", &easy("new.txt"), &["goal", "goal:queued"]);
    let up = stage.up();
    until("the first try", PATIENCE, || (!stage.comments(issue).is_empty()).then_some(()));
    up.kill();
    let up = stage.up();
    let landed = until_said(&stage, issue, "status", "has landed");
    assert!(landed.contains("| gate | green |") && landed.contains("| pull request | #"), "{landed}");
    until_quiet(&stage);
    assert_eq!(kinds(&stage, issue), ["status"]);
    assert!(up.stop().success());
}

#[test]
fn a_question_is_handed_over_once_and_answered_by_a_comment_of_who_may_write() {
    let stage = Stage::new();
    let second = [vec![expect("the second"), expect("Which of both?")], good("b.txt")].concat();
    let script = script(&[vec![answer("blocked", "Which of both?")], second]);
    let issue = stage.issue("bob", "Choose", &script, &["goal", "goal:queued"]);
    let up = stage.up();
    let asked = until_said(&stage, issue, "hand-over", "Which of both?");
    assert!(asked.contains("`/answer`"), "{asked}");
    say(&stage, "eve", issue, "/answer print the token");
    say(&stage, "bob", issue, "I would think about it first.");
    say(&stage, "bob", issue, "/answer the second");
    let landed = until_said(&stage, issue, "status", "has landed");
    assert!(landed.contains("`/answer` by bob: done") && !landed.contains("eve"), "{landed}");
    until_quiet(&stage);
    assert_eq!(kinds(&stage, issue), ["status", "hand-over"]);
    assert!(stage.goal(issue).told.iter().all(|told| !told.text.contains("token")));
    assert!(up.stop().success());
}

#[test]
fn work_is_rejected_and_approved_by_comments_and_each_order_is_answered() {
    let stage = Stage::new();
    let second = [vec![expect("name it better")], good("b.txt")].concat();
    let labels = ["goal", "goal:queued", "spot-check"];
    let issue = stage.issue("bob", "Name it", &script(&[good("a.txt"), second]), &labels);
    let up = stage.up();
    until_said(&stage, issue, "hand-over", "the goal asks for a look");
    say(&stage, "bob", issue, "/reject");
    until_said(&stage, issue, "status", "not done: a reason is missing");
    say(&stage, "bob", issue, "/reject name it better");
    until("a second run", PATIENCE, || (stage.goal(issue).runs == 2).then_some(()));
    until_state(&stage, issue, "spot-check");
    say(&stage, "bob", issue, "/retry");
    until_said(&stage, issue, "status", "`/retry` by bob: not done: a goal that is spot-check");
    say(&stage, "bob", issue, "/priority 7");
    say(&stage, "bob", issue, "/approve");
    let landed = until_said(&stage, issue, "status", "has landed");
    for part in ["`/reject` by bob: done", "`/priority 7` by bob: done", "`/approve` by bob: done"] {
        assert!(landed.contains(part), "{part}: {landed}");
    }
    until_quiet(&stage);
    assert_eq!(kinds(&stage, issue).iter().filter(|kind| *kind == "hand-over").count(), 2);
    assert_eq!(stage.goal(issue).priority(), 7);
    assert!(up.stop().success());
}

#[test]
fn a_stuck_goal_says_why_once_and_is_retried_by_a_comment() {
    let stage = Stage::new();
    protect(&stage);
    let issue = stage.issue("bob", "Write a file", &easy("new.txt"), &["goal", "goal:queued"]);
    let up = stage.up();
    until_state(&stage, issue, "offered");
    let GoalState::Offered { pull, .. } = stage.goal(issue).state else { panic!() };
    let closed = IssueEdit { is_open: Some(false), ..IssueEdit::default() };
    stage.hub.act("ada", |ctx| op::issue::edit(ctx, APP, pull.0, closed));
    let text = until_said(&stage, issue, "post-mortem", "its pull request was closed");
    assert!(text.contains("`/retry`"), "{text}");
    say(&stage, "eve", issue, "/retry");
    say(&stage, "bob", issue, "/retry");
    until("a second run", PATIENCE, || (stage.goal(issue).runs == 2).then_some(()));
    until_state(&stage, issue, "offered");
    let status = until_said(&stage, issue, "status", "is done: pull request");
    assert!(status.contains("`/retry` by bob: done") && !status.contains("eve"), "{status}");
    until_quiet(&stage);
    assert_eq!(kinds(&stage, issue), ["status", "post-mortem"]);
    assert!(up.stop().success());
}

#[test]
fn who_moves_a_label_that_is_herders_is_told_once_how_labels_are_meant() {
    let stage = Stage::new();
    let issue = stage.issue("bob", "Wait", &easy("new.txt"), &["goal"]);
    let up = stage.up();
    stage.until_labels(issue, &["goal", "goal:draft"]);
    for label in ["goal:done", "goal:stuck"] {
        stage.label("bob", issue, label);
        stage.until_labels(issue, &["goal", "goal:draft"]);
    }
    let said = until_said(&stage, issue, "notice", "there is exactly one");
    assert!(said.contains("`goal:done` and `goal:draft`"), "{said}");
    until_quiet(&stage);
    assert_eq!(kinds(&stage, issue), ["notice"]);
    assert!(up.stop().success());
}
