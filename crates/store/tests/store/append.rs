//! One event, with all that follows from it or with nothing.

use herder_domain::event::{Event, What};
use herder_domain::goal::Goal;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_store::{AppendError, Missing};

use crate::agreement::assert_agrees;
use crate::scene::{Fate, Scene, accepted, app, at, failed, queued, settings, text, work};

#[test]
fn an_event_that_the_goal_refuses_leaves_nothing_behind() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let other = scene.second();
    let (version, journal) = (other.data_version().unwrap(), scene.store.journal(0, 99).unwrap());
    let error = scene.append(&goal, What::GoalApproved, 2).unwrap_err();
    assert!(matches!(&error, AppendError::Illegal(_)));
    assert_eq!(error.to_string(), "a goal that is queued cannot be approved");
    assert_eq!(scene.store.journal(0, 99).unwrap(), journal);
    assert_eq!(other.data_version().unwrap(), version);
    assert_agrees(&scene.store);
}

#[test]
fn what_is_not_there_is_named() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let nowhere = GoalRef::new("acme/other".parse().unwrap(), 7);
    let run = RunId::of(&goal, 1);
    let draft = Goal::draft(nowhere.clone(), text(&app(), "T", ""), at(0));
    let cases = [
        (Event::of(&nowhere, What::GoalQueued), Missing::Goal(nowhere.clone())),
        (
            Event::of(&nowhere, What::GoalCreated { draft: Box::new(draft) }),
            Missing::Repo(nowhere.repo.clone()),
        ),
        (Event::of(&goal, What::RunClaimed { run: run.clone() }), Missing::Run(run)),
        (Event::StoryClosed { story: goal.clone() }, Missing::Story(goal)),
    ];
    for (event, expected) in cases {
        match scene.store.append(&event, at(2)) {
            Err(AppendError::Unknown(missing)) => assert_eq!(missing, expected),
            other => panic!("{event:?}: {other:?}"),
        }
    }
    assert_agrees(&scene.store);
}

#[test]
fn a_run_answers_to_its_own_goal_only() {
    let mut scene = Scene::new();
    let (one, other) = (scene.queue("One", 1), scene.queue("Other", 2));
    let run = scene.launch(&one, 3).id;
    let error = scene.append(&other, What::RunReported { run: run.clone(), outcome: accepted() }, 4);
    assert!(matches!(error, Err(AppendError::Unknown(Missing::Run(name))) if name == run));
}

#[test]
fn a_goal_is_created_once_and_as_a_draft() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let story = scene.store.create_story(&app(), "Flags", "", at(2)).unwrap();
    for taken in [&goal, &story] {
        let draft = Goal::draft(taken.clone(), text(&app(), "T", ""), at(3));
        let error = scene.append(taken, What::GoalCreated { draft: Box::new(draft) }, 3).unwrap_err();
        assert!(matches!(error, AppendError::Illegal(_)), "{error}");
    }
    let mut second = scene.goal(&goal);
    second.id = GoalRef::new(app(), 99);
    let id = second.id.clone();
    let error = scene.append(&id, What::GoalCreated { draft: Box::new(second) }, 4).unwrap_err();
    assert_eq!(error.to_string(), "a goal that is queued cannot be created");
    assert_agrees(&scene.store);
}

#[test]
fn a_number_that_came_from_outside_is_not_given_again() {
    let mut scene = Scene::new();
    let outside = GoalRef::new(app(), 40);
    let draft = Goal::draft(outside.clone(), text(&app(), "T", ""), at(1));
    scene.append(&outside, What::GoalCreated { draft: Box::new(draft) }, 1).unwrap();
    assert_eq!(scene.queue("Next", 2).number.0, 41);
    assert_eq!(scene.store.create_story(&app(), "S", "", at(3)).unwrap().number.0, 42);
    scene.append(&GoalRef::new(app(), 41), What::GoalCancelled, 4).unwrap();
    assert_eq!(scene.queue("After a cancelled one", 5).number.0, 43);
}

#[test]
fn a_whole_life_agrees_with_its_journal() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    scene.end(&goal, failed(), Fate::Green, 10);
    scene.end(&goal, accepted(), Fate::Red, 10_000);
    scene.end(&goal, accepted(), Fate::Green, 20_000);
    assert_eq!(scene.word(&goal), "done");
    assert_eq!(scene.goal(&goal).series.failed, 2);
    assert_agrees(&scene.store);
    let words: Vec<(Option<String>, String, String)> =
        scene.store.transitions(&goal).unwrap().into_iter().map(|t| (t.from, t.to, t.event)).collect();
    let step = |from: &str, to: &str, event: &str| (Some(from.into()), to.into(), event.into());
    let expected = [
        (None, "draft".into(), "goal_created".into()),
        step("draft", "queued", "goal_queued"),
        step("queued", "running", "run_ordered"),
        step("running", "queued", "run_judged"),
        step("queued", "running", "run_ordered"),
        step("running", "queued", "bounce_judged"),
        step("queued", "running", "run_ordered"),
        step("running", "done", "landed"),
    ];
    assert_eq!(words, expected);
}

#[test]
fn a_float_comes_back_to_the_last_bit() {
    let mut scene = Scene::new();
    let mut new = queued(text(&app(), "Odd", ""));
    new.text.options.budget = Some(0.1 + 0.2);
    let queued_at = "2026-11-22T20:00:00.123456789Z".parse().unwrap();
    let goal = scene.store.create_goal(&app(), new, queued_at).unwrap();
    scene.store.step(&settings(), "2026-11-22T20:00:07.987654321Z".parse().unwrap()).unwrap();
    assert_eq!(scene.goal(&goal).options.budget, Some(0.1 + 0.2));
    assert_agrees(&scene.store);
    work(&mut scene.store, at(9), Fate::Green);
    assert_agrees(&scene.store);
}
