//! Which goal goes first, which waits, and when the night is over.

use herder_domain::event::{Event, What};
use herder_domain::repo::GoalRef;
use herder_testkit::until;
use jiff::Timestamp;
use serde_json::json;

use crate::stage::script::{done, easy, good, hang, script, shell, waits, write};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

/// The goals in the order in which their runs were ordered.
fn started(stage: &Stage) -> Vec<GoalRef> {
    let ordered = stage.journal().into_iter().filter_map(|(_, goal, what)| {
        let What::RunOrdered { .. } = what else { return None };
        Some(goal)
    });
    ordered.collect()
}

/// How many runs were at work at once, at most.
fn most_at_once(stage: &Stage) -> i32 {
    let mut now = 0;
    let mut most = 0;
    for (_, _, what) in stage.journal() {
        if matches!(what, What::RunOrdered { .. }) {
            now += 1;
            most = most.max(now);
        } else if matches!(what, What::RunReported { .. }) {
            now -= 1;
        }
    }
    most
}

fn place(stage: &Stage, goal: &GoalRef, is_it: impl Fn(&What) -> bool) -> usize {
    stage.journal().iter().position(|(_, of, what)| of == goal && is_it(what)).unwrap()
}

#[test]
fn no_more_ralphs_work_at_once_than_were_allowed_and_no_fewer() {
    let mut stage = Plan::gate(GATE).max(2).build();
    let goals: Vec<_> =
        (1..=5).map(|number| stage.goal("Write a file", "", &easy(&format!("{number}.txt")))).collect();
    stage.good_night();
    assert!(goals.iter().all(|goal| stage.word(goal) == "done"));
    assert_eq!(most_at_once(&stage), 2);
    assert_eq!(stage.repo.log().len(), 6);
}

#[test]
fn a_repository_may_have_fewer_slots_of_its_own() {
    let mut stage = Plan::gate(GATE).max(3).build();
    let (_, id) = stage.another("narrow", GATE);
    stage.configure(&format!("{}\n[repo.\"{}/{}\"]\nmax = 1\n", stage.config(), id.owner(), id.name()));
    let session = |path: &str| script(&[[vec![waits()], good(path)].concat()]);
    let first = stage.goal_in(&id, "First", "", &session("a.txt"));
    let second = stage.goal_in(&id, "Second", "", &session("b.txt"));
    let (here, there) =
        (stage.goal("Here", "", &session("a.txt")), stage.goal("There", "", &session("b.txt")));
    let up = stage.up_once();
    [&first, &here, &there].into_iter().for_each(|goal| stage.until_waiting(goal, 1));
    assert_eq!(stage.word(&second), "queued");
    [&first, &here, &there].into_iter().for_each(|goal| stage.let_go(goal, 1));
    stage.until_waiting(&second, 1);
    stage.let_go(&second, 1);
    assert!(up.finish().success());
    assert_eq!(stage.word(&second), "done");
}

#[test]
fn priority_goes_before_the_queue_and_the_queue_by_its_age() {
    let mut stage = Plan::gate(GATE).max(1).build();
    let first = stage.goal("First", "", &easy("first.txt"));
    let urgent = stage.goal("Urgent", "---\npriority: 5\n---", &easy("urgent.txt"));
    let second = stage.goal("Second", "", &easy("second.txt"));
    stage.good_night();
    assert_eq!(started(&stage), [urgent, first, second]);
}

#[test]
fn a_goal_that_failed_goes_behind_those_that_were_not_tried_yet() {
    let mut stage = Plan::gate(GATE).max(1).config("[budget]\niterations = 1").build();
    let fails = stage.goal("Fail once", "", &script(&[vec![json!({"crash": {"exit": 1}})], good("a.txt")]));
    let first = stage.goal("First", "", &script(&[[vec![waits()], good("b.txt")].concat()]));
    let second = stage.goal("Second", "", &easy("c.txt"));
    let up = stage.up_once();
    // The first works until the backoff of the one that failed is over: both could go next then.
    stage.until_waiting(&first, 1);
    let over = until("a failed run", PATIENCE, || stage.found(&fails).retry_at);
    until("the end of the backoff", PATIENCE, || (Timestamp::now() > over).then_some(()));
    stage.let_go(&first, 1);
    assert!(up.finish().success());
    assert_eq!(started(&stage), [fails.clone(), first, second, fails]);
}

#[test]
fn a_dependent_starts_when_its_dependency_has_landed() {
    let mut stage = Stage::new(GATE);
    let first = stage.goal("First", "", &easy("a.txt"));
    let session = vec![shell("test -e a.txt && echo ok >b.txt"), done("Built upon it.")];
    let second = stage.goal("Second", "Depends: #1", &script(&[session]));
    stage.good_night();
    assert_eq!(stage.repo.log(), ["Goal #2: Second", "Goal #1: First", "Begin"]);
    let landed = place(&stage, &first, |what| matches!(what, What::Landed { .. }));
    let ordered = place(&stage, &second, |what| matches!(what, What::RunOrdered { .. }));
    assert!(landed < ordered);
}

#[test]
fn a_blocked_goal_takes_no_slot_and_does_not_keep_the_night_going() {
    let mut stage = Plan::gate(GATE).max(1).build();
    let blocked = stage.goal("Blocked", "Depends: #3", &easy("a.txt"));
    let free = stage.goal("Free", "", &easy("b.txt"));
    let draft = stage.draft("Being written", &easy("c.txt"));
    stage.good_night();
    assert_eq!((stage.word(&blocked), stage.word(&free), stage.word(&draft)), ("queued", "done", "draft"));
    assert!(stage.why(&blocked).contains("#3, which is draft"), "{}", stage.why(&blocked));
    stage.person(&draft, What::GoalQueued);
    stage.good_night();
    assert_eq!(stage.repo.log()[..2], ["Goal #1: Blocked", "Goal #3: Being written"]);
}

#[test]
fn a_dependency_that_will_never_land_is_reported_at_once() {
    let mut stage = Stage::new(GATE);
    let cyclic = stage.goal("Chicken", "Depends: #2", &easy("a.txt"));
    stage.goal("Egg", "Depends: #1", &easy("b.txt"));
    let unknown = stage.goal("Unknown", "Depends: #77", &easy("c.txt"));
    let cancelled = stage.goal("To cancel", "", &easy("d.txt"));
    let orphan = stage.goal("Orphan", "Depends: #4", &easy("e.txt"));
    stage.person(&cancelled, What::GoalCancelled);
    stage.good_night();
    for (goal, words) in [
        (&cyclic, "which depends on it in turn"),
        (&unknown, "which does not exist"),
        (&orphan, "which was cancelled and will never land"),
    ] {
        assert!(stage.why(goal).contains(words), "{}", stage.why(goal));
    }
    assert!(started(&stage).is_empty());
}

#[test]
fn cancelling_stops_the_ralph_and_leaves_nothing() {
    let mut stage = Stage::new(GATE);
    let session = vec![write("half.txt", "ok\n"), shell("sleep 600 & touch .herder/waiting"), hang()];
    let goal = stage.goal("Never ends", "", &script(&[session]));
    let up = stage.up();
    stage.until_waiting(&goal, 1);
    let clone = stage.clone_of(&goal, 1);
    stage.person(&goal, What::GoalCancelled);
    until("the run to be closed", PATIENCE, || {
        (stage.run(&goal, 1).state.word() == "closed" && stage.rows().len() == 1).then_some(())
    });
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("cancelled", vec!["stopped".to_owned()]));
    assert_eq!(stage.row(&goal, 1).exit_reason, "stopped");
    assert!(!clone.exists());
    assert_eq!(stage.repo.log(), ["Begin"]);
}

#[test]
fn a_goal_that_is_queued_while_the_orchestrator_is_up_starts_at_once() {
    let mut stage = Stage::new(GATE);
    let up = stage.up();
    let goal = stage.goal("Late", "", &easy("late.txt"));
    stage.until_word(&goal, "done");
    assert!(up.stop().success());
}

#[test]
fn a_parked_account_ends_the_night_with_its_own_code() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &easy("new.txt"));
    let park =
        Event::AccountParked { agent: "replay".into(), until: None, why: "the login is rejected".into() };
    stage.store.append(&park, Timestamp::now()).unwrap();
    assert_eq!(stage.night().code(), Some(3));
    assert_eq!(stage.word(&goal), "queued");
    assert!(stage.why(&goal).contains("the login is rejected"), "{}", stage.why(&goal));
    let other = stage.goal(
        "By another agent",
        "---\nagent: other\n---",
        &script(&[[vec![waits()], good("o.txt")].concat()]),
    );
    let up = stage.up_once();
    stage.until_waiting(&other, 1);
    stage.let_go(&other, 1);
    assert_eq!(up.finish().code(), Some(3));
    assert_eq!(stage.word(&other), "done");
}
