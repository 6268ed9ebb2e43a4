//! Work that came back, and whose pull request a person decides about before the next run does.

use herder_domain::goal::{Goal, GoalState, StuckCause};
use herder_domain::repo::GoalRef;
use herder_fakehub::op;
use herder_fakehub::op::issue::IssueEdit;
use herder_fakehub::op::merge::How;
use herder_fakehub::state::{Conclusion, Method, ReviewState};
use herder_testkit::until;

use crate::landing::{allow_automerge, check, end, goal, main_has, protect};
use crate::said::until_quiet;
use crate::script::{done, good, script, shell, waits};
use crate::stage::{APP, PATIENCE, Stage};

/// The first run writes this file, and the second one hangs.
fn hanging(file: &str) -> String {
    script(&[good(file), vec![shell("true"), waits(), done("Never.")]])
}

/// Waits for something of a goal. The poller has to find it out by itself.
#[track_caller]
fn when<T>(stage: &Stage, issue: u64, what: &str, found: impl Fn(Goal) -> Option<T>) -> T {
    until(&format!("#{issue} {what}"), PATIENCE, || {
        found(stage.store().goal(&GoalRef::new(Stage::app(), issue)).unwrap()?)
    })
}

/// The pull request of a goal that a reviewer has sent back, when its next run is at work.
fn sent_back(stage: &Stage, issue: u64) -> u64 {
    let pull = when(stage, issue, "to be offered", |goal| match goal.state {
        GoalState::Offered { pull, .. } => Some(pull.0),
        _ => None,
    });
    stage.hub.act("bob", |ctx| {
        op::review::submit(ctx, APP, pull, ReviewState::ChangesRequested, "name it better", Vec::new())
    });
    when(stage, issue, "to be tried again", |goal| {
        (goal.runs == 2 && goal.state.word() == "running").then_some(())
    });
    pull
}

#[test]
fn a_person_merges_or_closes_the_pull_request_of_work_that_came_back_and_its_next_run_is_stopped() {
    let stage = Stage::new();
    allow_automerge(&stage);
    protect(&stage, false);
    let merged = stage.issue("bob", "Write a file", &hanging("a.txt"), &["goal"]);
    stage.label("bob", merged, "goal:queued");
    let closed = goal(&stage, &hanging("b.txt")).number.0;
    let up = stage.up();
    let (first, second) = (sent_back(&stage, merged), sent_back(&stage, closed));

    check(&stage, first, Conclusion::Success, "");
    let how = How { method: Method::Squash, title: None, message: None, sha: None };
    stage.hub.act("ada", |ctx| op::merge::merge(ctx, APP, first, &how));
    stage.until_labels(merged, &["goal", "goal:done"]);
    assert!(matches!(stage.goal(merged).state, GoalState::Done { .. }) && main_has(&stage, "a.txt"));

    let edit = IssueEdit { is_open: Some(false), ..IssueEdit::default() };
    stage.hub.act("ada", |ctx| op::pull::edit(ctx, APP, second, edit, None));
    when(&stage, closed, "to be stuck", |goal| {
        matches!(goal.state, GoalState::Stuck { cause: StuckCause::ClosedUnmerged, .. }).then_some(())
    });
    let runs = || stage.store().active_runs().unwrap();
    until("their next runs to end", PATIENCE, || runs().is_empty().then_some(()));
    until_quiet(&stage);
    end(up);
}
