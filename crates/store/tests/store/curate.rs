//! Changes of a backlog that belong together are written together.

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalEdit};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_store::{AppendError, GoalFilter, NewBacklog, NewEntry, NewGoal, NewStory, ReviseError};

use crate::agreement::assert_agrees;
use crate::scene::{Scene, app, at, queued, registered, text};

fn draft(title: &str) -> NewGoal {
    NewGoal { is_queued: false, ..queued(text(&app(), title, "")) }
}

fn titled(title: &str) -> What {
    What::GoalEdited { edit: Box::new(GoalEdit { title: Some(title.into()), ..GoalEdit::default() }) }
}

fn goal(scene: &Scene, id: &GoalRef) -> Goal {
    scene.store.goal(id).unwrap().unwrap()
}

#[test]
fn an_edit_is_refused_where_somebody_else_was_quicker() {
    let mut scene = Scene::new();
    let id = scene.store.create_goal(&app(), draft("One"), at(1)).unwrap();
    let seen = goal(&scene, &id);
    scene.store.append(&Event::of(&id, What::GoalQueued), at(2)).unwrap();
    // Its state may move on; what people wrote may not.
    scene.store.revise(&seen, vec![titled("Two"), What::GoalQueued], at(3)).unwrap();
    assert_eq!((goal(&scene, &id).title.as_str(), goal(&scene, &id).state.word()), ("Two", "queued"));
    let error = scene.store.revise(&seen, vec![titled("Three")], at(4)).unwrap_err();
    assert!(matches!(&error, ReviseError::Stale(stale) if *stale == id), "{error}");
    assert_eq!(goal(&scene, &id).title, "Two");
    assert_agrees(&scene.store);
}

#[test]
fn of_several_events_all_are_taken_or_none() {
    let mut scene = Scene::new();
    let id = scene.store.create_goal(&app(), draft("One"), at(1)).unwrap();
    let story = What::GoalMoved { story: Some(Number(9)) };
    let events = [Event::of(&id, What::GoalHeld { reason: None }), Event::of(&id, story)];
    let error = scene.store.append_all(&events, at(2)).unwrap_err();
    assert!(matches!(error, AppendError::Unknown(_)), "{error}");
    assert_eq!(goal(&scene, &id).hold, None);
    scene.store.append_all(&events[..1], at(3)).unwrap();
    assert!(goal(&scene, &id).hold.is_some());
    assert_agrees(&scene.store);
}

#[test]
fn links_follow_an_edit() {
    let mut scene = Scene::new();
    let story = scene.store.create_story(&app(), "S", "", at(0)).unwrap();
    let one = scene.store.create_goal(&app(), draft("One"), at(1)).unwrap();
    let two = scene.store.create_goal(&app(), draft("Two"), at(2)).unwrap();
    let depends = |on: &[&GoalRef]| {
        let depends = Some(on.iter().map(|on| (*on).clone()).collect());
        What::GoalEdited { edit: Box::new(GoalEdit { depends, ..GoalEdit::default() }) }
    };
    let moved = What::GoalMoved { story: Some(story.number) };
    scene.store.append_all(&[Event::of(&two, depends(&[&one])), Event::of(&two, moved)], at(3)).unwrap();
    assert_eq!(scene.store.dependents(&one).unwrap(), std::slice::from_ref(&two));
    assert_eq!(scene.store.story_standings().unwrap()[&story].goals, 1);
    assert_agrees(&scene.store);
    let away = What::GoalMoved { story: None };
    scene.store.append_all(&[Event::of(&two, depends(&[])), Event::of(&two, away)], at(4)).unwrap();
    assert_eq!(scene.store.dependents(&one).unwrap(), []);
    assert_eq!(scene.store.story_standings().unwrap()[&story].goals, 0);
    assert_agrees(&scene.store);
}

#[test]
fn a_backlog_is_written_whole_with_its_links() {
    let mut scene = Scene::new();
    scene.store.create_goal(&app(), draft("Before"), at(1)).unwrap();
    let entry = |title: &str, story, after| NewEntry { goal: draft(title), story, after };
    let backlog = NewBacklog {
        stories: vec![NewStory { title: "S".into(), body: "Why.\n".into() }],
        goals: vec![entry("Last", Some(0), vec![1]), entry("First", None, vec![])],
    };
    let written = scene.store.import(&app(), backlog.clone(), at(2)).unwrap();
    let numbers: Vec<u64> = written.stories.iter().chain(&written.goals).map(|id| id.number.0).collect();
    assert_eq!(numbers, [2, 3, 4]);
    let last = goal(&scene, &written.goals[0]);
    assert_eq!((last.story, &last.depends), (Some(Number(2)), &vec![written.goals[1].clone()]));
    assert_agrees(&scene.store);
    let mut bad = backlog;
    bad.goals[1].goal.story = Some(Number(77));
    scene.store.import(&app(), bad, at(3)).unwrap_err();
    assert_eq!(scene.store.goals(&GoalFilter::default()).unwrap().len(), 3);
    assert_eq!(scene.store.stories(None).unwrap().len(), 1);
    assert_agrees(&scene.store);
}

#[test]
fn a_transferred_draft_is_cancelled_where_it_was() {
    let mut scene = Scene::new();
    let other: RepoId = "acme/other".parse().unwrap();
    scene.store.append(&registered(&other), at(0)).unwrap();
    let id = scene.store.create_goal(&app(), draft("One"), at(1)).unwrap();
    let seen = goal(&scene, &id);
    let moved = scene.store.transfer(&seen, &other, None, at(2)).unwrap();
    assert_eq!((goal(&scene, &id).state.word(), goal(&scene, &moved).title.as_str()), ("cancelled", "One"));
    let error = scene.store.transfer(&seen, &other, None, at(3)).unwrap_err();
    assert!(matches!(error, ReviseError::Stale(_)), "{error}");
    assert_agrees(&scene.store);
}

#[test]
fn a_story_is_edited() {
    let mut scene = Scene::new();
    let story = scene.store.create_story(&app(), "S", "Why.\n", at(0)).unwrap();
    let edited = Event::StoryEdited { story: story.clone(), title: Some("T".into()), body: None };
    scene.store.append(&edited, at(1)).unwrap();
    let now = scene.store.story(&story).unwrap().unwrap();
    assert_eq!((now.title.as_str(), now.body.as_str()), ("T", "Why.\n"));
    assert_agrees(&scene.store);
}

#[test]
fn goals_are_found_by_when_they_moved() {
    let mut scene = Scene::new();
    let one = scene.store.create_goal(&app(), draft("One"), at(1)).unwrap();
    let two = scene.store.create_goal(&app(), draft("Two"), at(2)).unwrap();
    let since = |seconds| {
        let filter = GoalFilter { since: Some(at(seconds)), ..GoalFilter::default() };
        scene.store.goals(&filter).unwrap().into_iter().map(|goal| goal.id).collect::<Vec<_>>()
    };
    assert_eq!(since(1), [one, two.clone()]);
    assert_eq!(since(2), [two]);
    assert_eq!(since(3), []);
}
