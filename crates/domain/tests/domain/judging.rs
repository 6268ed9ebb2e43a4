//! What follows from each end of a run, and from each bounce.

use std::time::Duration;

use herder_domain::event::{Event, What};
use herder_domain::gate::Refusal;
use herder_domain::goal::{Charge, Goal, Series, SpotCheckReason, StuckCause};
use herder_domain::judge::{Judgement, Policy, judge_bounce, judge_run};
use herder_domain::landing::Bounce;
use herder_domain::outcome::{FailureCause, Interruption, Outcome};
use herder_domain::plan::{Wait, plan};
use herder_domain::run::{Harvest, RetryContext, RunId};
use jiff::{SignedDuration, Timestamp};

use crate::samples::{self, after, draft, failed, harvest, id, interrupted, run, start};
use crate::sim::{self, Op, Sim};

fn judged(goal: &Goal, outcome: &Outcome, harvest: &Harvest) -> Judgement {
    judge_run(goal, &run(), outcome, harvest, &Policy::default(), start())
}

/// What is judged of a goal with nothing behind it, in a few words.
fn verdict(outcome: &Outcome) -> &'static str {
    match judged(&draft(42), outcome, &harvest()) {
        Judgement::Land => "land",
        Judgement::SpotCheck { .. } => "spot-check",
        Judgement::Requeue { charge, retry_at, .. } => match (charge, retry_at.is_some()) {
            (Charge::Failed, true) => "again, failed, later",
            (Charge::Crashed, true) => "again, crashed, later",
            (Charge::OutOfMemory, true) => "again, out of memory, later",
            (Charge::Unreachable, true) => "again, unreachable, later",
            (Charge::Nothing, true) => "again, uncounted, later",
            (Charge::Nothing, false) => "again, uncounted, at once",
            (charge, at_once) => panic!("{charge:?} {at_once}"),
        },
        Judgement::Stuck { .. } => "stuck",
        Judgement::Draft { .. } => "draft",
        Judgement::PutBack => "as before",
        Judgement::Nothing => "nothing",
    }
}

#[test]
fn each_outcome_has_its_consequence() {
    let found: Vec<String> = samples::outcomes()
        .iter()
        .map(|outcome| format!("{} -> {}", outcome.word(), verdict(outcome)))
        .collect();
    let expected = [
        "done -> land",
        "needs_review -> spot-check",
        "blocked -> spot-check",
        "timeout -> again, failed, later",
        "stopped -> again, uncounted, at once",
        "budget -> stuck",
        "misconfigured -> draft",
        "done -> again, crashed, later",
        "undecided -> spot-check",
        "done -> spot-check",
        "timeout -> again, failed, later",
        "max_age -> again, failed, later",
        "max_iterations -> again, failed, later",
        "max_tokens -> again, failed, later",
        "agent_failed -> again, failed, later",
        "no_progress -> again, failed, later",
        "same_error -> again, failed, later",
        "oscillation -> again, failed, later",
        "context_full -> again, failed, later",
        "gate_red -> again, failed, later",
        "checks_red -> again, failed, later",
        "stopped -> again, uncounted, at once",
        "usage_limit -> again, uncounted, later",
        "unreachable -> again, unreachable, later",
        "login_failed -> again, uncounted, later",
        "crashed -> again, crashed, later",
        "setup_failed -> again, crashed, later",
        "host_restarted -> again, unreachable, later",
        "out_of_memory -> again, out of memory, later",
        "usage_limit -> again, uncounted, later",
        "done -> again, crashed, later",
        "given_back -> again, crashed, later",
        "dropped -> again, crashed, later",
    ];
    assert_eq!(found, expected);
}

#[test]
fn accepted_work_lands_unless_there_is_a_reason_to_look() {
    let of = |goal: &Goal, gated, harvest: &Harvest| match judged(goal, &Outcome::Accepted { gated }, harvest)
    {
        Judgement::SpotCheck { why } => why,
        other => panic!("{other:?}"),
    };
    let plain = draft(42);
    assert_eq!(judged(&plain, &Outcome::Accepted { gated: true }, &harvest()), Judgement::Land);
    assert_eq!(of(&plain, false, &harvest()), [SpotCheckReason::NoGate]);
    let nothing = Harvest { files_changed: 0, ..harvest() };
    assert_eq!(of(&plain, true, &nothing), [SpotCheckReason::NoDiff]);
    let waived = Harvest { waives_gate: true, ..harvest() };
    assert_eq!(judged(&plain, &Outcome::Accepted { gated: false }, &waived), Judgement::Land);
    let abroad = Harvest { push_needs_leave: true, ..harvest() };
    assert_eq!(of(&plain, true, &abroad), [SpotCheckReason::PushNeedsLeave]);
    let asked = Goal { wants_spot_check: true, ..draft(42) };
    assert_eq!(of(&asked, true, &harvest()), [SpotCheckReason::Requested]);
    let odd = Harvest { protected: vec!["a".into()], deleted_tests: vec!["b".into()], ..harvest() };
    let expected = [
        SpotCheckReason::ProtectedPaths { paths: vec!["a".into()] },
        SpotCheckReason::DeletedTests { paths: vec!["b".into()] },
    ];
    assert_eq!(of(&plain, true, &odd), expected);
}

#[test]
fn who_asks_for_a_look_is_shown_protected_changes_too() {
    let odd = Harvest { protected: vec!["a".into()], ..harvest() };
    let judgement = judged(&draft(42), &Outcome::Blocked { question: "which?".into() }, &odd);
    let why = vec![
        SpotCheckReason::Question { question: "which?".into() },
        SpotCheckReason::ProtectedPaths { paths: vec!["a".into()] },
    ];
    assert_eq!(judgement, Judgement::SpotCheck { why });
}

/// How many such ends a goal takes until it is stuck, and why it is.
fn ends_until_stuck(outcome: &Outcome) -> Option<(u32, StuckCause)> {
    let mut goal = draft(42);
    for count in 1..=50 {
        match judged(&goal, outcome, &harvest()) {
            Judgement::Requeue { charge, context, .. } => {
                goal.series = goal.series.charged(charge);
                goal.context = context;
            }
            Judgement::Stuck { cause, .. } => return Some((count, cause)),
            Judgement::Land
            | Judgement::SpotCheck { .. }
            | Judgement::Draft { .. }
            | Judgement::PutBack
            | Judgement::Nothing => return None,
        }
    }
    None
}

#[test]
fn each_trouble_has_its_own_cap() {
    for cause in samples::failure_causes() {
        assert_eq!(
            ends_until_stuck(&failed(cause)),
            Some((3, StuckCause::Failed)),
            "three failures are three"
        );
    }
    let expected = |cause| match cause {
        Interruption::Stopped | Interruption::LoginFailed | Interruption::UsageLimit { .. } => None,
        Interruption::Unreachable | Interruption::HostRestarted => Some((10, StuckCause::Unreachable)),
        Interruption::Crashed | Interruption::SetupFailed => Some((3, StuckCause::Crashed)),
        Interruption::OutOfMemory => Some((2, StuckCause::TooBig)),
    };
    for cause in samples::interruptions() {
        assert_eq!(ends_until_stuck(&interrupted(cause)), expected(cause), "{cause:?}");
    }
    let spent = Outcome::BudgetSpent { detail: "$2 of $2".into() };
    assert_eq!(ends_until_stuck(&spent), Some((1, StuckCause::BudgetSpent)));
}

#[test]
fn troubles_are_counted_apart() {
    let series = Series { failed: 2, crashed: 2, out_of_memory: 1, unreachable: 9, conflicts: 4, changes: 3 };
    let goal = Goal { series, ..draft(42) };
    assert!(matches!(
        judged(&goal, &interrupted(Interruption::Stopped), &harvest()),
        Judgement::Requeue { .. }
    ));
    for charge in samples::charges() {
        let more = series.charged(charge);
        let sum =
            |s: Series| s.failed + s.crashed + s.out_of_memory + s.unreachable + s.conflicts + s.changes;
        assert_eq!(sum(more) - sum(series), u32::from(charge != Charge::Nothing), "{charge:?}");
        assert_eq!(more.count(charge), series.count(charge) + u32::from(charge != Charge::Nothing));
    }
}

#[test]
fn backoff_doubles_from_half_a_minute_to_half_an_hour_give_or_take_a_fifth() {
    let policy = Policy::default();
    for attempt in 1..200 {
        let run = RunId::of(&id(7), attempt);
        for (count, nominal) in
            [(1, 30), (2, 60), (3, 120), (6, 960), (7, 1_800), (40, 1_800), (u32::MAX, 1_800)]
        {
            let wait = policy.backoff(count, &run).as_secs_f64() / f64::from(nominal);
            assert!((0.799..=1.201).contains(&wait), "{count}: {wait}");
        }
        assert_eq!(policy.backoff(3, &run), policy.backoff(3, &run), "by the run alone");
    }
    let waits: Vec<Duration> = (1..20).map(|n| policy.backoff(1, &RunId::of(&id(n), 1))).collect();
    let different: std::collections::BTreeSet<_> = waits.iter().collect();
    assert!(different.len() > 10, "goals that failed together come back together: {waits:?}");
}

fn retry_at(judgement: Judgement) -> Option<Timestamp> {
    match judgement {
        Judgement::Requeue { retry_at, .. } => retry_at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_usage_limit_is_waited_out_and_never_a_hot_loop() {
    let limit = |resets_at| interrupted(Interruption::UsageLimit { resets_at });
    let wait = |outcome: &Outcome| retry_at(judged(&draft(42), outcome, &harvest())).unwrap();
    assert_eq!(wait(&limit(Some(after(18_000)))), after(18_000));
    assert!(wait(&limit(Some(after(-600)))) > after(20), "a reset that is past already");
    assert!(wait(&limit(None)) > after(20 * 60), "no reset was said");
    assert!(wait(&interrupted(Interruption::LoginFailed)) > after(20));
}

/// A simulated goal whose run ended so.
fn night(outcome: Outcome) -> Sim {
    let mut sim = Sim::new(2);
    for _ in 0..2 {
        sim.write(&[], |_| {});
    }
    (0..2).for_each(|goal| sim.take(&Op::Queue(goal)));
    (0..4).for_each(|_| sim.take(&Op::FinishAll));
    let (run, goal) = sim.world.runs.values().next().map(|run| (run.id.clone(), run.goal.clone())).unwrap();
    sim.record(Event::of(&goal, What::RunReported { run, outcome })).unwrap();
    (0..4).for_each(|_| sim.take(&Op::FinishAll));
    sim
}

#[test]
fn an_account_at_its_limit_parks_until_the_reset_and_one_without_login_until_a_person_acts() {
    let at = after(7_200);
    let mut sim = night(interrupted(Interruption::UsageLimit { resets_at: Some(at) }));
    assert_eq!(sim.world.parked["claude"].until, Some(at));
    let waits: Vec<Wait> = plan(&sim.world, sim.now).waits.into_values().flatten().collect();
    assert!(
        waits
            .iter()
            .any(|wait| matches!(wait, Wait::AccountParked { until: Some(until), .. } if *until == at))
    );
    sim.now = at;
    sim.settle();
    assert!((1..=2).all(|number| sim.state(number).word() == "running"), "at the reset it goes on by itself");
    let unknown = night(interrupted(Interruption::UsageLimit { resets_at: None }));
    assert!(
        unknown.world.parked["claude"].until.is_some(),
        "without a reset it is looked at again, not never"
    );
    let login = night(interrupted(Interruption::LoginFailed));
    assert_eq!(login.world.parked["claude"].until, None);
}

#[test]
fn a_login_that_failed_outlasts_a_limit_that_is_lifted() {
    let mut sim = night(interrupted(Interruption::LoginFailed));
    let (run, goal) = sim
        .world
        .runs
        .values()
        .find(|run| run.state.word() == "launched")
        .map(|run| (run.id.clone(), run.goal.clone()))
        .unwrap();
    let outcome = interrupted(Interruption::UsageLimit { resets_at: Some(after(60)) });
    sim.record(Event::of(&goal, What::RunReported { run, outcome })).unwrap();
    (0..4).for_each(|_| sim.take(&Op::FinishAll));
    assert_eq!(sim.world.parked["claude"].until, None);
}

#[test]
fn a_reviewers_words_and_the_last_red_gate_reach_the_next_prompt() {
    let context = samples::context();
    let goal = Goal { context, ..draft(42) };
    let Judgement::Requeue { context, .. } = judged(&goal, &failed(FailureCause::NoProgress), &harvest())
    else {
        panic!("not queued again")
    };
    assert_eq!(context.feedback.as_deref(), Some("name it better"));
    assert_eq!(context.last_outcome.as_deref(), Some("no_progress: 4h are spent"));
    assert_eq!(context.gate_output.as_deref(), Some("1 test failed"));
    assert_eq!(context.last_progress.as_deref(), Some("wrote the test"));
    assert!(context.is_resumed);
    let lost = judged(&goal, &interrupted(Interruption::Crashed), &Harvest::default());
    let Judgement::Requeue { context, .. } = lost else { panic!("not queued again") };
    assert_eq!(context.last_progress.as_deref(), Some("wrote the test"), "kept from an earlier run");
    assert_eq!(context.gate_output.as_deref(), Some("1 test failed"), "kept from an earlier run");
    assert!(context.is_resumed, "the earlier run's work is still there");
    let unanswered = Harvest { last_progress: None, gate_tail: None, ..harvest() };
    let limited = judged(&goal, &interrupted(Interruption::Stopped), &unanswered);
    let Judgement::Requeue { context, .. } = limited else { panic!("not queued again") };
    assert_eq!(context.gate_output.as_deref(), Some("1 test failed"), "nobody has answered it yet");
    let first = judged(&draft(42), &interrupted(Interruption::Crashed), &Harvest::default());
    let Judgement::Requeue { context, .. } = first else { panic!("not queued again") };
    assert!(!context.is_resumed, "no snapshot, nothing to resume");
}

#[test]
fn every_earlier_end_is_told_to_the_next_run_and_a_long_row_of_them_is_cut_at_its_beginning() {
    let mut goal = draft(42);
    let causes = [Interruption::Crashed, Interruption::Stopped, Interruption::Crashed];
    for cause in causes {
        let Judgement::Requeue { context, .. } = judged(&goal, &interrupted(cause), &harvest()) else {
            panic!("not queued again")
        };
        goal.context = context;
    }
    let told = |goal: &Goal| {
        [goal.context.earlier_outcomes.clone(), goal.context.last_outcome.clone().into_iter().collect()]
            .concat()
    };
    assert_eq!(told(&goal), causes.map(|cause| interrupted(cause).sentence()));
    for _ in 0..20 {
        let Judgement::Requeue { context, .. } =
            judged(&goal, &interrupted(Interruption::Stopped), &harvest())
        else {
            panic!("not queued again")
        };
        goal.context = context;
    }
    assert_eq!(
        told(&goal),
        vec![interrupted(Interruption::Stopped).sentence(); RetryContext::EARLIER_MAX + 1]
    );
}

#[test]
fn a_bounce_is_charged_to_whom_it_belongs() {
    let policy = Policy::default();
    let of = |goal: &Goal, bounce: &Bounce| judge_bounce(goal, &run(), bounce, &policy, start());
    for bounce in samples::bounces() {
        match (&bounce, of(&draft(42), &bounce)) {
            (Bounce::Red(refusal), Judgement::Requeue { charge, context, retry_at }) => {
                assert_eq!((charge, context.gate_output.as_ref()), (Charge::Failed, Some(&refusal.tail)));
                assert_eq!(context.gate_failures, refusal.failures);
                assert!(context.last_outcome.unwrap().contains("tests::sorts"));
                assert!(context.is_resumed && retry_at > Some(start()));
            }
            (Bounce::Conflict { .. }, Judgement::Requeue { charge, context, .. }) => {
                assert_eq!(charge, Charge::Conflict);
                let told = context.last_outcome.unwrap();
                assert!(told.contains("src/lib.rs") && !told.contains("stopped"), "{told}");
            }
            (Bounce::NoContents { .. }, Judgement::Requeue { charge, context, .. }) => {
                let told = context.last_outcome.unwrap();
                assert_eq!((charge, context.is_resumed), (Charge::Failed, true));
                assert!(told.contains("data.bin") && told.contains("write the contents"), "{told}");
            }
            (Bounce::ChecksRed(refusal), Judgement::Requeue { charge, context, .. }) => {
                assert_eq!((charge, context.gate_output.as_ref()), (Charge::Failed, Some(&refusal.tail)));
                assert!(context.last_outcome.unwrap().contains("checks of the pull request"));
            }
            (Bounce::ChangesRequested { words }, Judgement::Requeue { charge, context, .. }) => {
                assert_eq!((charge, context.feedback.as_ref()), (Charge::Changes, Some(words)));
            }
            (Bounce::ClosedUnmerged, Judgement::Stuck { charge, cause, .. }) => {
                assert_eq!((charge, cause), (Charge::Nothing, StuckCause::ClosedUnmerged));
            }
            (Bounce::Undecided(_), Judgement::SpotCheck { why }) => {
                assert_eq!(why, [SpotCheckReason::BaseRed]);
            }
            (Bounce::Empty, Judgement::SpotCheck { why }) => assert_eq!(why, [SpotCheckReason::NoDiff]),
            (Bounce::Undeliverable { why }, Judgement::Stuck { charge, cause, detail, context }) => {
                assert_eq!((charge, cause), (Charge::Nothing, StuckCause::Undeliverable));
                assert!(detail.contains(why.as_str()) && context.is_resumed, "{detail}");
            }
            (bounce, judgement) => panic!("{bounce:?} -> {judgement:?}"),
        }
    }
    let third = Goal { series: Series { failed: 2, ..Series::default() }, ..draft(42) };
    let stuck = of(&third, &Bounce::Red(Refusal::unnamed("no")));
    assert!(matches!(stuck, Judgement::Stuck { cause: StuckCause::Failed, charge: Charge::Failed, .. }));
    let fifth = Goal { series: Series { conflicts: 4, ..Series::default() }, ..draft(42) };
    let stuck = of(&fifth, &Bounce::Conflict { files: Vec::new() });
    assert!(matches!(stuck, Judgement::Stuck { cause: StuckCause::Conflicts, .. }));
}

#[test]
fn three_failed_runs_in_a_night_are_three_and_the_waits_between_them_grow() {
    let mut sim = Sim::new(1);
    sim.write(&[], |_| {});
    sim.take(&Op::Queue(0));
    let mut waits = Vec::new();
    for failure in 1..=3 {
        (0..4).for_each(|_| sim.take(&Op::FinishAll));
        let run = sim.world.goals[&sim::id(1)].current_run().unwrap().clone();
        let outcome = failed(FailureCause::TimedOut);
        sim.record(Event::of(&sim::id(1), What::RunReported { run, outcome })).unwrap();
        (0..4).for_each(|_| sim.take(&Op::FinishAll));
        if failure < 3 {
            let until = sim.world.goals[&sim::id(1)].retry_at.unwrap();
            waits.push(until.duration_since(sim.now));
            sim.take(&Op::Advance { seconds: 1_900 });
        }
    }
    assert_eq!(sim.state(1).word(), "stuck");
    assert!(waits[0] >= SignedDuration::from_secs(24) && waits[0] < waits[1], "{waits:?}");
    sim.take(&Op::Retry(0));
    assert_eq!(sim.state(1).word(), "running", "a retry opens a new series and starts at once");
    assert_eq!(sim.world.goals[&sim::id(1)].runs, 4, "attempts go on counting");
    sim.take(&Op::Fail);
    assert_eq!(sim.world.goals[&sim::id(1)].series.failed, 1, "and the first failure of it is not the last");
    assert_ne!(sim.state(1).word(), "stuck");
}
