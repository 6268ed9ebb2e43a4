//! The planner over random nights and over a few that are told.

use std::num::NonZeroU32;
use std::time::Duration;

use herder_domain::ailment::Ailment;
use herder_domain::capacity::{Admission, Capacity, Limits, Slots};
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::goal::GoalState;
use herder_domain::hours::Hour;
use herder_domain::outcome::Outcome;
use herder_domain::pause::Scope;
use herder_domain::plan::{Wait, plan};
use herder_domain::repo::Number;
use herder_domain::run::{RunId, RunState};
use herder_domain::undo::AfterUndo;
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::sim::{Ending, Op, Sim, id};

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..70)
}

fn op() -> impl Strategy<Value = Op> {
    let place = any::<u8>();
    prop_oneof![
        8 => write(),
        1 => Just(Op::WriteStory),
        10 => place.prop_map(Op::Queue),
        2 => place.prop_map(Op::Cancel),
        1 => place.prop_map(Op::Resolve),
        2 => place.prop_map(Op::Retry),
        4 => place.prop_map(Op::Approve),
        2 => place.prop_map(Op::Reject),
        2 => place.prop_map(Op::Take),
        4 => (place, any::<u8>()).prop_map(|(run, end)| Op::Give { run, end }),
        2 => (place, any::<bool>()).prop_map(|(goal, again)| Op::Undo {
            goal,
            then: if again { AfterUndo::Queue } else { AfterUndo::Draft },
        }),
        1 => place.prop_map(Op::Quarantine),
        2 => (place, prop::collection::vec(1u8..12, 0..2)).prop_map(|(goal, depends)| Op::Edit { goal, depends }),
        1 => (place, -2i32..3).prop_map(|(goal, priority)| Op::Prioritize { goal, priority }),
        1 => (place, prop::option::of(1u8..12)).prop_map(|(goal, story)| Op::Move { goal, story }),
        1 => place.prop_map(Op::Hold),
        2 => place.prop_map(Op::Release),
        16 => (place, ending()).prop_map(|(effect, ending)| Op::Finish { effect, ending }),
        20 => Just(Op::FinishAll),
        9 => (place, any::<u8>()).prop_map(|(landing, what)| Op::See { landing, what }),
        14 => (place, prop_oneof![Just(0), any::<u8>()], -20i64..300)
            .prop_map(|(run, outcome, minutes)| Op::End { run, outcome, minutes }),
        4 => Just(Op::Fail),
        4 => any::<u8>().prop_map(Op::PassGate),
        5 => prop_oneof![1u32..90, 1u32..20_000].prop_map(|seconds| Op::Advance { seconds }),
        1 => (0usize..5).prop_map(|max| Op::Resize { max }),
        1 => (prop::option::of(place), 0usize..4).prop_map(|(repo, max)| Op::SetMax { repo, max }),
        1 => (place, 0u32..4, prop::option::of(0u8..30))
            .prop_map(|(repo, weight, hours)| Op::Share { repo, weight, hours }),
        2 => (place, prop::option::of(any::<u8>())).prop_map(|(scope, minutes)| Op::Pause { scope, minutes }),
        2 => place.prop_map(Op::Unpause),
        2 => prop::bool::weighted(0.4).prop_map(Op::Drain),
        1 => Just(Op::FreeAccounts),
        2 => Just(Op::Crash),
        3 => (place, any::<u8>(), any::<u8>()).prop_map(|(goal, what, run)| Op::Stray { goal, what, run }),
    ]
}

fn write() -> impl Strategy<Value = Op> {
    let depends = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(any::<u8>(), 1..3)];
    let priority = prop_oneof![3 => Just(None), 1 => (-1i32..3).prop_map(Some)];
    let time = || prop::option::weighted(0.2, any::<u8>());
    let others = (prop::bool::weighted(0.2), prop::bool::weighted(0.3), (time(), time()));
    (depends, priority, prop::option::of(any::<u8>()), others).prop_map(
        |(depends, priority, story, (spot_check, other_agent, times))| Op::Write {
            depends,
            priority,
            story,
            spot_check,
            other_agent,
            times,
        },
    )
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        4 => Just(Ending::Well),
        2 => Just(Ending::Badly),
        2 => Just(Ending::Oddly),
        1 => Just(Ending::Worse),
    ]
}

#[test]
fn who_was_queued_first_starts_first_unless_another_matters_more() {
    let mut sim = Sim::new(1);
    for priority in [None, None, Some(1), None] {
        sim.write(&[], |goal| goal.options.priority = priority);
    }
    sim.set_capacity(Capacity { max: 0, admission: Admission::Open });
    // In the world's order goal 2 lies before goal 1: both repositories are sorted by name.
    let place =
        |sim: &Sim, number| sim.world.goals.keys().position(|goal| *goal == id(number)).unwrap() as u8;
    for number in [4, 1, 2, 3] {
        let place = place(&sim, number);
        sim.take(&Op::Queue(place));
    }
    sim.set_capacity(Capacity { max: 1, admission: Admission::Open });
    sim.settle();
    let mut order = Vec::new();
    while let Some(run) = sim.world.runs.values().find(|run| run.state.takes_slot()) {
        let (goal, run) = (run.goal.clone(), run.id.clone());
        order.push(goal.number.0);
        (0..3).for_each(|_| sim.take(&Op::FinishAll));
        let outcome = Outcome::Accepted { gated: true };
        sim.record(Event::of(&goal, What::RunReported { run, outcome })).unwrap();
        sim.settle();
    }
    assert_eq!(order, [3, 4, 1, 2]);
}

/// Goals of the second repository.
const SECOND: [u64; 6] = [1, 3, 5, 7, 9, 11];

/// Goals of both repositories; those of the second were queued first.
fn two_backlogs(sim: &mut Sim) {
    for _ in 0..12 {
        sim.write(&[], |_| {});
    }
    for number in SECOND.into_iter().chain([2, 4, 6, 10, 12]) {
        sim.record(Event::of(&id(number), What::GoalQueued)).unwrap();
    }
}

/// How many goals of the first repository start, and how many of the second.
fn started(sim: &Sim) -> (usize, usize) {
    let is_first = |event: &Event| match event {
        Event::Goal(happening) => happening.goal.repo == id(2).repo,
        _ => panic!("no start: {event:?}"),
    };
    let planned = plan(&sim.world, sim.now);
    let first = planned.decisions.iter().filter(|event| is_first(event)).count();
    (first, planned.decisions.len() - first)
}

#[test]
fn repositories_share_the_slots_by_what_they_have_had_and_by_their_weights() {
    let mut sim = Sim::new(4);
    two_backlogs(&mut sim);
    let (first, second) = (id(2).repo, id(1).repo);
    assert_eq!(started(&sim), (2, 2), "not those that were queued first");
    sim.world.shares.weights.insert(first.clone(), NonZeroU32::new(3).unwrap());
    assert_eq!(started(&sim), (3, 1));
    sim.world.shares.had.insert(first.clone(), Duration::from_secs(24 * 3_600));
    assert_eq!(started(&sim), (0, 4), "it has had its share for now");
    sim.world.shares.had.insert(second, Duration::from_secs(8 * 3_600));
    assert_eq!(started(&sim), (3, 1), "so have both");
    sim.world.goals.get_mut(&id(11)).unwrap().options.priority = Some(1);
    sim.set_capacity(Capacity { max: 1, admission: Admission::Open });
    assert_eq!(started(&sim), (0, 1), "priority goes before");
}

#[test]
fn a_repository_that_others_of_higher_priority_keep_out_gets_a_slot_after_a_day() {
    let mut sim = Sim::new(2);
    two_backlogs(&mut sim);
    for number in SECOND {
        sim.world.goals.get_mut(&id(number)).unwrap().options.priority = Some(5);
    }
    sim.world.shares.had.insert(id(1).repo, Duration::from_secs(3_600));
    assert_eq!(started(&sim), (0, 2));
    sim.now += SignedDuration::from_hours(24);
    assert_eq!(started(&sim), (1, 1), "one, and no more than one");
    sim.world.shares.had.insert(id(2).repo, Duration::from_secs(1));
    assert_eq!(started(&sim), (0, 2), "it had one lately");
}

#[test]
fn a_goal_does_not_start_before_its_last_run_is_gone() {
    let mut sim = Sim::new(1);
    sim.write(&[], |_| {});
    sim.take(&Op::Queue(0));
    // No event leads there; should a record ever say so, the second run must still wait.
    let goal = sim.world.goals.get_mut(&id(1)).unwrap();
    goal.state = GoalState::Queued { since: sim.now };
    let run = sim.world.runs.values_mut().next().unwrap();
    run.state = RunState::Reported { outcome: Outcome::Accepted { gated: true } };
    let waits = &plan(&sim.world, sim.now).waits[&id(1)];
    assert!(matches!(waits.as_slice(), [Wait::LastRunUnfinished { .. }]), "{waits:?}");
}

/// A queued goal of each repository, and one of story 1 in the second.
fn three_queued(sim: &mut Sim) {
    sim.take(&Op::WriteStory);
    sim.write(&[], |_| {});
    sim.write(&[], |goal| goal.story = Some(Number(1)));
    sim.write(&[], |_| {});
    for number in 2..=4 {
        sim.record(Event::of(&id(number), What::GoalQueued)).unwrap();
    }
}

fn words(sim: &Sim) -> Vec<&'static str> {
    (2..=4).map(|number| sim.state(number).word()).collect()
}

#[test]
fn nothing_starts_while_it_is_paused_and_what_runs_goes_on() {
    let everything = Scope::Everything;
    let repo = Scope::Repo { repo: id(2).repo };
    let story = Scope::Story { story: id(1) };
    for (scope, expected) in [
        (everything, ["queued", "queued", "queued"]),
        (repo, ["queued", "running", "queued"]),
        (story, ["running", "queued", "running"]),
    ] {
        let mut sim = Sim::new(5);
        three_queued(&mut sim);
        let (until, reason) = (None, Some("the model is moody".to_owned()));
        sim.record(Event::Paused { scope: scope.clone(), until, reason }).unwrap();
        sim.settle();
        assert_eq!(words(&sim), expected, "{scope}");
        sim.record(Event::Resumed { scope }).unwrap();
        sim.settle();
        assert_eq!(words(&sim), ["running"; 3]);
    }
}

#[test]
fn goals_of_a_repository_that_ails_wait_and_all_others_go_on() {
    for ailment in crate::samples::ailments() {
        let mut sim = Sim::new(5);
        three_queued(&mut sim);
        let repo = id(3).repo;
        sim.record(Event::RepoAiling { repo: repo.clone(), ailment: ailment.clone() }).unwrap();
        let planned = sim.settle();
        assert_eq!(words(&sim), ["running", "queued", "running"], "{ailment}");
        let waits = &planned.waits[&id(3)];
        let [Wait::RepoAiling { ailing, .. }] = waits.as_slice() else { panic!("{waits:?}") };
        assert_eq!((&ailing.ailment, ailing.since), (&ailment, sim.now));
        let told = |sim: &Sim| {
            let keys = sim.world.open.keys().chain(&sim.world.done);
            keys.filter(|key| key.starts_with("notify/all/ailing/")).count()
        };
        sim.settle();
        assert_eq!(told(&sim), 1, "a person is told of it once");
        sim.record(Event::RepoMended { repo }).unwrap();
        sim.settle();
        assert_eq!(words(&sim), ["running"; 3], "{ailment}");
    }
}

#[test]
fn a_red_base_holds_nothing_where_the_user_wants_it_so() {
    let mut sim = Sim::new(5);
    three_queued(&mut sim);
    let repo = id(3).repo;
    sim.world.starts_on_red.insert(repo.clone());
    sim.record(Event::RepoAiling { repo: repo.clone(), ailment: crate::samples::red_base() }).unwrap();
    sim.settle();
    assert_eq!(words(&sim), ["running"; 3]);
    let why = "not found".to_owned();
    sim.record(Event::RepoAiling { repo, ailment: Ailment::Unreadable { why } }).unwrap();
    sim.write(&[], |_| {});
    sim.record(Event::of(&id(5), What::GoalQueued)).unwrap();
    sim.settle();
    assert_eq!((sim.state(3).word(), sim.state(5).word()), ("running", "queued"), "what runs goes on");
}

#[test]
fn a_pause_ends_by_itself_and_what_runs_lands_meanwhile() {
    let mut sim = Sim::new(5);
    three_queued(&mut sim);
    sim.settle();
    let until = sim.now + jiff::SignedDuration::from_hours(2);
    sim.record(Event::Paused { scope: Scope::Everything, until: Some(until), reason: None }).unwrap();
    sim.write(&[], |_| {});
    sim.record(Event::of(&id(5), What::GoalQueued)).unwrap();
    let planned = sim.settle();
    assert_eq!(planned.wake_at, Some(until));
    sim.take(&Op::FinishAll);
    for _ in 0..2 {
        sim.take(&Op::FinishAll);
    }
    let ended = sim.world.runs.values().find(|run| run.goal == id(2)).unwrap().id.clone();
    let outcome = Outcome::Accepted { gated: true };
    sim.record(Event::of(&id(2), What::RunReported { run: ended, outcome })).unwrap();
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!((sim.state(2).word(), sim.state(5).word()), ("done", "queued"));
    sim.now = until;
    sim.settle();
    assert_eq!(sim.state(5).word(), "running");
}

#[test]
fn what_a_person_says_of_the_slots_goes_before_what_is_configured() {
    let mut sim = Sim::new(1);
    three_queued(&mut sim);
    sim.settle();
    assert_eq!(words(&sim), ["running", "queued", "queued"]);
    sim.record(Event::MaxSet { repo: None, max: Slots::fixed(3) }).unwrap();
    sim.record(Event::MaxSet { repo: Some(id(2).repo), max: Slots::fixed(1) }).unwrap();
    sim.settle();
    assert_eq!(words(&sim), ["running", "running", "queued"], "the first repository has its one");
    sim.record(Event::MaxSet { repo: Some(id(2).repo), max: None }).unwrap();
    sim.settle();
    assert_eq!(words(&sim), ["running"; 3]);
    sim.record(Event::MaxSet { repo: None, max: None }).unwrap();
    assert_eq!((sim.world.max(Hour::Any), sim.world.limits.clone()), (1, Limits::default()));
}

/// The goals 2, 4 and 10 of one repository have accepted work for the same branch.
fn three_to_land() -> Sim {
    let mut sim = Sim::new(3);
    for _ in 0..10 {
        sim.write(&[], |_| {});
    }
    for number in [2, 4, 10] {
        sim.record(Event::of(&id(number), What::GoalQueued)).unwrap();
        sim.take(&Op::Advance { seconds: 1 });
    }
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    for run in sim.world.runs.values().cloned().collect::<Vec<_>>() {
        let outcome = Outcome::Accepted { gated: true };
        sim.record(Event::of(&run.goal, What::RunReported { run: run.id, outcome })).unwrap();
    }
    sim.settle();
    sim.take(&Op::FinishAll);
    sim
}

#[test]
fn landings_on_one_branch_follow_each_other_and_a_postponed_one_lets_others_pass() {
    let mut sim = three_to_land();
    assert_eq!(landing_now(&sim), [2], "the first that was ordered, and no other");
    let effect =
        sim.world.open.values().find(|effect| matches!(effect, Effect::Land { .. })).unwrap().clone();
    sim.finish(&effect, Ending::Oddly);
    let planned = sim.settle();
    assert_eq!(landing_now(&sim), [4], "the postponed one lets the next pass");
    assert!(planned.wake_at.is_some());
    sim.work_off();
    assert!([2, 4, 10].into_iter().all(|number| sim.state(number).word() == "done"));
}

#[test]
fn a_landing_that_is_past_its_gate_leaves_the_lane_to_the_next_but_no_more_than_two_are_ahead() {
    let mut sim = three_to_land();
    for (passing, landing) in [(2, vec![2, 4]), (4, vec![2, 4])] {
        sim.world.past_gate.insert(RunId::of(&id(passing), 1));
        sim.settle();
        assert_eq!(landing_now(&sim), landing);
    }
    let first = sim.world.open.values().find(|effect| is_landing(effect, 2)).unwrap().clone();
    sim.finish(&first, Ending::Well);
    sim.settle();
    assert_eq!(landing_now(&sim), [4, 10], "the first has landed");
}

fn is_landing(effect: &Effect, goal: u64) -> bool {
    matches!(effect, Effect::Land { .. }) && *effect.goal() == id(goal)
}

fn landing_now(sim: &Sim) -> Vec<u64> {
    let landing = |effect: &Effect| matches!(effect, Effect::Land { .. }).then(|| effect.goal().number.0);
    let mut landing: Vec<u64> = sim.world.open.values().filter_map(landing).collect();
    landing.sort_unstable();
    landing
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_planner_keeps_its_promises(max in 1usize..4, ops in ops()) {
        let mut sim = Sim::new(max).with_forge();
        for op in &ops {
            sim.take(op);
        }
        sim.crash();
        let planned = sim.work_off();
        sim.check_end(&planned);
        sim.crash();
    }

    #[test]
    fn a_backlog_without_trouble_lands_whole(max in 1usize..5, chain in prop::collection::vec(any::<bool>(), 1..11)) {
        let mut sim = Sim::new(max);
        for follows in chain.iter().take(7) {
            let last = u8::try_from(sim.numbers).unwrap();
            let depends = if *follows && last > 0 { vec![last - 1] } else { Vec::new() };
            sim.write(&depends, |_| {});
        }
        (0..8).for_each(|goal| sim.take(&Op::Queue(goal)));
        let planned = sim.work_off();
        sim.check_end(&planned);
        prop_assert!(sim.is_all_settled());
    }
}
