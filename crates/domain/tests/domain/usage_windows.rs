//! Usage windows of accounts, and what is kept of them.

use herder_domain::event::{Event, What};
use herder_domain::plan::plan;
use herder_domain::usage_window::{Percent, UsageWindow, UsageWindows, WindowState, newly_spent};
use herder_domain::why::why;
use jiff::SignedDuration;

use crate::sim::{Sim, id};

/// A goal of the usual agent without a priority, one with, and one of another agent. All are queued.
fn queued() -> Sim {
    let mut sim = Sim::new(5);
    for _ in 0..3 {
        sim.write(&[], |_| {});
    }
    sim.world.goals.get_mut(&id(2)).unwrap().options.priority = Some(1);
    sim.world.goals.get_mut(&id(3)).unwrap().options.agent = Some("other".into());
    for number in 1..=3 {
        sim.record(Event::of(&id(number), What::GoalQueued)).unwrap();
    }
    sim
}

fn window(sim: &Sim, name: &str, state: WindowState, used: Option<f64>) -> UsageWindow {
    let resets_at = sim.now + SignedDuration::from_hours(2);
    UsageWindow { name: name.into(), state, used, resets_at, seen_at: sim.now }
}

fn report(sim: &mut Sim, window: UsageWindow) {
    let agent = sim.world.default_agent.clone();
    window.note(sim.world.purse.windows.entry(agent).or_default());
}

fn begun(sim: &Sim) -> Vec<u64> {
    let begins = |event: &Event| match event {
        Event::Goal(happening) => {
            matches!(happening.what, What::RunOrdered { .. }).then_some(happening.goal.number.0)
        }
        _ => None,
    };
    let mut begun: Vec<u64> = plan(&sim.world, sim.now).decisions.iter().filter_map(begins).collect();
    begun.sort_unstable();
    begun
}

#[test]
fn a_window_that_is_reported_as_spent_parks_its_account_once_and_not_when_it_has_begun_anew() {
    let sim = queued();
    let spent = window(&sim, "five_hour", WindowState::Spent, None);
    let open = window(&sim, "seven_day", WindowState::Open, Some(0.4));
    let windows = |all: &[&UsageWindow]| -> UsageWindows {
        [("claude".to_owned(), all.iter().map(|window| (*window).clone()).collect())].into()
    };
    let later = UsageWindow { seen_at: sim.now + SignedDuration::from_secs(9), ..spent.clone() };
    let none = UsageWindows::new();
    for (before, known, now, expected) in [
        (&none, windows(&[&spent, &open]), sim.now, 1),
        (&windows(&[&spent]), windows(&[&spent, &open]), sim.now, 0),
        (&windows(&[&spent]), windows(&[&later]), sim.now, 1),
        (&none, windows(&[&spent]), spent.resets_at, 0),
    ] {
        let found = newly_spent(before, &known, now);
        assert_eq!(found.len(), expected, "{known:?}");
        assert!(found.iter().all(|(agent, window)| *agent == "claude" && window.name == "five_hour"));
    }
}

#[test]
fn the_end_of_a_window_is_kept_for_goals_with_a_priority() {
    for (reserve, used, expected) in [
        (10, Some(0.89), &[1, 2, 3][..]),
        (10, Some(0.90), &[2, 3]),
        (10, None, &[1, 2, 3]),
        (0, Some(0.99), &[1, 2, 3]),
    ] {
        let mut sim = queued();
        sim.world.purse.reserve = Percent::new(reserve);
        let open = window(&sim, "seven_day", WindowState::Open, used);
        report(&mut sim, open);
        assert_eq!(begun(&sim), expected, "{reserve} {used:?}");
    }
}

#[test]
fn why_says_what_is_kept_of_which_window_and_until_when() {
    let mut sim = queued();
    sim.world.purse.reserve = Percent::new(10);
    let open = window(&sim, "seven_day", WindowState::Open, Some(0.93));
    let until = open.resets_at;
    report(&mut sim, open);
    let answer = why(&sim.world, &id(1), sim.now).unwrap();
    let expected = format!(
        "93% of the usage window seven_day of {} are used; the last 10% are kept for goals with a priority until {until:.0}",
        sim.world.default_agent
    );
    assert_eq!(answer.reasons, [expected]);
    assert!(answer.hints[0].contains("budgets.reserve"), "{:?}", answer.hints);
}

#[test]
fn an_older_report_never_stands_in_for_a_younger_one() {
    let sim = queued();
    let spent = window(&sim, "five_hour", WindowState::Spent, None);
    let older = UsageWindow {
        state: WindowState::Open,
        seen_at: sim.now - SignedDuration::from_secs(5),
        ..spent.clone()
    };
    let mut known = Vec::new();
    for report in [spent.clone(), older] {
        report.note(&mut known);
    }
    assert_eq!(known, [spent]);
}
