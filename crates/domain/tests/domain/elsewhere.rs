//! Stories about goals that another orchestrator has.

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::goal::Goal;
use herder_domain::landing::LandingState;
use herder_domain::outcome::Outcome;
use herder_domain::repo::GoalRef;
use herder_domain::sight::{Act, Deed, OnForge, Rank, Seen, Shown, Sighting, Standing};
use herder_domain::why::why;
use jiff::{SignedDuration, Timestamp};

use crate::samples;
use crate::sim::{self, Op, Sim};

const OTHER: &str = "night-1a2b";

fn sim() -> Sim {
    let mut sim = Sim::new(1).with_forge();
    sim.write(&[], |_| {});
    sim.take(&Op::Queue(0));
    sim
}

fn tell(sim: &mut Sim, what: What) {
    sim.record(Event::of(&sim::id(1), what)).unwrap();
    sim.settle();
}

fn elsewhere(sim: &mut Sim) {
    let run = Some(sim.world.goals[&sim::id(1)].current_run().unwrap().clone());
    let until = sim.now + SignedDuration::from_mins(16);
    tell(sim, What::GoalElsewhere { run, owner: OTHER.into(), until });
}

#[test]
fn a_goal_whose_claim_is_refused_takes_no_slot_and_is_asked_for_again_later() {
    let mut sim = sim();
    let run = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
    let until = sim.now + SignedDuration::from_mins(16);
    let what = What::GoalElsewhere { run: Some(run), owner: OTHER.into(), until };
    let claim = sim.world.open.values().find(|effect| matches!(effect, Effect::Claim { .. })).unwrap().key();
    sim.world.open.remove(&claim);
    tell(&mut sim, what);
    assert_eq!((sim.state(1).word(), sim.world.slots_taken()), ("queued", 0));
    let said = why(&sim.world, &sim::id(1), sim.now).unwrap();
    assert!(
        said.reasons[0].starts_with("night-1a2b has it; whether it is free is asked again at"),
        "{said:?}"
    );
    sim.now = until;
    sim.settle();
    assert_eq!(sim.state(1).word(), "running", "it is asked for again");
}

#[test]
fn a_run_whose_goal_was_taken_over_is_stopped_and_its_work_is_kept() {
    let mut sim = sim();
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    elsewhere(&mut sim);
    assert_eq!(sim.state(1).word(), "queued");
    let is_stop = |effect: &Effect| matches!(effect, Effect::Stop { .. });
    assert!(sim.world.open.values().any(is_stop), "{:?}", sim.world.open);
}

#[test]
fn what_was_offered_is_followed_no_more_and_its_pull_request_is_left_to_the_other() {
    let mut sim = sim();
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    let run = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!(sim.state(1).word(), "offered");
    elsewhere(&mut sim);
    assert_eq!(sim.world.landings[&run].state, LandingState::Withdrawn);
    let follows = |effect: &Effect| matches!(effect, Effect::FollowLanding { .. });
    assert!(!sim.world.open.values().any(follows), "{:?}", sim.world.open);
}

/// A goal as a machine knows it, that its forge shows with `labels`.
fn known(goal: Goal, labels: &[&str]) -> Goal {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let shown = Shown { labels, standing: Standing::Open };
    Goal { on_forge: Some(OnForge { through: 10, shown, ..OnForge::default() }), ..goal }
}

/// It is seen with `label` after these deeds of the same account, each in a second of its own.
fn seen(goal: &Goal, label: &str, deeds: &[Deed]) -> Sighting {
    let act = |(at, deed): (i64, &Deed)| Act {
        id: 10 + u64::try_from(at).unwrap(),
        by: "herder".into(),
        rank: Rank::Writer,
        at: samples::after(at),
        deed: deed.clone(),
    };
    let acts: Vec<Act> = (1..).zip(deeds).map(act).collect();
    let shown = Shown { labels: vec![label.to_owned()], standing: Standing::Open };
    Sighting {
        goal: goal.id.clone(),
        title: goal.title.clone(),
        body: goal.body.clone(),
        created_at: Timestamp::UNIX_EPOCH,
        edited_at: None,
        story: None,
        depends: Vec::new(),
        proposed_by: None,
        wants_spot_check: false,
        seen: Seen { through: 10 + acts.len() as u64, heard: 0, shown },
        acts,
        spoken: Vec::new(),
        me: "herder".into(),
        merged: None,
    }
}

fn folded(goal: &Goal, sighting: &Sighting) -> Vec<&'static str> {
    let word = |what: &What| match what {
        What::GoalSeen { .. } => "seen",
        What::GoalQueued => "queued",
        What::GoalShelved { .. } => "shelved",
        What::GoalElsewhere { .. } => "elsewhere",
        _ => "another",
    };
    sighting.fold(goal).iter().map(word).collect()
}

fn draft() -> Goal {
    let text =
        herder_domain::goal::GoalText::read(&samples::repo(), "Do it", "## Objective\nDo it\n").unwrap();
    Goal::draft(GoalRef::new(samples::repo(), 7), text, Timestamp::UNIX_EPOCH)
}

#[test]
fn labels_of_another_orchestrator_are_no_persons_wishes() {
    let on = |label: &str| Deed::Labeled(label.to_owned());
    let off = |label: &str| Deed::Unlabeled(label.to_owned());
    let queued = herder_domain::goal::GoalState::Queued { since: samples::start() };
    let queued = known(Goal { state: queued, ..draft() }, &["goal:queued"]);
    for label in ["goal:running", "goal:spot-check", "goal:done"] {
        let sighting = seen(&queued, label, &[off("goal:queued"), on(label)]);
        assert_eq!(folded(&queued, &sighting), ["seen", "elsewhere"], "{label}");
    }
    let given_up = seen(&queued, "goal:stuck", &[off("goal:queued"), on("goal:stuck")]);
    assert_eq!(folded(&queued, &given_up), ["seen", "shelved"]);
    // A machine that comes later sees all at once.
    let fresh = known(draft(), &[]);
    let sighting = seen(&fresh, "goal:running", &[on("goal:queued"), off("goal:queued"), on("goal:running")]);
    assert_eq!(folded(&fresh, &sighting), ["seen", "queued", "elsewhere"]);
    // Nobody ever queued it: it is put back.
    assert_eq!(folded(&fresh, &seen(&fresh, "goal:running", &[on("goal:running")])), ["seen"]);
    // To take off what says that it is queued stops it, as ever.
    assert_eq!(folded(&queued, &seen(&queued, "", &[off("goal:queued")])), ["seen", "shelved"]);
}

#[test]
fn nothing_is_shown_of_a_goal_that_another_has() {
    let queued = herder_domain::goal::GoalState::Queued { since: samples::start() };
    let mut goal = known(Goal { state: queued, ..draft() }, &["goal:running"]);
    assert!(goal.to_show().is_some());
    let elsewhere = herder_domain::goal::Elsewhere { owner: OTHER.into(), since: samples::start() };
    goal.elsewhere = Some(elsewhere);
    assert_eq!(goal.to_show(), None);
    goal.state = herder_domain::goal::GoalState::Cancelled;
    assert!(goal.to_show().is_some(), "what a person closes here is closed there");
    assert_eq!(known(draft(), &["goal:stuck"]).to_show(), None, "who gave it up said so");
    let resolved = Goal { state: herder_domain::goal::GoalState::Resolved, ..draft() };
    let mut resolved = known(resolved, &["goal:done"]);
    resolved.on_forge.as_mut().unwrap().shown.standing = Standing::Completed;
    assert_eq!(resolved.to_show(), None, "whose work completed it said so");
}
