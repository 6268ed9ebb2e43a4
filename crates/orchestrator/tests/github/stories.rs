//! Stories and dependencies are GitHub's own links, or lines of the text; what an agent proposes is an issue.

use herder_domain::repo::{GoalRef, Number};
use herder_domain::story::StoryState;
use herder_fakehub::op::{self, issue::IssueEdit};
use herder_fakehub::state::Id;
use herder_fakehub::{Fault, Permission, Rule};
use herder_testkit::until;
use serde_json::json;

use crate::said::{until_quiet, until_said, until_state};
use crate::script::{easy, script, write};
use crate::stage::{APP, PATIENCE, Stage};

pub fn story(stage: &Stage, title: &str) -> u64 {
    let edit = IssueEdit {
        title: Some(title.to_owned()),
        body: Some("Why.".to_owned()),
        labels: Some(vec!["story".to_owned()]),
        ..IssueEdit::default()
    };
    stage.hub.act("bob", |ctx| op::issue::create(ctx, APP, edit)).number
}

/// An issue's id, by which it is linked.
fn id(stage: &Stage, slug: &str, issue: u64) -> Id {
    stage.hub.look(|state| state.repo(slug).unwrap().issues[&issue].id)
}

fn is_open(stage: &Stage, issue: u64) -> bool {
    stage.hub.look(|state| state.repo(APP).unwrap().issues[&issue].is_open())
}

/// Names a story in the first line of a goal's text.
fn name_story(stage: &Stage, issue: u64, story: u64) {
    name_first(stage, issue, &format!("Story: #{story}"));
}

/// Puts a line before all others of a goal's text.
pub fn name_first(stage: &Stage, issue: u64, line: &str) {
    let body = stage.hub.look(|state| state.repo(APP).unwrap().issues[&issue].body.clone().unwrap());
    let edit = IssueEdit { body: Some(format!("{line}\n\n{body}")), ..IssueEdit::default() };
    stage.hub.act("bob", |ctx| op::issue::edit(ctx, APP, issue, edit));
}

#[test]
fn a_story_is_an_issue_whose_goals_wait_for_each_other_and_it_closes_with_the_last() {
    let stage = Stage::new();
    let story = story(&stage, "Files");
    let first = stage.issue("bob", "Write one", &easy("a.txt"), &["goal"]);
    let second = stage.issue("bob", "Write another", &easy("b.txt"), &["goal"]);
    let (part, blocker) = (id(&stage, APP, first), id(&stage, APP, first));
    stage.hub.act("bob", |ctx| op::link::add_sub_issue(ctx, APP, story, part, false));
    name_story(&stage, second, story);
    stage.hub.act("bob", |ctx| op::link::add_blocked_by(ctx, APP, second, blocker));
    stage.label("bob", second, "goal:queued");
    let up = stage.up();
    until("the second to be queued", PATIENCE, || {
        let goal = stage.store().goal(&GoalRef::new(Stage::app(), second)).unwrap()?;
        (goal.state.word() == "queued").then_some(())
    });
    assert_eq!(stage.goal(second).depends, [GoalRef::new(Stage::app(), first)]);
    stage.label("bob", first, "goal:queued");
    until_state(&stage, second, "done");
    assert_eq!((stage.goal(first).state.word(), stage.goal(first).runs), ("done", 1));
    until("the story to be closed", PATIENCE, || (!is_open(&stage, story)).then_some(()));
    let stories = stage.store().stories(None).unwrap();
    assert_eq!(stories.len(), 1);
    assert_eq!((stories[0].title.as_str(), stories[0].state), ("Files", StoryState::Closed));
    assert_eq!([stage.goal(first).story, stage.goal(second).story], [Some(Number(story)); 2]);
    let sums = until_said(&stage, story, "notice", "every goal is settled");
    assert!(sums.contains("Write one: done") && sums.contains("Write another: done"), "{sums}");
    until_quiet(&stage);
    assert_eq!(stage.comments(story).len(), 1);
    assert!(up.stop().success());
}

#[test]
fn a_goal_waits_for_an_issue_of_another_repository_until_that_is_closed_as_completed() {
    let stage = Stage::new();
    stage.hub.repo("acme/lib").grant("bob", Permission::Write).grant("herder", Permission::Read).create();
    let edit = IssueEdit { title: Some("Release it".to_owned()), ..IssueEdit::default() };
    let other = stage.hub.act("bob", |ctx| op::issue::create(ctx, "acme/lib", edit)).number;
    let issue = stage.issue("bob", "Use it", &easy("a.txt"), &["goal"]);
    let blocker = id(&stage, "acme/lib", other);
    stage.hub.act("bob", |ctx| op::link::add_blocked_by(ctx, APP, issue, blocker));
    stage.label("bob", issue, "goal:queued");
    let up = stage.up();
    until_state(&stage, issue, "queued");
    let lib = GoalRef::new("github.com/acme/lib".parse().unwrap(), other);
    assert_eq!(stage.goal(issue).depends, [lib]);
    let closed = IssueEdit { is_open: Some(false), ..IssueEdit::default() };
    stage.hub.act("bob", |ctx| op::issue::edit(ctx, "acme/lib", other, closed));
    // All goals are looked at every ten minutes, whatever was heard of them.
    stage.hub.move_clock(jiff::SignedDuration::from_mins(11));
    until_state(&stage, issue, "done");
    assert_eq!(stage.goal(issue).runs, 1);
    until_quiet(&stage);
    assert!(up.stop().success());
}

#[test]
fn what_an_agent_proposes_becomes_one_draft_issue_of_its_story_that_nobody_has_queued() {
    let stage = Stage::new();
    stage.hub.fault(Rule::new(Fault::CutAfter).method("POST").part("/issues").times(1));
    let story = story(&stage, "Files");
    let follow_up = json!({"title": "Write faster", "objective": "It is slow.", "acceptance": ["faster"]});
    let answer = json!({"status": "done", "summary": "Met.", "follow_ups": [follow_up]});
    let session = vec![write("a.txt", "ok\n"), json!({ "answer": answer })];
    let issue = stage.issue("bob", "Write", &script(&[session]), &["goal"]);
    name_story(&stage, issue, story);
    stage.label("bob", issue, "goal:queued");
    let up = stage.up();
    until_state(&stage, issue, "done");
    let drafts = || stage.store().proposals_of(&GoalRef::new(Stage::app(), issue)).unwrap();
    let draft = until("the draft to be known", PATIENCE, || drafts().first().cloned());
    let goal = stage.goal(draft.number.0);
    assert_eq!((goal.title.as_str(), goal.state.word()), ("Write faster", "draft"));
    assert_eq!(goal.story, Some(Number(story)));
    until_quiet(&stage);
    let parts = stage.hub.look(|state| state.repo(APP).unwrap().issues[&story].sub_issues.len());
    assert_eq!((drafts().len(), parts), (1, 1));
    stage.until_labels(draft.number.0, &["goal", "goal:draft"]);
    assert!(up.stop().success());
}
