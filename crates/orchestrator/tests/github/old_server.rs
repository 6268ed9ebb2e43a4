//! The core story at a server that lacks what github.com has, as an old Enterprise server does.

use herder_domain::landing::Merging;
use herder_domain::repo::{GoalRef, Number};
use herder_domain::story::StoryState;
use herder_fakehub::Lack;
use herder_fakehub::op::{self, issue::IssueEdit};
use herder_testkit::until;

use crate::landing::{end, main_has, merging};
use crate::said::{until_quiet, until_said, until_state};
use crate::script::easy;
use crate::stage::{APP, PATIENCE, Stage};
use crate::stories::{name_first, story};

#[test]
fn a_labelled_issue_becomes_a_merged_pull_request_where_there_is_neither_graphql_nor_etag_nor_link() {
    let stage = Stage::new();
    stage.hub.lack(Lack::ALL);
    let story = story(&stage, "Files");
    let first = stage.issue("bob", "Write one", &easy("a.txt"), &["goal"]);
    let second = stage.issue("eve", "Write another", &easy("b.txt"), &["goal"]);
    for issue in [first, second] {
        name_first(&stage, issue, &format!("Story: #{story}"));
    }
    name_first(&stage, second, &format!("Depends: #{first}"));
    stage.label("bob", first, "goal:queued");
    let up = stage.up();
    until_state(&stage, first, "done");
    stage.until_labels(first, &["goal", "goal:done"]);
    let goal = GoalRef::new(Stage::app(), first);
    let Merging::Herder { why } = merging(&stage, &goal) else { panic!("nobody else can") };
    assert!(why.contains("no GraphQL"), "{why}");
    assert!(main_has(&stage, "a.txt"));
    // What somebody wrote who may not write was taken note of first, and is queued then.
    stage.until_labels(second, &["goal", "goal:draft"]);
    assert_eq!(stage.goal(second).depends, [goal]);
    stage.label("bob", second, "goal:queued");
    until_state(&stage, second, "done");
    assert!(main_has(&stage, "b.txt"));
    until("the story to be closed", PATIENCE, || {
        let stories = stage.store().stories(None).unwrap();
        stories
            .iter()
            .any(|known| known.id.number == Number(story) && known.state == StoryState::Closed)
            .then_some(())
    });
    until_said(&stage, story, "notice", "every goal is settled");
    until_quiet(&stage);
    let asked = stage.hub.log().iter().filter(|entry| entry.path == "/graphql").count();
    assert_eq!(asked, 1, "what is not there is not asked for again");
    end(up);
}

#[test]
fn a_text_that_may_have_been_edited_after_its_queueing_is_queued_again_first() {
    let stage = Stage::new();
    stage.hub.lack([Lack::Graphql]);
    let issue = stage.issue("bob", "Write a file", &easy("a.txt"), &["goal"]);
    stage.label("bob", issue, "goal:queued");
    stage.hub.move_clock(jiff::SignedDuration::from_secs(2));
    let edit = IssueEdit { title: Some("Write another file".to_owned()), ..IssueEdit::default() };
    stage.hub.act("bob", |ctx| op::issue::edit(ctx, APP, issue, edit));
    let up = stage.up();
    until_said(&stage, issue, "notice", "queue it again");
    stage.until_labels(issue, &["goal", "goal:draft"]);
    stage.label("bob", issue, "goal:queued");
    until_state(&stage, issue, "done");
    assert_eq!((stage.goal(issue).runs, stage.goal(issue).title.as_str()), (1, "Write another file"));
    until_quiet(&stage);
    end(up);
}
