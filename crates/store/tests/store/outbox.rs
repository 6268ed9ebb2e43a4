//! Effects: ordered once, postponed, done with what came of them.

use herder_domain::event::{Event, What};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_store::{AppendError, Missing};

use crate::agreement::assert_agrees;
use crate::scene::{Fate, Scene, accepted, at, results, settings};

#[test]
fn an_effect_is_done_with_its_events_and_only_once() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let stepped = scene.store.step(&settings(), at(2)).unwrap();
    let claim = stepped.effects[0].clone();
    let events = results(&claim, Fate::Green, at(3));
    let finished = scene.store.finish(&claim.key(), &events, at(3)).unwrap();
    assert!(!finished.was_done && finished.quarantined.is_empty());
    let journal = scene.store.journal(0, 99).unwrap();
    let again = scene.store.finish(&claim.key(), &events, at(4)).unwrap();
    assert!(again.was_done);
    assert_eq!(scene.store.journal(0, 99).unwrap(), journal);
    assert_eq!(scene.goal(&goal).quarantine, None);
    assert!(scene.store.world(&settings()).unwrap().done.contains(&claim.key()));
    assert_agrees(&scene.store);
}

#[test]
fn an_event_that_comes_too_late_quarantines_its_goal_and_the_effect_is_done() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let claim = scene.store.step(&settings(), at(2)).unwrap().effects[0].clone();
    let run = RunId::of(&goal, 1);
    let events = [
        Event::of(&goal, What::RunLaunched { run: run.clone(), process: crate::scene::process() }),
        Event::of(&goal, What::RunClaimed { run: run.clone() }),
        Event::of(&goal, What::RunClosed { run }),
    ];
    let finished = scene.store.finish(&claim.key(), &events, at(3)).unwrap();
    assert_eq!(finished.quarantined, std::slice::from_ref(&goal));
    // The first refusal is the one to read; what was not refused was taken.
    let error = scene.goal(&goal).quarantine.unwrap();
    assert_eq!(error, "a run that is ordered cannot be launched");
    assert_eq!(scene.store.active_runs().unwrap()[0].state.word(), "claimed");
    assert_eq!(scene.store.due_effects(at(3)).unwrap(), []);
    assert_agrees(&scene.store);
    scene.append(&goal, What::GoalRetried, 4).unwrap();
    assert_eq!(scene.goal(&goal).quarantine, None);
}

#[test]
fn a_postponed_effect_is_due_at_its_time_and_remembers_why() {
    let mut scene = Scene::new();
    scene.queue("One", 1);
    scene.queue("Two", 2);
    let effects = scene.store.step(&settings(), at(3)).unwrap().effects;
    let keys: Vec<String> = effects.iter().map(herder_domain::effect::Effect::key).collect();
    assert!(scene.store.postpone(&keys[0], "no network", at(100)).unwrap());
    assert!(scene.store.postpone(&keys[0], "still no network", at(200)).unwrap());
    assert_eq!(scene.store.next_due().unwrap(), Some(at(200)));
    let due = |seconds| -> Vec<String> {
        scene.store.due_effects(at(seconds)).unwrap().into_iter().map(|open| open.key).collect()
    };
    assert_eq!(due(199), keys[1..]);
    assert_eq!(due(200), keys);
    let open = scene.store.open_effects().unwrap().remove(0);
    assert_eq!((open.attempts, open.last_error.as_deref()), (2, Some("still no network")));
    assert_eq!((open.not_before, open.ordered_at), (Some(at(200)), at(3)));
    scene.store.finish(&keys[0], &[], at(201)).unwrap();
    assert_eq!(scene.store.next_due().unwrap(), None);
    assert!(!scene.store.postpone(&keys[0], "too late", at(300)).unwrap());
}

#[test]
fn an_event_about_nothing_is_told_and_holds_up_no_other() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let claim = scene.store.step(&settings(), at(2)).unwrap().effects[0].clone();
    let nowhere = GoalRef::new(goal.repo.clone(), 99);
    let events = [
        Event::StoryClosed { story: nowhere.clone() },
        Event::of(&nowhere, What::GoalApproved),
        Event::of(&goal, What::RunClaimed { run: RunId::of(&goal, 1) }),
    ];
    let finished = scene.store.finish(&claim.key(), &events, at(3)).unwrap();
    let told: Vec<&str> = finished.refusals.iter().map(|refusal| refusal.error.as_str()).collect();
    assert_eq!(told, ["the story acme/app#99 does not exist", "the goal acme/app#99 does not exist"]);
    assert_eq!(finished.quarantined, []);
    assert_eq!(scene.store.active_runs().unwrap()[0].state.word(), "claimed");
    assert_agrees(&scene.store);
}

#[test]
fn an_effect_that_was_never_ordered_cannot_be_done() {
    let mut scene = Scene::new();
    let error = scene.store.finish("claim/nothing", &[], at(1)).unwrap_err();
    assert!(matches!(error, AppendError::Unknown(Missing::Effect(key)) if key == "claim/nothing"));
}

#[test]
fn what_an_event_calls_for_is_ordered_with_it() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let run = scene.launch(&goal, 2).id;
    let outcome = herder_domain::outcome::Outcome::BudgetSpent { detail: "$5 of $5".into() };
    scene.append(&goal, What::RunReported { run: run.clone(), outcome }, 3).unwrap();
    let collect = scene.store.step(&settings(), at(3)).unwrap().effects.remove(0);
    scene.store.finish(&collect.key(), &results(&collect, Fate::Green, at(4)), at(4)).unwrap();
    let stepped = scene.store.step(&settings(), at(5)).unwrap();
    let keys: Vec<String> = stepped.effects.iter().map(herder_domain::effect::Effect::key).collect();
    for expected in [format!("stats/{run}"), format!("clean/{run}")] {
        assert!(keys.contains(&expected), "{keys:?}");
    }
    assert!(keys.iter().any(|key| key.starts_with("comment/github.com/acme/app#1/post-mortem")), "{keys:?}");
    assert_eq!(scene.word(&goal), "stuck");
    let due: Vec<String> = scene.store.due_effects(at(5)).unwrap().into_iter().map(|o| o.key).collect();
    assert_eq!(due, keys);
}

#[test]
fn a_landing_outlives_its_closed_run_in_the_picture() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    scene.end(&goal, accepted(), Fate::Postponed, 2);
    let run = RunId::of(&goal, 1);
    let world = scene.store.world(&settings()).unwrap();
    assert_eq!(world.runs[&run].state.word(), "closed");
    assert!(world.landings.contains_key(&run));
    assert_agrees(&scene.store);
}

#[test]
fn what_was_told_by_some_ways_is_known_and_by_and_by_forgotten() {
    let mut scene = Scene::new();
    scene.queue("One", 1);
    let key = scene.store.step(&settings(), at(2)).unwrap().effects[0].key();
    scene.store.note_told(&key, ["chat"], at(3)).unwrap();
    scene.store.note_told(&key, ["chat", "phone"], at(4)).unwrap();
    scene.store.note_told("another", ["chat"], at(4)).unwrap();
    assert_eq!(scene.store.told_by(&key).unwrap().len(), 2);
    scene.store.defer(&key, at(100)).unwrap();
    let open = scene.store.open_effects().unwrap();
    assert_eq!((open[0].attempts, open[0].not_before), (0, Some(at(100))));
    assert!(scene.store.due_effects(at(99)).unwrap().is_empty());
    scene.store.note_told("a year later", ["chat"], at(365 * 24 * 3600)).unwrap();
    assert!(scene.store.told_by(&key).unwrap().is_empty());
}
