//! Goals that may begin only from a time on, or only until one, and hours in which any may begin.

use std::num::NonZeroUsize;

use herder_domain::capacity::{Room, Slots};
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::goal::Goal;
use herder_domain::hours::{Hours, Notices, Window};
use herder_domain::plan::{Outlook, Wait, outlook, plan};
use herder_domain::world::World;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::sim::{Op, Sim, id};

/// A simulator with room for one, and goals of one repository that are queued in this order; each is changed by its place
/// and the time.
fn queued(goals: u8, change: impl Fn(u8, Timestamp, &mut Goal)) -> Sim {
    let mut sim = Sim::new(1);
    let now = sim.now;
    // Odd numbers are one repository.
    (0..2 * goals).for_each(|place| sim.write(&[], |goal| change(place / 2, now, goal)));
    for place in 0..goals {
        sim.record(Event::of(&id(2 * u64::from(place) + 1), What::GoalQueued)).unwrap();
    }
    sim
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// The goal that the planner starts now.
fn started(world: &World, at: Timestamp) -> Option<u64> {
    plan(world, at).decisions.iter().find_map(|event| match event {
        Event::Goal(happening) if matches!(happening.what, What::RunOrdered { .. }) => {
            Some(happening.goal.number.0)
        }
        _ => None,
    })
}

#[test]
fn a_goal_waits_for_its_time_and_takes_no_slot_meanwhile() {
    let sim = queued(2, |place, now, goal| {
        goal.options.not_before = (place == 0).then(|| now + hours(5));
        goal.options.priority = (place == 0).then_some(9);
    });
    let opens = sim.now + hours(5);
    assert_eq!(started(&sim.world, sim.now), Some(3), "the one behind it");
    let planned = plan(&sim.world, sim.now);
    assert_eq!(planned.waits[&id(1)], [Wait::NotBefore { until: opens }]);
    assert_eq!(planned.wake_at, Some(opens));
    assert_eq!(started(&sim.world, opens), Some(1));
    // A machine that slept, or whose clock was set, plans from the time that it is.
    assert_eq!(started(&sim.world, opens + hours(48)), Some(1));
}

#[test]
fn the_earliest_deadline_comes_first_within_a_priority() {
    let sim = queued(4, |place, now, goal| {
        goal.options.deadline = [None, Some(now + hours(9)), Some(now + hours(5)), None][usize::from(place)];
        goal.options.priority = (place == 3).then_some(1);
    });
    let mut world = sim.world.clone();
    let mut order = Vec::new();
    while let Some(first) = started(&world, sim.now) {
        order.push(first);
        world.goals.remove(&id(first));
    }
    assert_eq!(order, [7, 5, 3, 1]);
}

#[test]
fn what_was_not_begun_by_its_deadline_is_told_of_once_and_waits_for_a_person() {
    let mut sim = queued(1, |_, now, goal| goal.options.deadline = Some(now + hours(1)));
    let deadline = sim.now + hours(1);
    sim.record(Event::of(&id(1), What::GoalHeld { reason: None })).unwrap();
    assert_eq!(sim.settle().wake_at, Some(deadline));
    sim.record(Event::of(&id(1), What::GoalReleased)).unwrap();
    sim.now = deadline;
    let planned = sim.settle();
    assert_eq!(planned.waits[&id(1)], [Wait::Overdue { deadline }]);
    let told: Vec<&str> = sim.world.open.keys().map(String::as_str).collect();
    assert_eq!(told, ["notify/github.com/acme/lib#1/has missed its deadline/2026-11-01T23:00:00Z"]);
    let Some(Effect::Notify { message, .. }) = sim.world.open.values().next() else { panic!("{told:?}") };
    assert!(message.contains("`herder goal edit 1 --deadline WHEN --queue`"), "{message}");
    let key = told[0].to_owned();
    sim.world.open.remove(&key);
    assert!(sim.settle().is_quiet() && sim.world.open.is_empty(), "told a second time");
}

#[test]
fn a_run_that_began_in_time_goes_on_after_the_deadline() {
    let mut sim = queued(1, |_, now, goal| goal.options.deadline = Some(now + hours(1)));
    sim.settle();
    sim.now += hours(2);
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!(sim.world.runs.values().next().unwrap().state.word(), "launched");
}

fn window(name: &str, from: i8, to: i8) -> Window {
    let days = Weekday::Monday.cycle_forward().take(7).collect();
    let (from, to) = (Time::constant(from, 0, 0, 0), Time::constant(to, 0, 0, 0));
    let max = Slots::Fixed(NonZeroUsize::MIN);
    Window { name: name.into(), days, from, to, max, models: Vec::new(), notices: Notices::AtOnce }
}

/// It is 22:00 UTC. Two goals wait; the second wants opus.
fn by_hours(windows: Vec<Window>) -> Sim {
    let mut sim = queued(2, |place, _, goal| goal.options.model = (place == 1).then(|| "opus".to_owned()));
    sim.world.hours = Hours { zone: TimeZone::UTC, windows };
    sim.world.capacity.max = 2;
    sim
}

#[test]
fn nothing_begins_out_of_hours_and_it_says_which_window_opens_when() {
    let sim = by_hours(vec![window("night", 23, 6), window("noon", 12, 13)]);
    let planned = plan(&sim.world, sim.now);
    let opens = sim.now + hours(1);
    let expected = Wait::OutOfHours { window: Some("night".into()), until: Some(opens) };
    assert_eq!((&planned.waits[&id(1)][..], planned.wake_at), (&[expected][..], Some(opens)));
    assert_eq!(outlook(&sim.world, &planned.waits), Outlook::Moving, "`up --once` waits for the window");
    assert_eq!(started(&sim.world, opens), Some(1));
    // The machine slept through the window's opening, through all of it, or its clock was set back.
    assert_eq!(started(&sim.world, opens + hours(6)), Some(1));
    assert_eq!(started(&sim.world, opens + hours(8)), None);
    assert_eq!(started(&sim.world, opens - hours(2)), None);
    assert_eq!(plan(&sim.world, opens + hours(8)).wake_at, Some(opens + hours(13)), "noon");
}

#[test]
fn what_runs_goes_on_when_its_window_closes() {
    let mut sim = by_hours(vec![window("evening", 21, 23)]);
    sim.settle();
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    let run = sim.world.runs.keys().next().unwrap().clone();
    sim.now += hours(3);
    sim.settle();
    assert_eq!(sim.world.runs[&run].state.word(), "launched");
    assert!(!sim.world.open.values().any(|effect| matches!(effect, Effect::Stop { .. })));
}

#[test]
fn a_window_has_slots_of_its_own_that_a_persons_word_goes_before() {
    let mut sim = by_hours(vec![window("evening", 21, 23)]);
    sim.settle();
    let closes = sim.now + hours(1);
    let planned = plan(&sim.world, sim.now);
    let expected = Wait::NoSlot { max: 1, repo: None, window: Some("evening".into()) };
    assert_eq!((&planned.waits[&id(3)][..], planned.wake_at), (&[expected][..], Some(closes)));
    sim.world.limits.everywhere = Slots::fixed(2);
    assert_eq!(started(&sim.world, sim.now), Some(3));
}

#[test]
fn a_window_of_so_many_does_not_ask_the_machine() {
    let mut sim = by_hours(vec![window("evening", 21, 23)]);
    // Nothing was measured: where the machine decides nothing begins.
    sim.world.room = Some(Room::unknown());
    assert_eq!(started(&sim.world, sim.now), Some(1));
    sim.world.hours.windows[0].max = Slots::Auto;
    assert_eq!(started(&sim.world, sim.now), None);
}

#[test]
fn a_window_lets_its_models_run_and_others_wait() {
    let mut sim = by_hours(vec![window("evening", 21, 23), window("night", 23, 21)]);
    sim.world.hours.windows[0].models = vec!["haiku".into(), "sonnet".into()];
    sim.world.capacity.max = 9;
    let planned = plan(&sim.world, sim.now);
    let closes = sim.now + hours(1);
    let [Wait::ModelOutOfHours { model, window, until, .. }] = &planned.waits[&id(3)][..] else {
        panic!("{:?}", planned.waits)
    };
    assert_eq!((model.as_str(), window.as_str(), *until), ("opus", "evening", closes));
    assert_eq!(started(&sim.world, sim.now), Some(1));
    sim.world.goals.remove(&id(1));
    assert_eq!(started(&sim.world, closes), Some(3));
}
