//! What a person is told because of the time alone: a digest, and what still waits for a look.

use std::time::Duration;

use herder_domain::ailment::Ailing;
use herder_domain::capacity::{Admission, Capacity};
use herder_domain::digest::{Digest, Spending};
use herder_domain::effect::Effect;
use herder_domain::escalation::{Escalation, escalation};
use herder_domain::goal::{Goal, GoalState};
use herder_domain::judge::Policy;
use herder_domain::ledger::Cost;
use herder_domain::level::Level;
use herder_domain::world::World;

use crate::samples::{after, draft, id, red_base, repo, run, spot_check_reasons, start, stuck};

fn goal(number: u64, state: GoalState) -> Goal {
    Goal { state, ..draft(number) }
}

fn spot_check() -> GoalState {
    GoalState::SpotCheck { run: run(), why: spot_check_reasons() }
}

fn world() -> World {
    World::new(Capacity { max: 2, admission: Admission::Open }, Policy::default(), "claude")
}

/// A morning after which one goal stands in each of these states.
fn morning() -> Digest {
    let mut world = world();
    let states = [
        stuck(),
        spot_check(),
        GoalState::Running { run: run() },
        GoalState::Queued { since: start() },
        GoalState::Draft { note: None },
    ];
    let goals = (2..).zip(states).map(|(number, state)| goal(number, state));
    world.goals = goals.map(|goal| (goal.id.clone(), goal)).collect();
    world.ailments.insert(repo(), Ailing { since: start(), ailment: red_base() });
    let landed = [goal(7, GoalState::Done { run: run(), commit: "c0ffee".into() })];
    let spent = Spending::of([(Cost::usd(1.25), Some(1_000)), (Cost::UNKNOWN, None)]);
    Digest::of(&world, &landed, spent, (start(), after(3_600)))
}

#[test]
fn a_digest_gives_the_five_answers_of_a_morning() {
    let digest = morning();
    let names = |lines: &[herder_domain::digest::Line]| -> Vec<String> {
        lines.iter().map(|line| line.goal.clone()).collect()
    };
    let of = |number| vec![id(number).to_string()];
    assert_eq!((names(&digest.landed), names(&digest.stuck)), (of(7), of(2)));
    assert_eq!((names(&digest.needs), names(&digest.running)), (of(3), of(4)));
    assert!(!digest.stuck[0].reasons.is_empty() && !digest.needs[0].reasons.is_empty());
    assert_eq!((digest.queued, digest.runs, digest.runs_of_unknown_cost), (1, 2, 1));
    assert_eq!(digest.title(), "While you slept: 1 landed, 1 stuck, 2 for you, 1 at work");
    let text = digest.text();
    for line in [
        "Landed (1):".to_owned(),
        format!("Stuck (1):\n- {}", id(2)),
        format!("Waiting for you (1):\n- {}", id(3)),
        "Cost: $1.25 in 2 runs, and an unknown sum in 1 of them, 1000 tokens".to_owned(),
        format!("{} is red itself", repo().short()),
        "Queued: 1".to_owned(),
    ] {
        assert!(text.contains(&line), "{line}: {text}");
    }
}

#[test]
fn a_digest_is_one_message_for_each_time_that_it_is_due_and_none_without_a_goal() {
    let key = |due| morning().notice(due).map(|effect| effect.key());
    assert_eq!(key(after(60)), key(after(60)));
    assert_ne!(key(after(60)), key(after(120)));
    assert!(key(after(60)).is_some_and(|key| key.starts_with("notify/all/digest/")));
    let empty = world();
    let digest = Digest::of(&empty, &[], Spending::default(), (start(), after(60)));
    assert_eq!(digest.notice(after(60)), None);
    assert_eq!(digest.title(), "While you slept: 0 landed");
}

#[test]
fn a_spot_check_is_told_of_again_once_it_has_waited_for_so_long() {
    let (four_hours, waiting) = (Duration::from_secs(4 * 3600), goal(3, spot_check()));
    let look = |goal: &Goal, now| escalation(goal, start(), four_hours, after(now));
    assert_eq!(look(&waiting, 3_600), Escalation::At(after(4 * 3600)));
    let Escalation::Now(effect) = look(&waiting, 4 * 3600) else { panic!("it is time") };
    assert!(
        matches!(&effect, Effect::Notify { level: Level::Urgent, goal, .. } if *goal == id(3)),
        "{effect:?}"
    );
    let Escalation::Now(later) = look(&waiting, 9 * 3600) else { panic!("it is time") };
    assert_eq!(effect.key(), later.key(), "once for each time that it waits");
    for state in [stuck(), GoalState::Running { run: run() }, GoalState::Queued { since: start() }] {
        assert_eq!(look(&goal(3, state), 9 * 3600), Escalation::Nothing);
    }
    let broken = Goal { quarantine: Some("an error".into()), ..waiting };
    assert_eq!(look(&broken, 9 * 3600), Escalation::Nothing, "it is told of otherwise");
}

#[test]
fn what_nobody_knows_is_not_added_up_as_nothing() {
    let cost = |costs: &[Cost]| {
        let spent = Spending::of(costs.iter().map(|cost| (*cost, Some(10))));
        let text = Digest::of(&world(), &[], spent, (start(), start())).text();
        text.lines().find(|line| line.starts_with("Cost")).unwrap().to_owned()
    };
    assert_eq!(cost(&[]), "Cost: no run ended");
    assert_eq!(cost(&[Cost::usd(1.5), Cost::usd(0.25)]), "Cost: $1.75 in 2 runs, 20 tokens");
    assert_eq!(cost(&[Cost::UNKNOWN]), "Cost: unknown, of 1 run, 10 tokens");
    let mixed = "Cost: $1.50 in 2 runs, and an unknown sum in 1 of them, 20 tokens";
    assert_eq!(cost(&[Cost::UNKNOWN, Cost::usd(1.5)]), mixed);
}
