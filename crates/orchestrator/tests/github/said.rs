//! What herder has said on issues, and what people say there.

use herder_domain::repo::GoalRef;
use herder_fakehub::op;
use herder_forge::Marker;
use herder_testkit::until;

use crate::stage::{APP, PATIENCE, Stage};

/// What herder has said on an issue, by kind, oldest first.
pub fn kinds(stage: &Stage, issue: u64) -> Vec<String> {
    let markers = stage.comments(issue).into_iter().filter_map(|text| Marker::all(&text).pop());
    markers.map(|marker| marker.kind).collect()
}

pub fn of_kind(stage: &Stage, issue: u64, kind: &str) -> Option<String> {
    let is = |text: &String| Marker::all(text).first().is_some_and(|marker| marker.kind == kind);
    stage.comments(issue).into_iter().find(is)
}

#[track_caller]
pub fn until_said(stage: &Stage, issue: u64, kind: &str, words: &str) -> String {
    until(&format!("#{issue} to have a {kind} with {words:?}"), PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        of_kind(stage, issue, kind).filter(|text| text.contains(words))
    })
}

pub fn say(stage: &Stage, by: &str, issue: u64, text: &str) {
    stage.hub.act(by, |ctx| op::comment::create(ctx, APP, issue, text));
}

#[track_caller]
pub fn until_state(stage: &Stage, issue: u64, word: &str) {
    until(&format!("#{issue} to be {word}"), PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        let goal = stage.store().goal(&GoalRef::new(Stage::app(), issue)).unwrap()?;
        (goal.state.word() == word).then_some(())
    });
}

#[track_caller]
pub fn until_quiet(stage: &Stage) {
    until("nothing to be left to do", PATIENCE, || {
        stage.store().open_effects().unwrap().is_empty().then_some(())
    });
}
