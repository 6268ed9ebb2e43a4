//! When a goal's status comment is edited: at once where its phase changes, else every ten minutes at most.

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::plan::plan;
use herder_domain::sight::{Announced, Heard, OnForge};
use jiff::Timestamp;

use crate::sim::{self, Op, Sim};

/// A goal on a forge that is at work.
fn at_work() -> Sim {
    let mut sim = Sim::new(1).with_forge();
    sim.write(&[], |goal| goal.on_forge = Some(OnForge::default()));
    sim.take(&Op::Queue(0));
    sim
}

fn tell(sim: &mut Sim, what: What) {
    sim.record(Event::of(&sim::id(1), what)).unwrap();
    sim.settle();
}

/// The turns of the edits that are ordered and not made.
fn ordered(sim: &Sim) -> Vec<u64> {
    let turn = |effect: &Effect| match effect {
        Effect::Announce { turn, .. } => Some(*turn),
        _ => None,
    };
    sim.world.open.values().filter_map(turn).collect()
}

/// The edit is made, of the phase as it is by then.
fn announce(sim: &mut Sim, waits: &str) {
    let goal = &sim.world.goals[&sim::id(1)];
    let turn = goal.on_forge.as_ref().unwrap().announced.turns;
    let run = goal.current_run().and_then(|run| sim.world.runs.get(run));
    let phase = goal.phase(run, None).unwrap_or_default();
    sim.world.open.remove(&Effect::Announce { goal: sim::id(1), turn }.key());
    tell(sim, What::GoalAnnounced { phase, waits: waits.into() });
}

/// When the planner wants to look again because of time, and whether it orders an edit by then.
fn due(sim: &Sim, now: Timestamp) -> bool {
    plan(&sim.world, now).effects.iter().any(|effect| matches!(effect, Effect::Announce { .. }))
}

#[test]
fn a_run_is_announced_once_it_is_claimed_and_again_when_its_ralph_is_at_work() {
    let mut sim = at_work();
    assert_eq!(ordered(&sim), [] as [u64; 0], "it may turn out to be another orchestrator's");
    sim.take(&Op::FinishAll);
    assert_eq!(ordered(&sim), [0]);
    announce(&mut sim, "");
    assert_eq!(ordered(&sim), [] as [u64; 0], "there is nothing else to say");
    (0..2).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!(ordered(&sim), [1]);
    tell(&mut sim, What::GoalCancelled);
    assert_eq!(ordered(&sim), [1], "one edit at a time");
    announce(&mut sim, "");
    assert_eq!(ordered(&sim), [] as [u64; 0], "it says the end");
}

#[test]
fn while_it_runs_its_numbers_are_written_every_ten_minutes() {
    let mut sim = at_work();
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    announce(&mut sim, "");
    let later = |sim: &Sim, seconds: u64| {
        sim.now + Announced::EVERY + std::time::Duration::from_secs(seconds)
            - std::time::Duration::from_secs(60)
    };
    assert!(!due(&sim, later(&sim, 0)));
    assert!(plan(&sim.world, sim.now).wake_at.is_some_and(|at| at <= sim.now + Announced::EVERY));
    assert!(due(&sim, later(&sim, 60)));
}

#[test]
fn a_goal_that_only_waits_for_its_turn_gets_no_comment_and_one_that_is_held_says_so() {
    let mut sim = Sim::new(0).with_forge();
    sim.write(&[], |goal| goal.on_forge = Some(OnForge::default()));
    sim.take(&Op::Queue(0));
    let much_later = sim.now + std::time::Duration::from_secs(3600);
    assert!(!due(&sim, much_later), "a backlog of a thousand would be a thousand comments");
    tell(&mut sim, What::GoalHeld { reason: Some("after the release".into()) });
    assert_eq!(ordered(&sim), [] as [u64; 0]);
    assert!(due(&sim, much_later));
    announce(&mut sim, "it is held: after the release");
    assert!(!due(&sim, much_later), "it says so already");
}

#[test]
fn who_orders_by_a_comment_is_answered_at_once() {
    let mut sim = Sim::new(0).with_forge();
    sim.write(&[], |goal| goal.on_forge = Some(OnForge::default()));
    let heard = Heard { id: 7, by: "bob".into(), said: "/priority 5".into(), refusal: None };
    tell(&mut sim, What::GoalHeard { heard });
    assert_eq!(ordered(&sim), [0]);
}
