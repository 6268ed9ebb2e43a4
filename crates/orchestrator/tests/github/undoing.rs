//! What landed by a pull request leaves by one, and its issue is open again.

use herder_domain::event::What;
use herder_domain::goal::GoalState;
use herder_domain::landing::LandingState;
use herder_domain::repo::GoalRef;
use herder_domain::undo::{AfterUndo, Undo, UndoGate};
use herder_fakehub::op;
use herder_fakehub::op::issue::IssueEdit;
use herder_fakehub::state::Conclusion;
use herder_fakehub::{Fault, Rule};
use herder_testkit::until;

use crate::landing::{allow_automerge, becomes, check, end, main_has, protect, pulls, tell};
use crate::said::until_quiet;
use crate::script::{easy, good, script};
use crate::stage::{APP, PATIENCE, Stage};

fn labelled(stage: &Stage, script: &str) -> GoalRef {
    let issue = stage.issue("bob", "Write a file", script, &["goal"]);
    stage.label("bob", issue, "goal:queued");
    GoalRef::new(Stage::app(), issue)
}

fn undo(stage: &Stage, goal: &GoalRef, then: AfterUndo) {
    let state = stage.goal(goal.number.0).state;
    let GoalState::Done { run, .. } = state else { panic!("{state:?}") };
    let undo = Undo { by: "ada".into(), gate: UndoGate::Ask, then, say: Some("it broke the night".into()) };
    tell(stage, goal, What::UndoOrdered { run, undo });
}

fn is_open(stage: &Stage, issue: u64) -> bool {
    stage.hub.look(|state| state.repo(APP).unwrap().issues[&issue].is_open())
}

/// The pull request that takes a goal's work out.
#[track_caller]
fn leaving(stage: &Stage, goal: &GoalRef) -> u64 {
    until("a pull request that takes it out", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        let run = stage.goal(goal.number.0).current_run()?.clone();
        let landing = stage.store().landing(&run).unwrap()?;
        let is_leaving = matches!(landing.state, LandingState::Leaving { .. });
        landing.offer.filter(|_| is_leaving).map(|offer| offer.pull.0)
    })
}

#[track_caller]
fn until_said(stage: &Stage, issue: u64, words: &str) {
    until(words, PATIENCE, || stage.comments(issue).iter().any(|said| said.contains(words)).then_some(()));
}

/// A goal that landed by GitHub's own automerge.
fn landed(stage: &Stage) -> (GoalRef, crate::stage::Orchestrator) {
    allow_automerge(stage);
    protect(stage, false);
    let goal = labelled(stage, &easy("a.txt"));
    let up = stage.up();
    until("the pull request", PATIENCE, || (pulls(stage).len() == 1).then_some(()));
    check(stage, pulls(stage)[0], Conclusion::Success, "");
    stage.until_labels(goal.number.0, &["goal", "goal:done"]);
    becomes(stage, &goal, "done");
    (goal, up)
}

#[test]
fn landed_work_is_taken_out_by_one_pull_request_even_if_herder_dies_opening_it_and_its_issue_opens_again() {
    let stage = Stage::new();
    let (goal, up) = landed(&stage);
    let issue = goal.number.0;
    assert!(!is_open(&stage, issue));
    let slow = Fault::Delay(std::time::Duration::from_millis(300));
    stage.hub.fault(Rule::new(slow).method("POST").part("/pulls").times(1));
    let before = stage.hub.log().len();
    undo(&stage, &goal, AfterUndo::Draft);
    until("the write", PATIENCE, || {
        let log = stage.hub.log();
        log[before..].iter().any(|one| one.method == "POST" && one.path.ends_with("/pulls")).then_some(())
    });
    up.kill();
    let up = stage.up();
    let pull = leaving(&stage, &goal);
    assert_eq!(pulls(&stage).len(), 2);
    let (title, body) = stage.hub.look(|state| {
        let (issue, _) = state.repo(APP).unwrap().pull(pull).unwrap();
        (issue.title.clone(), issue.body.clone().unwrap_or_default())
    });
    assert_eq!(title, "Revert \"Write a file\"");
    for part in ["ada wanted it undone: it broke the night", "gate: green", &format!("the work on #{issue}")]
    {
        assert!(body.contains(part), "{part}: {body}");
    }
    assert!(main_has(&stage, "a.txt") && !is_open(&stage, issue));
    check(&stage, pull, Conclusion::Success, "");
    becomes(&stage, &goal, "draft");
    stage.until_labels(issue, &["goal", "goal:draft"]);
    until_quiet(&stage);
    assert!(is_open(&stage, issue) && !main_has(&stage, "a.txt"));
    until_said(&stage, issue, "was taken out again as");
    assert_eq!(pulls(&stage).len(), 2);
    end(up);
}

#[test]
fn what_cannot_be_taken_out_stays_with_a_sentence_that_says_why_and_the_issue_stays_closed() {
    let stage = Stage::new();
    let (goal, up) = landed(&stage);
    let issue = goal.number.0;
    undo(&stage, &goal, AfterUndo::Draft);
    let pull = leaving(&stage, &goal);
    stage.hub.act("ada", |ctx| {
        let edit = IssueEdit { is_open: Some(false), ..IssueEdit::default() };
        op::pull::edit(ctx, APP, pull, edit, None)
    });
    becomes(&stage, &goal, "done");
    until_said(&stage, issue, "it has stayed: its pull request was closed without being merged");
    stage.hub.commit("ada", APP, "main", "a.txt", "another\nok\n");
    undo(&stage, &goal, AfterUndo::Draft);
    becomes(&stage, &goal, "done");
    until_said(&stage, issue, "it has stayed: what landed later changed the same lines, in a.txt");
    stage.until_labels(issue, &["goal", "goal:done"]);
    until_quiet(&stage);
    assert!(!is_open(&stage, issue) && main_has(&stage, "a.txt"));
    assert_eq!(pulls(&stage).len(), 2);
    end(up);
}

#[test]
fn herder_merges_what_takes_work_out_where_nobody_else_does_and_a_goal_that_is_queued_again_lands_anew() {
    let stage = Stage::new();
    let goal = labelled(&stage, &script(&[good("a.txt"), good("b.txt")]));
    let issue = goal.number.0;
    let up = stage.up();
    stage.until_labels(issue, &["goal", "goal:done"]);
    becomes(&stage, &goal, "done");
    undo(&stage, &goal, AfterUndo::Queue);
    until("another run's work", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        let goal = stage.goal(issue);
        (goal.runs == 2 && matches!(goal.state, GoalState::Done { .. })).then_some(())
    });
    stage.until_labels(issue, &["goal", "goal:done"]);
    until_quiet(&stage);
    assert!(main_has(&stage, "b.txt") && !is_open(&stage, issue));
    assert_eq!(pulls(&stage).len(), 3);
    end(up);
}
