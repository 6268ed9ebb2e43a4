//! A person's hands: goals that are taken and given back, and landed work that is undone.

use herder_domain::event::{Event, What};
use herder_domain::goal::{GoalState, StuckCause};
use herder_domain::hand::HandEnd;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::plan::{Outlook, Wait, outlook, plan};
use herder_domain::run::RunId;
use herder_domain::undo::{AfterUndo, Undo, UndoTrouble};
use herder_domain::why::why;

use crate::samples;
use crate::sim::{Op, Sim, id};

fn tell(sim: &mut Sim, number: u64, what: What) {
    sim.record(Event::of(&id(number), what)).unwrap();
    sim.settle();
}

fn take(sim: &mut Sim, number: u64) {
    tell(sim, number, What::GoalTaken { by: "ada".into() });
}

fn give(sim: &mut Sim, number: u64, end: HandEnd, say: Option<&str>) {
    let run = current(sim, number);
    tell(sim, number, What::GoalGiven { run, end, say: say.map(str::to_owned) });
}

fn current(sim: &Sim, number: u64) -> RunId {
    sim.world.goals[&id(number)].current_run().unwrap().clone()
}

fn finish_all(sim: &mut Sim, times: usize) {
    (0..times).for_each(|_| sim.take(&Op::FinishAll));
}

fn standing(sim: &Sim, number: u64) -> String {
    why(&sim.world, &id(number), sim.now).unwrap().standing
}

fn by_hand(end: HandEnd) -> Outcome {
    Outcome::ByHand { by: "ada".into(), end }
}

/// A queue of as many goals as the number, and one slot.
fn queue(goals: u8) -> Sim {
    let mut sim = Sim::new(1);
    (0..goals).for_each(|_| sim.write(&[], |_| {}));
    (0..goals).for_each(|goal| sim.take(&Op::Queue(goal)));
    sim
}

#[test]
fn a_goal_in_hand_takes_no_slot_and_waits_for_nothing() {
    let mut sim = Sim::new(1);
    sim.write(&[1], |_| {}); // 1 waits for 2
    sim.write(&[], |_| {});
    (0..2).for_each(|goal| sim.take(&Op::Queue(goal)));
    assert_eq!((sim.state(1).word(), sim.state(2).word()), ("queued", "running"));
    take(&mut sim, 1);
    finish_all(&mut sim, 6);
    assert_eq!(standing(&sim, 1), "acme/lib#1 is taken by ada since 2026-11-01T22:00:02Z");
    assert_eq!(sim.world.slots_taken(), 1, "the ralph's");
    assert!(sim.world.runs[&current(&sim, 1)].is_held());
    sim.crash();
    assert!(sim.world.runs[&current(&sim, 1)].is_held(), "a restart changes nothing");
}

#[test]
fn a_ralph_makes_way_uncounted_whatever_it_came_to() {
    for outcome in [samples::interrupted(Interruption::Stopped), samples::failed_by_time()] {
        let mut sim = queue(1);
        finish_all(&mut sim, 6);
        let first = current(&sim, 1);
        take(&mut sim, 1);
        assert!(sim.world.open.contains_key(&format!("stop/{first}")), "the ralph is stopped");
        tell(&mut sim, 1, What::RunReported { run: first.clone(), outcome });
        finish_all(&mut sim, 6);
        assert_ne!(current(&sim, 1), first);
        assert!(sim.world.runs[&current(&sim, 1)].is_held());
        assert_eq!(sim.world.goals[&id(1)].series, herder_domain::goal::Series::default());
    }
}

#[test]
fn what_is_finished_by_hand_lands() {
    let mut sim = queue(1);
    take(&mut sim, 1);
    finish_all(&mut sim, 6);
    give(&mut sim, 1, HandEnd::Finished, None);
    finish_all(&mut sim, 6);
    assert_eq!(sim.state(1).word(), "done");
    let goal = &sim.world.goals[&id(1)];
    let last = goal.history.last().unwrap();
    assert_eq!((&last.outcome, &goal.taken), (&by_hand(HandEnd::Finished), &None));
}

#[test]
fn what_is_given_back_is_a_ralphs_with_the_persons_words_in_a_new_series() {
    let mut sim = queue(1);
    (0..3).for_each(|_| sim.take(&Op::Fail));
    assert!(matches!(sim.state(1), GoalState::Stuck { cause: StuckCause::Failed, .. }));
    take(&mut sim, 1);
    finish_all(&mut sim, 6);
    give(&mut sim, 1, HandEnd::Back, Some("mind the tests"));
    finish_all(&mut sim, 1);
    let goal = &sim.world.goals[&id(1)];
    assert_eq!((goal.state.word(), goal.series.failed, goal.runs), ("running", 0, 5));
    assert_eq!(goal.context.feedback.as_deref(), Some("mind the tests"));
    assert_eq!(sim.world.runs[&current(&sim, 1)].by, None);
}

#[test]
fn what_is_dropped_leaves_the_goal_where_it_stood() {
    let mut sim = queue(1);
    finish_all(&mut sim, 6);
    let first = current(&sim, 1);
    let outcome = Outcome::NeedsReview { summary: "?".into() };
    tell(&mut sim, 1, What::RunReported { run: first.clone(), outcome });
    finish_all(&mut sim, 6);
    let before = sim.state(1).clone();
    assert_eq!(before.word(), "spot-check");
    take(&mut sim, 1);
    finish_all(&mut sim, 6);
    give(&mut sim, 1, HandEnd::Dropped, None);
    finish_all(&mut sim, 2);
    assert_eq!(sim.state(1), &before);
    tell(&mut sim, 1, What::GoalApproved);
    finish_all(&mut sim, 1);
    assert_eq!(sim.state(1).word(), "done", "the work that waited for a look lands all the same");
}

#[test]
fn what_a_person_has_in_hand_is_not_closed_and_holds_no_night_up() {
    let mut sim = queue(1);
    sim.write(&[0], |_| {}); // 2 waits for 1
    tell(&mut sim, 2, What::GoalQueued);
    take(&mut sim, 1);
    finish_all(&mut sim, 6);
    for what in [What::GoalCancelled, What::GoalResolved, What::GoalTaken { by: "eve".into() }] {
        let refusal = sim.record(Event::of(&id(1), what)).unwrap_err().to_string();
        assert!(refusal.contains("while a person has it in hand"), "{refusal}");
    }
    let planned = plan(&sim.world, sim.now);
    assert!(matches!(planned.waits[&id(2)][..], [Wait::Dependency { .. }]), "{:?}", planned.waits);
    assert_eq!(outlook(&sim.world, &planned.waits), Outlook::Quiet);
}

#[test]
fn a_workspace_that_cannot_be_prepared_is_nobodys() {
    let mut sim = queue(1);
    (0..3).for_each(|_| sim.take(&Op::Fail));
    take(&mut sim, 1);
    finish_all(&mut sim, 1);
    let prepare = place(&sim, &format!("prepare/{}", current(&sim, 1)));
    sim.take(&Op::Finish { effect: prepare, ending: crate::sim::Ending::Badly });
    finish_all(&mut sim, 1);
    assert!(matches!(sim.state(1), GoalState::Stuck { cause: StuckCause::Failed, .. }));
    assert_eq!(sim.world.goals[&id(1)].taken, None);
}

/// A goal that has landed, and one that waits for it.
fn landed() -> Sim {
    let mut sim = queue(1);
    finish_all(&mut sim, 6);
    let run = current(&sim, 1);
    tell(&mut sim, 1, What::RunReported { run, outcome: Outcome::Accepted { gated: true } });
    finish_all(&mut sim, 6);
    assert_eq!(sim.state(1).word(), "done");
    sim.write(&[0], |_| {});
    sim
}

fn undo(sim: &mut Sim, then: AfterUndo) {
    let run = current(sim, 1);
    tell(sim, 1, What::UndoOrdered { run, undo: Undo { then, ..samples::undo() } });
}

#[test]
fn landed_work_that_is_undone_opens_its_goal_and_holds_its_dependents() {
    let mut sim = landed();
    undo(&mut sim, AfterUndo::Draft);
    tell(&mut sim, 2, What::GoalQueued);
    assert_eq!((sim.state(1).word(), sim.state(2).word()), ("running", "queued"));
    assert!(standing(&sim, 1).contains("is being taken out of main again (round 1), as ada wants it"));
    finish_all(&mut sim, 1);
    let GoalState::Draft { note: Some(note) } = sim.state(1) else { panic!("{:?}", sim.state(1)) };
    assert_eq!(note, "ada undid it after it had landed: it broke the night");
    assert_eq!(sim.state(2).word(), "queued");
    assert_eq!(sim.world.goals[&id(1)].context.feedback.as_ref(), Some(note));
}

#[test]
fn what_cannot_be_undone_stays_and_can_be_tried_again() {
    let mut sim = landed();
    undo(&mut sim, AfterUndo::Queue);
    let run = current(&sim, 1);
    let first = sim.world.open.keys().find(|key| key.starts_with("revert/")).unwrap().clone();
    sim.take(&Op::Finish { effect: place(&sim, &first), ending: crate::sim::Ending::Worse });
    assert_eq!((sim.state(1).word(), sim.state(1)), ("done", &done(&run)));
    undo(&mut sim, AfterUndo::Queue);
    assert!(!sim.world.open.contains_key(&first), "the second request is another deed");
    finish_all(&mut sim, 1);
    assert_eq!(sim.state(1).word(), "running", "queued, and begun anew");
    assert!(UndoTrouble::Gone.to_string().contains("does not hold its commit"));
}

fn place(sim: &Sim, key: &str) -> u8 {
    sim.world.open.keys().position(|open| open == key).unwrap().try_into().unwrap()
}

fn done(run: &RunId) -> GoalState {
    GoalState::Done { run: run.clone(), commit: "c0ffee".into() }
}
