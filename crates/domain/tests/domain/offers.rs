//! Stories about work that lands by a pull request.

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::gate::Refusal;
use herder_domain::goal::{GoalState, StuckCause};
use herder_domain::landing::{Bounce, LandingState, Merging, Offer, Standing, Step};
use herder_domain::outcome::Outcome;
use herder_domain::repo::Number;
use herder_domain::run::RunId;
use herder_domain::undo::UndoTrouble;
use herder_domain::why::why;

use crate::samples;
use crate::sim::{self, Op, Sim};

/// A goal whose work a pull request offers, and a goal that depends on it.
fn offered() -> (Sim, RunId) {
    let mut sim = Sim::new(1).with_forge();
    sim.write(&[], |_| {});
    sim.write(&[], |goal| goal.depends = vec![sim::id(1)]);
    (0..2).for_each(|goal| sim.take(&Op::Queue(goal)));
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    let run = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
    tell(&mut sim, What::RunReported { run: run.clone(), outcome: Outcome::Accepted { gated: true } });
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!((sim.state(1).word(), sim.state(1).label()), ("offered", Some("goal:done")));
    (sim, run)
}

fn tell(sim: &mut Sim, what: What) {
    sim.record(Event::of(&sim::id(1), what)).unwrap();
    sim.settle();
}

fn see(sim: &mut Sim, run: &RunId, standing: Standing) {
    tell(sim, What::LandingSeen { run: run.clone(), standing });
}

fn bounce(sim: &mut Sim, run: &RunId, bounce: Bounce) {
    tell(sim, What::LandingBounced { run: run.clone(), bounce });
}

/// Which deeds about the pull request are ordered and not done.
fn steps(sim: &Sim) -> Vec<Step> {
    let step = |effect: &Effect| match effect {
        Effect::FollowLanding { step, .. } => Some(*step),
        _ => None,
    };
    sim.world.open.values().filter_map(step).collect()
}

#[test]
fn a_dependent_starts_when_the_pull_request_is_merged_and_not_before() {
    let (mut sim, run) = offered();
    assert_eq!(sim.state(2).word(), "queued");
    let said = why(&sim.world, &sim::id(1), sim.now).unwrap();
    assert!(said.standing.contains("pull request #1000 is to be merged"), "{said:?}");
    tell(&mut sim, What::Landed { run, commit: "c0ffee".into(), known: Vec::new() });
    assert_eq!((sim.state(1).word(), sim.state(2).word()), ("done", "running"));
}

#[test]
fn herder_merges_what_is_green_and_has_a_branch_that_is_behind_follow_once_for_each_time() {
    let (mut sim, run) = offered();
    see(&mut sim, &run, Standing::Waiting { why: "a check is under way".into() });
    assert_eq!(steps(&sim), []);
    see(&mut sim, &run, Standing::Behind);
    assert_eq!(steps(&sim), [Step::Update]);
    sim.take(&Op::FinishAll);
    assert_eq!(steps(&sim), [], "the forge is at it");
    let offer = Offer { pull: Number(1_000), head: "newer".into(), merging: Merging::Forge };
    tell(&mut sim, What::WorkOffered { run: run.clone(), offer });
    see(&mut sim, &run, Standing::Behind);
    assert_eq!(steps(&sim), [Step::Update], "the base went on again");
    sim.take(&Op::FinishAll);
    see(&mut sim, &run, Standing::Green);
    assert_eq!(steps(&sim), [Step::Merge]);
    sim.take(&Op::FinishAll);
    assert_eq!(sim.state(1).word(), "done");
}

#[test]
fn a_conflict_sends_the_work_onto_the_base_again_without_a_ralph() {
    let (mut sim, run) = offered();
    see(&mut sim, &run, Standing::Conflict);
    assert_eq!(sim.state(1).word(), "offered", "for people it stays done");
    let land = sim.world.open.values().find(|effect| matches!(effect, Effect::Land { .. })).unwrap();
    assert_eq!(land.key(), format!("land/{run}/1.0"), "another deed than the first landing");
    sim.take(&Op::FinishAll);
    assert!(matches!(sim.world.landings[&run].state, LandingState::Offered { .. }));
    assert_eq!(sim.world.goals[&sim::id(1)].runs, 1);
}

#[test]
fn red_checks_are_a_failed_run_with_their_words_and_the_forge_merges_it_no_more() {
    let (mut sim, run) = offered();
    bounce(&mut sim, &run, Bounce::ChecksRed(Refusal::unnamed("FAILED tests::sorts")));
    assert_eq!(steps(&sim), [Step::Halt]);
    let goal = &sim.world.goals[&sim::id(1)];
    assert_eq!((goal.state.word(), goal.series.failed), ("queued", 1));
    assert_eq!(goal.context.gate_output.as_deref(), Some("FAILED tests::sorts"));
    assert!(goal.context.last_outcome.as_ref().unwrap().contains("checks_red"));
    assert!(goal.retry_at.is_some() && goal.context.is_resumed);
}

#[test]
fn a_reviewers_wishes_stand_first_in_the_next_prompt_and_are_no_failure() {
    let (mut sim, run) = offered();
    bounce(&mut sim, &run, Bounce::ChangesRequested { words: "name it better".into() });
    let goal = &sim.world.goals[&sim::id(1)];
    assert_eq!((goal.series.failed, goal.series.changes), (0, 1));
    assert_eq!(goal.context.feedback.as_deref(), Some("name it better"));
    sim.world.goals.get_mut(&sim::id(1)).unwrap().series.changes = 4;
    let judgement = herder_domain::judge::judge_bounce(
        &sim.world.goals[&sim::id(1)],
        &run,
        &Bounce::ChangesRequested { words: "again".into() },
        &sim.world.policy,
        sim.now,
    );
    let is_stuck =
        matches!(judgement, herder_domain::judge::Judgement::Stuck { cause: StuckCause::Changes, .. });
    assert!(is_stuck, "the fifth time: {judgement:?}");
}

#[test]
fn closing_the_pull_request_gives_the_goal_up_and_closing_the_goal_closes_the_pull_request() {
    let (mut sim, run) = offered();
    bounce(&mut sim, &run, Bounce::ClosedUnmerged);
    let is_stuck = matches!(sim.state(1), GoalState::Stuck { cause: StuckCause::ClosedUnmerged, .. });
    assert!(is_stuck && steps(&sim).is_empty(), "{:?}", sim.state(1));

    let (mut sim, run) = offered();
    assert!(sim.record(Event::of(&sim::id(1), What::GoalResolved)).is_err(), "the merge alone resolves it");
    tell(&mut sim, What::GoalCancelled);
    assert_eq!((steps(&sim), sim.world.landings[&run].state.word()), (vec![Step::Close], "withdrawn"));
    tell(&mut sim, What::Landed { run: run.clone(), commit: "c0ffee".into(), known: Vec::new() });
    assert_eq!((sim.state(1).word(), sim.world.landings[&run].state.word()), ("cancelled", "landed"));
}

#[test]
fn work_that_is_offered_when_its_goal_was_closed_meanwhile_is_taken_back() {
    let (mut sim, run) = offered();
    see(&mut sim, &run, Standing::Conflict);
    tell(&mut sim, What::GoalCancelled);
    sim.take(&Op::FinishAll);
    assert_eq!(sim.world.landings[&run].state.word(), "withdrawn");
    assert_eq!(steps(&sim), [Step::Close]);
}

/// A pull request takes the landed work of the first goal out.
fn leaving() -> (Sim, RunId) {
    let (mut sim, run) = offered();
    tell(&mut sim, What::Landed { run: run.clone(), commit: "c0ffee".into(), known: Vec::new() });
    tell(&mut sim, What::UndoOrdered { run: run.clone(), undo: samples::undo() });
    take_out(&mut sim, &run);
    (sim, run)
}

/// The round of the revert that is ordered ends with a pull request.
fn take_out(sim: &mut Sim, run: &RunId) {
    let key = sim.world.open.keys().find(|key| key.starts_with("revert/")).unwrap().clone();
    let offer = Offer { pull: Number(1_000), head: "decaf".into(), merging: Merging::Forge };
    tell(sim, What::WorkOffered { run: run.clone(), offer });
    sim.world.open.remove(&key);
}

#[test]
fn what_takes_landed_work_out_is_followed_as_what_brought_it_in_was() {
    let (mut sim, run) = leaving();
    assert_eq!(sim.state(1).word(), "running", "what depends on it waits");
    let said = why(&sim.world, &sim::id(1), sim.now).unwrap();
    assert!(said.standing.ends_with("again by pull request #1000, as ada wants it"), "{said:?}");
    see(&mut sim, &run, Standing::Green);
    assert_eq!(steps(&sim), [Step::Merge]);
    tell(&mut sim, What::Undone { run: run.clone(), commit: "decaff".into() });
    assert_eq!(sim.state(1).word(), "draft");
    assert_eq!(sim.world.landings[&run].state, LandingState::Reverted { commit: "decaff".into() });
}

#[test]
fn what_takes_work_out_and_meets_a_conflict_is_made_anew_in_another_round() {
    let (mut sim, run) = leaving();
    see(&mut sim, &run, Standing::Conflict);
    let rounds: Vec<&String> = sim.world.open.keys().filter(|key| key.starts_with("revert/")).collect();
    assert_eq!(rounds, [&format!("revert/{run}/1/1")]);
    take_out(&mut sim, &run);
    assert!(matches!(sim.world.landings[&run].state, LandingState::Leaving { rounds: 1, .. }));
}

#[test]
fn what_is_not_to_take_work_out_any_more_is_closed_unless_a_person_did() {
    for (trouble, closing) in [
        (UndoTrouble::Red { tail: "1 failed".into() }, vec![Step::Close]),
        (UndoTrouble::Unwanted { words: "keep it".into() }, vec![Step::Close]),
        (UndoTrouble::Closed, vec![]),
    ] {
        let (mut sim, run) = leaving();
        let before = steps(&sim);
        tell(&mut sim, What::UndoRefused { run: run.clone(), trouble });
        assert_eq!(sim.state(1).word(), "done");
        assert_eq!([before, closing].concat(), steps(&sim));
    }
}

/// The first goal is at work again after its checks were red.
fn come_back() -> (Sim, RunId) {
    let (mut sim, run) = offered();
    bounce(&mut sim, &run, Bounce::ChecksRed(Refusal::unnamed("no")));
    assert_eq!(sim.state(1).word(), "queued");
    (sim, run)
}

/// Until its next run is at work.
fn again(sim: &mut Sim, first: &RunId) -> RunId {
    sim.take(&Op::Advance { seconds: 9_000 });
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    let second = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
    assert_ne!(second, *first);
    second
}

#[test]
fn what_a_person_merges_after_it_came_back_has_landed_and_its_next_run_is_stopped() {
    for is_at_work in [false, true] {
        let (mut sim, run) = come_back();
        let second = is_at_work.then(|| again(&mut sim, &run));
        tell(&mut sim, What::Landed { run: run.clone(), commit: "c0ffee".into(), known: Vec::new() });
        assert_eq!(sim.state(1), &GoalState::Done { run, commit: "c0ffee".into() });
        let stops =
            |effect: &Effect| matches!(effect, Effect::Stop { run, .. } if Some(run) == second.as_ref());
        assert_eq!(sim.world.open.values().any(stops), is_at_work);
        (0..3).for_each(|_| sim.take(&Op::FinishAll));
        assert_eq!(sim.state(2).word(), "running", "what depends on it starts");
    }
}

#[test]
fn who_closes_what_came_back_wants_no_further_try() {
    for is_at_work in [false, true] {
        let (mut sim, run) = come_back();
        let second = is_at_work.then(|| again(&mut sim, &run));
        bounce(&mut sim, &run, Bounce::ClosedUnmerged);
        let is_stuck = matches!(sim.state(1), GoalState::Stuck { cause: StuckCause::ClosedUnmerged, .. });
        assert!(is_stuck, "{:?}", sim.state(1));
        let stops =
            |effect: &Effect| matches!(effect, Effect::Stop { run, .. } if Some(run) == second.as_ref());
        assert_eq!(sim.world.open.values().any(stops), is_at_work);
        let merged = What::Landed { run, commit: "c0ffee".into(), known: Vec::new() };
        tell(&mut sim, merged);
        assert_eq!(sim.state(1).word(), "done", "a person may think better of it");
    }
}
