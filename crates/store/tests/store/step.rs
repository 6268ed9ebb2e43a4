//! Planning in one transaction.

use herder_domain::event::{Event, What};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::plan::Wait;
use herder_domain::run::RunId;

use crate::agreement::assert_agrees;
use crate::scene::{Fate, Scene, accepted, app, at, failed, queued, results, settings, text, work};

#[test]
fn a_second_planning_finds_nothing_to_do_and_writes_nothing() {
    let mut scene = Scene::new();
    for n in 0..5 {
        scene.queue(&format!("Goal {n}"), n);
    }
    let first = scene.store.step(&settings(), at(10)).unwrap();
    assert_eq!((first.decisions.len(), first.effects.len(), first.waits.len()), (2, 2, 3));
    let other = scene.second();
    let version = other.data_version().unwrap();
    let second = scene.store.step(&settings(), at(10)).unwrap();
    assert_eq!((second.decisions, second.effects), (Vec::new(), Vec::new()));
    assert_eq!(second.waits, first.waits);
    assert_eq!(other.data_version().unwrap(), version);
}

#[test]
fn a_backlog_is_worked_off_to_the_last_goal() {
    let mut scene = Scene::new();
    let mut ids = Vec::new();
    for n in 0..6 {
        let head = if n == 0 { String::new() } else { format!("Depends: #{n}") };
        let new = queued(text(&app(), &format!("Goal {n}"), &head));
        ids.push(scene.store.create_goal(&app(), new, at(n)).unwrap());
    }
    for (place, id) in ids.iter().enumerate() {
        scene.end(id, accepted(), Fate::Green, 100 + place as i64);
        assert_eq!(scene.word(id), "done");
        assert_agrees(&scene.store);
    }
    assert!(scene.store.active_runs().unwrap().is_empty());
    assert_eq!(scene.store.open_effects().unwrap(), []);
}

#[test]
fn time_alone_is_said_and_the_third_failed_run_is_the_last() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    for round in 0..3 {
        scene.end(&goal, failed(), Fate::Green, 10_000 * (round + 1));
        let stepped = scene.store.step(&settings(), at(10_000 * (round + 1))).unwrap();
        assert_eq!(stepped.wake_at.is_some(), round < 2, "{round}");
    }
    assert_eq!(scene.word(&goal), "stuck");
    assert_eq!(scene.store.runs_of(&goal).unwrap().len(), 3);
    assert_agrees(&scene.store);
}

#[test]
fn a_usage_limit_parks_the_account_once() {
    let mut scene = Scene::new();
    let (one, two) = (scene.queue("One", 1), scene.queue("Two", 2));
    let until = at(5_000);
    let outcome = Outcome::Interrupted {
        cause: Interruption::UsageLimit { resets_at: Some(until) },
        detail: "the limit is reached".into(),
    };
    for goal in [&one, &two] {
        scene.end(goal, outcome.clone(), Fate::Green, 10);
    }
    let is_parking = |event: &Event| matches!(event, Event::AccountParked { .. });
    let journal = scene.store.journal(0, 999).unwrap();
    assert_eq!(journal.iter().filter(|entry| is_parking(&entry.event)).count(), 1);
    let stepped = scene.store.step(&settings(), at(20)).unwrap();
    assert_eq!(stepped.wake_at, Some(until));
    for goal in [&one, &two] {
        let is_parked = |wait: &Wait| matches!(wait, Wait::AccountParked { .. });
        assert!(stepped.waits[goal].iter().any(is_parked), "{:?}", stepped.waits);
    }
    scene.store.append(&Event::AccountFreed { agent: "claude".into() }, at(30)).unwrap();
    assert!(scene.store.parked().unwrap().is_empty());
    assert_agrees(&scene.store);
}

/// A goal whose record contradicts itself: its first run's name is taken by another goal's run.
#[test]
fn a_decision_that_is_refused_quarantines_its_goal_and_holds_up_no_other() {
    let mut scene = Scene::new();
    let (bad, good) = (scene.queue("Bad", 1), scene.queue("Good", 2));
    scene.end(&good, failed(), Fate::Green, 3);
    scene.append(&good, What::GoalCancelled, 4).unwrap();
    let next = scene.queue("Next", 4);
    // As though an older version had named a run differently.
    let taken = RunId::of(&bad, 2).to_string();
    let sqlite = scene.sqlite();
    sqlite
        .execute("UPDATE runs SET id = ?1, run = json_set(run, '$.id', ?1) WHERE number = 2", [&taken])
        .unwrap();
    scene.end(&bad, failed(), Fate::Green, 5);
    let stepped = scene.store.step(&settings(), at(9_000)).unwrap();
    assert_eq!(stepped.refusals.len(), 1, "{stepped:?}");
    assert_eq!(stepped.refusals[0].error, "a run that is closed cannot be ordered");
    assert_eq!(scene.goal(&bad).quarantine.as_deref(), Some("a run that is closed cannot be ordered"));
    assert!(scene.store.active_runs().unwrap().iter().any(|run| run.goal == next));
    let journal = scene.store.journal(0, 999).unwrap().len();
    for _ in 0..3 {
        scene.store.step(&settings(), at(9_001)).unwrap();
    }
    assert_eq!(scene.store.journal(0, 999).unwrap().len(), journal, "it is told once");
}

#[test]
fn a_goal_closed_in_the_middle_winds_its_run_up() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    let run = scene.launch(&goal, 2);
    scene.append(&goal, What::GoalCancelled, 3).unwrap();
    let stop = scene.store.step(&settings(), at(4)).unwrap().effects.remove(0);
    assert_eq!(stop.key(), format!("stop/{}", run.id));
    scene.store.finish(&stop.key(), &results(&stop, Fate::Green, at(5)), at(5)).unwrap();
    work(&mut scene.store, at(6), Fate::Green);
    assert_eq!(scene.store.run(&run.id).unwrap().unwrap().state.word(), "closed");
    assert_eq!(scene.word(&goal), "cancelled");
    assert!(scene.store.world(&settings()).unwrap().goals.is_empty());
    assert_agrees(&scene.store);
}
