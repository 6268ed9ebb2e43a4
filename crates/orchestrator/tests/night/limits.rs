//! Providers that say no: limits, overload, and logins that fail.

use herder_domain::event::{Event, What};
use herder_record::Phase;
use herder_testkit::until;
use jiff::Timestamp;
use serde_json::json;

use crate::stage::script::{easy, good, script, waits};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

fn limit(resets_in_s: u32) -> Vec<serde_json::Value> {
    vec![json!({"limit": {"resets_in_s": resets_in_s}})]
}

#[test]
fn a_short_limit_is_waited_for_in_the_run_visibly_and_costs_no_iteration() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &script(&[limit(2), good("new.txt")]));
    let up = stage.up_once();
    let status = until("a waiting ralph", PATIENCE, || {
        stage.status(&goal, 1).filter(|status| status.state == Phase::Waiting)
    });
    assert!(status.waiting_until.is_some());
    assert_eq!((status.waiting_for.as_deref(), status.iteration), (Some("the usage limit"), 1));
    assert!(up.finish().success());
    let row = stage.row(&goal, 1);
    assert_eq!((stage.word(&goal), row.iterations, row.exit_reason.as_str()), ("done", 1, "done"));
    assert!(row.waiting_seconds.is_some_and(|seconds| seconds >= 1.0), "{:?}", row.waiting_seconds);
    let iterations = stage.run_dir(&goal, 1).iterations().unwrap();
    assert_eq!(iterations.iter().map(|it| it.ending.as_str()).collect::<Vec<_>>(), ["usage_limit", "done"]);
}

#[test]
fn a_limit_that_one_run_waits_for_keeps_its_account_from_beginning_more_and_lets_others_begin() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &script(&[limit(600), good("new.txt")]));
    let up = stage.up();
    until("a waiting ralph", PATIENCE, || {
        stage.status(&goal, 1).filter(|status| status.state == Phase::Waiting)
    });
    let same = stage.goal("By the same agent", "", &easy("same.txt"));
    let other = stage.goal("By another agent", "---\nagent: other\n---", &easy("other.txt"));
    stage.until_word(&other, "done");
    assert_eq!((stage.word(&goal), stage.word(&same)), ("running", "queued"));
    let known = stage.state().windows().unwrap();
    assert_eq!((known.len(), known["replay"][0].used_percent()), (1, Some(100)));
    assert!(stage.why(&same).contains("its usage window replay is spent"), "{}", stage.why(&same));
    // The next orchestrator knows it, too.
    let next = stage.next_up(up);
    let third = stage.goal("By another agent", "---\nagent: other\n---", &easy("third.txt"));
    stage.until_word(&third, "done");
    assert_eq!(stage.word(&same), "queued");
    // A person may know better.
    stage.says(&Event::AccountFreed { agent: "replay".into() });
    stage.until_word(&same, "done");
    assert!(next.stop().success());
}

#[test]
fn a_limit_that_stands_although_its_time_has_come_is_no_reason_to_run_hot() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &script(&[limit(0), limit(0), good("new.txt")]));
    stage.good_night();
    let iterations = stage.run_dir(&goal, 1).iterations().unwrap();
    let [first, second, third] = iterations.try_into().unwrap();
    let between = |a: &herder_domain::iteration::Iteration, b: &herder_domain::iteration::Iteration| {
        b.started_at.duration_since(a.ended_at).as_secs_f64()
    };
    assert!(between(&first, &second) >= 0.9 && between(&second, &third) >= 1.5);
}

#[test]
fn a_long_limit_ends_the_run_and_parks_the_account_for_that_agent_alone() {
    let mut stage = Plan::gate(GATE).max(1).config("[timeouts]\nwait = \"1s\"").build();
    let goal = stage.goal("Write a file", "", &script(&[limit(6), good("new.txt")]));
    let same = stage.goal("By the same agent", "", &easy("same.txt"));
    let other = stage.goal("By another agent", "---\nagent: other\n---", &easy("other.txt"));
    let up = stage.up();
    stage.until_word(&other, "done");
    assert_eq!((stage.word(&goal), stage.word(&same)), ("queued", "queued"));
    for goal in [&goal, &same] {
        assert!(stage.why(goal).contains("the account of replay is parked until"), "{}", stage.why(goal));
    }
    let parked = stage.store.parked().unwrap()["replay"].clone();
    assert!(parked.until.is_some() && parked.why.contains("usage limit"));
    let (series, row) = (stage.found(&goal).series, stage.row(&goal, 1));
    assert_eq!((series, row.exit_reason.as_str(), row.iterations), (<_>::default(), "usage_limit", 0));
    // Nobody has to free it.
    stage.until_word(&goal, "done");
    stage.until_word(&same, "done");
    assert!(up.stop().success());
    let ordered = |(_, what): &(Timestamp, What)| matches!(what, What::RunOrdered { .. });
    let begun = stage.happened(&same).into_iter().find(ordered).unwrap().0;
    assert!(begun >= parked.until.unwrap());
    assert_eq!(stage.found(&goal).runs, 2);
}

#[test]
fn an_overloaded_provider_is_tried_again_after_waits_that_double() {
    let mut stage = Stage::new(GATE);
    let busy = vec![json!("overloaded")];
    let away = vec![json!("unreachable")];
    let goal = stage.goal("Write a file", "", &script(&[busy, away, good("new.txt")]));
    stage.good_night();
    let row = stage.row(&goal, 1);
    assert_eq!((stage.word(&goal), row.iterations), ("done", 1));
    assert!(row.waiting_seconds.is_some_and(|seconds| seconds >= 2.3), "{:?}", row.waiting_seconds);
}

#[test]
fn a_provider_that_stays_away_ends_the_run_uncounted() {
    let mut stage = Plan::gate(GATE).config("[timeouts]\nwait = \"1s\"").build();
    let away = vec![json!("unreachable")];
    let goal = stage.goal("Write a file", "", &script(&[away.clone(), away, good("new.txt")]));
    stage.good_night();
    let series = stage.found(&goal).series;
    assert_eq!(stage.outcomes(&goal), ["unreachable", "done"]);
    assert_eq!((series.failed, series.unreachable), (0, 1));
}

#[test]
fn a_login_that_fails_parks_the_account_until_a_person_frees_it() {
    let mut stage = Plan::gate(GATE).max(1).build();
    let goal = stage.goal("Write a file", "", &script(&[vec![json!("login_failed")], good("new.txt")]));
    let same = stage.goal("By the same agent", "", &easy("same.txt"));
    assert_eq!(stage.night().code(), Some(3));
    assert_eq!((stage.word(&goal), stage.word(&same)), ("queued", "queued"));
    assert_eq!(stage.store.parked().unwrap()["replay"].until, None);
    assert!(stage.why(&same).contains("until `herder resume --agent replay`"), "{}", stage.why(&same));
    let (found, outcomes) = (stage.found(&goal), stage.outcomes(&goal));
    assert_eq!((found.series, outcomes), (<_>::default(), vec!["login_failed".to_owned()]));
    let freed = Event::AccountFreed { agent: "replay".into() };
    stage.store.append(&freed, Timestamp::now()).unwrap();
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.word(&same)), ("done", "done"));
}

#[test]
fn a_ralph_that_waits_for_a_limit_stops_at_once_when_it_is_told_to() {
    let mut stage = Stage::new(GATE);
    let goal = stage.goal("Write a file", "", &script(&[limit(600), good("new.txt")]));
    let other = stage.goal("Another", "", &script(&[[vec![waits()], good("other.txt")].concat()]));
    let up = stage.up();
    until("a waiting ralph", PATIENCE, || {
        stage.status(&goal, 1).filter(|status| status.state == Phase::Waiting)
    });
    stage.until_waiting(&other, 1);
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    for goal in [&goal, &other] {
        assert_eq!((stage.word(goal), stage.row(goal, 1).exit_reason.as_str()), ("queued", "stopped"));
    }
}
