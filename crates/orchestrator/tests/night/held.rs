//! What a person holds back, for how long, and that a story tells how it ended.

use herder_domain::capacity::Slots;
use herder_domain::event::{Event, What};
use herder_domain::pause::Scope;
use herder_domain::repo::GoalRef;
use herder_testkit::until;
use jiff::{SignedDuration, Timestamp};

use crate::stage::script::{costs, easy, good, script, waits};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

fn pause(scope: Scope, until: Option<Timestamp>) -> Event {
    Event::Paused { scope, until, reason: Some("the model is moody".into()) }
}

fn patient(stage: &mut Stage, path: &str) -> GoalRef {
    stage.goal("Write a file", "", &script(&[[vec![waits()], good(path)].concat()]))
}

#[test]
fn a_pause_holds_what_is_new_over_a_restart_while_what_runs_goes_on_and_lands() {
    let mut stage = Stage::new(GATE);
    let goal = patient(&mut stage, "1.txt");
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    stage.says(&pause(Scope::Everything, None));
    let held = stage.goal("Another", "", &easy("2.txt"));
    stage.let_go(&goal, 1);
    stage.until_word(&goal, "done");
    assert!(up.stop().success());
    // The next one finds nothing that it may start, and a person could change that.
    stage.good_night();
    assert_eq!((stage.word(&held), stage.found(&held).runs), ("queued", 0));
    let why = stage.why(&held);
    assert!(why.contains("everything is paused until `herder resume`: the model is moody"), "{why}");
    stage.says(&Event::Resumed { scope: Scope::Everything });
    stage.good_night();
    assert_eq!(stage.word(&held), "done");
}

#[test]
fn a_pause_of_a_repository_or_a_story_holds_only_its_goals_and_ends_by_itself() {
    let mut stage = Stage::new(GATE);
    let (_other, repo) = stage.another("other", GATE);
    let story = stage.story("Later");
    let here = stage.goal("Here", "", &easy("1.txt"));
    let there = stage.goal_in(&repo, "There", "", &easy("2.txt"));
    let told = stage.goal("Told", &format!("Story: #{}", story.number), &easy("3.txt"));
    let soon = Timestamp::now() + SignedDuration::from_secs(4);
    stage.says(&pause(Scope::Repo { repo }, Some(soon)));
    stage.says(&pause(Scope::Story { story }, Some(soon)));
    stage.good_night();
    for goal in [&here, &there, &told] {
        assert_eq!(stage.word(goal), "done");
    }
    let started = |goal: &GoalRef| {
        let is_start = |(_, what): &(_, What)| matches!(what, What::RunOrdered { .. });
        stage.happened(goal).into_iter().find(is_start).unwrap().0
    };
    assert!(started(&here) < soon);
    assert!(started(&there) >= soon && started(&told) >= soon, "they waited for the end of the pause");
}

#[test]
fn another_number_of_slots_holds_at_once_and_for_the_next_one_until_it_is_told_another() {
    let mut stage = Plan::gate(GATE).max(1).build();
    let (first, second) = (patient(&mut stage, "1.txt"), patient(&mut stage, "2.txt"));
    let third = patient(&mut stage, "3.txt");
    let up = stage.up();
    stage.until_waiting(&first, 1);
    assert_eq!(stage.word(&second), "queued");
    stage.says(&Event::MaxSet { repo: Some(stage.id.clone()), max: Slots::fixed(2) });
    stage.says(&Event::MaxSet { repo: None, max: Slots::fixed(3) });
    stage.until_waiting(&second, 1);
    assert_eq!(stage.word(&third), "queued", "the repository has two");
    let next = stage.next_up(up);
    assert!(next.said().contains("herder is up, 3 at once"), "{}", next.said());
    stage.says(&Event::MaxSet { repo: Some(stage.id.clone()), max: None });
    stage.until_waiting(&third, 1);
    for goal in [&first, &second, &third] {
        stage.let_go(goal, 1);
        stage.until_word(goal, "done");
    }
    assert!(next.stop().success());
    stage.home.assert_no_process_left();
}

#[test]
fn a_story_closes_itself_with_its_sums_and_opens_again_for_a_new_goal() {
    let mut stage = Stage::new(GATE);
    let story = stage.story("Files");
    let head = format!("Story: #{}", story.number);
    let cheap = [vec![costs(0.25)], good("1.txt")].concat();
    stage.goal("First", &head, &script(&[cheap]));
    let dropped = stage.goal("Second", &head, &easy("2.txt"));
    stage.person(&dropped, What::GoalCancelled);
    stage.good_night();
    let comments = stage.comments(&story);
    let [only] = comments.as_slice() else { panic!("{comments:?}") };
    assert!(only.starts_with("Closed: every goal is settled.\n\n1 run, "), "{only}");
    assert!(only.contains("$0.25, 1 lines added"), "{only}");
    assert!(only.contains("- #2 First: done, 1 run, "), "{only}");
    assert!(only.ends_with("- #3 Second: cancelled, 0 runs, 0s, $0.00"), "{only}");
    stage.goal("Third", &head, &easy("3.txt"));
    let up = stage.up_once();
    until("the story to open", PATIENCE, || {
        let events = stage.store.journal(0, 100_000).unwrap();
        events.iter().any(|entry| matches!(entry.event, Event::StoryReopened { .. })).then_some(())
    });
    assert!(up.finish().success());
    let comments = stage.comments(&story);
    assert_eq!(comments.len(), 2, "{comments:?}");
    assert!(comments[1].contains("2 runs, ") && comments[1].contains("Third: done"), "{}", comments[1]);
}
