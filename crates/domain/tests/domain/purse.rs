//! What goals, stories, repositories and a day may spend.

use std::time::Duration;

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::ledger::Cost;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::plan::{Wait, plan};
use herder_domain::purse::{Allowance, Allowances, Spender, Spent, Today, UnknownCost};
use herder_domain::repo::{GoalRef, Number};
use herder_domain::why::why;
use jiff::SignedDuration;

use crate::sim::{Op, Sim, id};

const USD: fn(f64) -> Allowance = |usd| Allowance { usd: Some(usd), tokens: None, time: None };

fn spent(usd: f64) -> Spent {
    Spent::of(Cost::usd(usd), 1_000, Duration::from_secs(3_600))
}

/// Goals 1 and 3 of one repository are queued; the first is in a story. Nothing begins by itself.
fn queued(allowances: Allowances) -> Sim {
    let mut sim = Sim::new(2);
    for _ in 0..3 {
        sim.write(&[], |_| {});
    }
    sim.world.goals.get_mut(&id(1)).unwrap().story = Some(Number(7));
    for number in [1, 3] {
        sim.record(Event::of(&id(number), What::GoalQueued)).unwrap();
    }
    sim.world.purse.allowances = allowances;
    let ends = sim.now.checked_add(SignedDuration::from_hours(2)).ok();
    sim.world.purse.today = Today { name: "2026-11-01".into(), ends };
    sim
}

fn started(sim: &Sim) -> Vec<u64> {
    let begins = |event: &Event| match event {
        Event::Goal(happening) => {
            matches!(happening.what, What::RunOrdered { .. }).then_some(happening.goal.number.0)
        }
        _ => None,
    };
    plan(&sim.world, sim.now).decisions.iter().filter_map(begins).collect()
}

fn notices(sim: &Sim) -> Vec<String> {
    let effects = plan(&sim.world, sim.now).effects;
    effects.iter().filter(|effect| matches!(effect, Effect::Notify { .. })).map(Effect::key).collect()
}

#[test]
fn each_budget_holds_those_whom_it_is_for() {
    let bound = USD(10.0);
    let none = Allowances::default();
    let story = GoalRef { number: Number(7), ..id(1) };
    type Case = (Allowances, Box<dyn Fn(&mut Sim)>, &'static [u64]);
    let cases: [Case; 5] = [
        (none.clone(), Box::new(|sim| sim.world.purse.ended.day = spent(1e6)), &[1, 3]),
        (
            Allowances { goal: bound, ..none.clone() },
            Box::new(|sim| _ = sim.world.purse.ended.goals.insert(id(3), spent(10.0))),
            &[1],
        ),
        (
            Allowances { story: bound, ..none.clone() },
            Box::new(move |sim| _ = sim.world.purse.ended.stories.insert(story.clone(), spent(10.0))),
            &[3],
        ),
        (
            Allowances { repo: bound, ..none.clone() },
            Box::new(|sim| _ = sim.world.purse.ended.repos.insert(id(1).repo, spent(11.0))),
            &[],
        ),
        (Allowances { day: bound, ..none }, Box::new(|sim| sim.world.purse.ended.day = spent(10.0)), &[]),
    ];
    for (allowances, spend, expected) in cases {
        let mut sim = queued(allowances.clone());
        assert_eq!(started(&sim), [1, 3], "{allowances:?}");
        spend(&mut sim);
        assert_eq!(started(&sim), expected, "{allowances:?}");
    }
}

#[test]
fn tokens_and_time_are_bounded_as_dollars_are() {
    let base = Allowance::default();
    for bound in [
        Allowance { tokens: Some(1_000), ..base },
        Allowance { time: Some(Duration::from_secs(3_600)), ..base },
    ] {
        let mut sim = queued(Allowances { day: bound, ..Allowances::default() });
        sim.world.purse.ended.day = spent(0.0);
        assert_eq!(started(&sim), [] as [u64; 0], "{bound:?}");
    }
}

#[test]
fn a_budget_that_is_raised_counts_at_once_and_a_new_day_is_a_new_budget() {
    let mut sim = queued(Allowances { day: USD(10.0), ..Allowances::default() });
    sim.world.purse.ended.day = spent(10.42);
    let answer = why(&sim.world, &id(1), sim.now).unwrap();
    assert_eq!(
        answer.reasons,
        ["the budget for today is spent: $10.42 of $10.00; the next day begins at 2026-11-02T00:00:00Z"]
    );
    assert_eq!(answer.hints, ["another `budgets.day.usd` in your configuration counts at once"]);
    assert_eq!(plan(&sim.world, sim.now).wake_at, sim.world.purse.today.ends);
    sim.world.purse.allowances.day = USD(20.0);
    assert_eq!(started(&sim), [1, 3]);
}

/// Both goals are at work.
fn at_work(allowances: Allowances) -> Sim {
    let mut sim = queued(allowances);
    sim.settle();
    (0..3).for_each(|_| sim.take(&Op::FinishAll));
    assert!(sim.world.runs.values().all(|run| run.state.word() == "launched"));
    sim
}

#[test]
fn what_is_at_work_when_its_budget_is_spent_is_stopped_and_waits_uncounted() {
    let mut sim = at_work(Allowances { goal: USD(1.0), ..Allowances::default() });
    let run = sim.world.goals[&id(1)].current_run().unwrap().clone();
    sim.world.purse.live.insert(run.clone(), spent(0.99));
    let stops = |sim: &Sim| {
        let effects = plan(&sim.world, sim.now).effects;
        effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Stop { .. }))
            .map(Effect::key)
            .collect::<Vec<_>>()
    };
    assert_eq!(stops(&sim), [] as [&str; 0]);
    sim.world.purse.live.insert(run.clone(), spent(1.0));
    assert_eq!(stops(&sim), [format!("stop/{run}")], "and not the other's");
    sim.settle();
    let outcome = Outcome::Interrupted { cause: Interruption::Stopped, detail: "it was told to stop".into() };
    sim.record(Event::of(&id(1), What::RunReported { run: run.clone(), outcome })).unwrap();
    sim.world.purse.live.remove(&run);
    sim.world.purse.ended.goals.insert(id(1), spent(1.0));
    (0..4).for_each(|_| sim.take(&Op::FinishAll));
    let goal = &sim.world.goals[&id(1)];
    assert_eq!((goal.state.word(), goal.series.failed), ("queued", 0));
    let waits = plan(&sim.world, sim.now).waits.remove(&id(1)).unwrap();
    let [Wait::OverBudget { excess }] = &waits[..] else { panic!("{waits:?}") };
    assert_eq!((&excess.spender, excess.until), (&Spender::Goal { goal: id(1) }, None));
    assert!(waits[0].needs_person());
}

#[test]
fn at_80_percent_a_person_is_told_once_for_each_budget() {
    let mut sim = at_work(Allowances { day: USD(10.0), ..Allowances::default() });
    sim.world.purse.ended.day = spent(7.0);
    let run = sim.world.runs.keys().next().unwrap().clone();
    sim.world.purse.live.insert(run.clone(), spent(0.99));
    assert_eq!(notices(&sim), [] as [&str; 0]);
    sim.world.purse.live.insert(run, spent(1.0));
    let key = "notify/all/budget/today/2026-11-01/budgets.day.usd/$10.00";
    assert_eq!(notices(&sim), [key]);
    sim.world.done.insert(key.into());
    sim.world.purse.ended.day = spent(8.5);
    assert_eq!(notices(&sim), [] as [&str; 0], "told twice");
    sim.world.purse.allowances.day = USD(11.0);
    assert_eq!(notices(&sim).len(), 1, "another budget");
}

#[test]
fn an_unknown_cost_is_no_nought_and_a_policy_says_what_then() {
    let mut sim = queued(Allowances { day: USD(10.0), ..Allowances::default() });
    sim.world.purse.ended.day = spent(3.0);
    sim.world.purse.ended.day += Spent::of(Cost::UNKNOWN, 0, Duration::ZERO);
    assert_eq!(started(&sim), [1, 3], "what is known counts");
    sim.world.purse.allowances.unknown_cost = UnknownCost::Hold;
    let answer = why(&sim.world, &id(1), sim.now).unwrap();
    let expected = "nobody knows what a run cost, and the budget for today is $10.00 (known: $3.00)";
    assert!(answer.reasons[0].starts_with(expected), "{:?}", answer.reasons);
    // Where no dollars are bounded, nobody needs to know.
    sim.world.purse.allowances.day = Allowance { tokens: Some(1 << 40), ..Allowance::default() };
    assert_eq!(started(&sim), [1, 3]);
}

#[test]
fn an_unknown_cost_stops_nothing_that_was_begun() {
    let unknown_cost = UnknownCost::Hold;
    let mut sim = at_work(Allowances { day: USD(10.0), unknown_cost, ..Allowances::default() });
    sim.world.purse.ended.day = Spent::of(Cost::UNKNOWN, 0, Duration::ZERO);
    let run = sim.world.runs.keys().next().unwrap().clone();
    sim.world.purse.live.insert(run, spent(1.0));
    let effects = plan(&sim.world, sim.now).effects;
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Stop { .. })), "{effects:?}");
}
