//! Answers against the same questions worked out by sorting and adding.

use std::collections::{BTreeMap, BTreeSet};

use herder_dashboard::numbers::{Answer, Columns, Dimension, Line, Measure, Question};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

#[derive(Clone, Debug)]
struct Run {
    hour: i64,
    repo: u8,
    goal: u64,
    is_done: bool,
    cost: Option<u32>,
    labels: BTreeSet<u8>,
}

fn run() -> impl Strategy<Value = Run> {
    let labels = prop::collection::btree_set(0..3u8, 0..3);
    (0..2_000i64, 0..3u8, 0..6u64, any::<bool>(), prop::option::of(0..1_000u32), labels)
        .prop_map(|(hour, repo, goal, is_done, cost, labels)| Run { hour, repo, goal, is_done, cost, labels })
}

fn columns(runs: &[Run]) -> Columns {
    let mut columns = Columns::new(TimeZone::UTC);
    for run in runs {
        let text = json!({
            "started_at": Timestamp::from_second(run.hour * 3_600).unwrap().to_string(),
            "exit_reason": if run.is_done { "done" } else { "failed" },
            "cost_usd": run.cost, "repo": format!("r{}", run.repo), "goal": run.goal,
            "labels": run.labels.iter().map(|label| format!("l{label}")).collect::<Vec<_>>(),
        })
        .to_string();
        columns.push(&serde_json::from_str::<Line<'_>>(&text).unwrap()).unwrap();
    }
    columns
}

/// Definition 7 of Hyndman and Fan, by sorting.
fn quantile(mut figures: Vec<f64>, q: f64) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let place = q * (figures.len().checked_sub(1)? as f64);
    let (low, high) = (figures[place.floor() as usize], figures[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

fn close(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-6,
        (one, other) => one == other,
    }
}

proptest! {
    #[test]
    fn an_answer_is_what_sorting_and_adding_give(
        runs in prop::collection::vec(run(), 0..120),
        days in (0..90i32, 0..90i32),
        only in prop::collection::btree_set(0..4u8, 0..3),
    ) {
        let from = jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(days.0.min(days.1));
        let to = jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(days.0.max(days.1));
        let mut question =
            Question { from: Some(from), to: Some(to), by: Dimension::Label, ..Question::default() };
        if !only.is_empty() {
            let names = only.iter().map(|repo| format!("r{repo}")).collect();
            question.only.insert(Dimension::Repo, names);
        }
        let answer = Answer::to(&question, &columns(&runs));

        let in_days = |run: &&Run| (days.0.min(days.1)..=days.0.max(days.1)).contains(&((run.hour / 24) as i32));
        let meant: Vec<&Run> =
            runs.iter().filter(in_days).filter(|run| only.is_empty() || only.contains(&run.repo)).collect();
        let known: Vec<f64> = meant.iter().filter_map(|run| run.cost.map(f64::from)).collect();
        let cost = answer.trends.iter().find(|trend| trend.measure == Measure::Cost).unwrap();
        prop_assert_eq!(cost.all.known + cost.all.unknown, meant.len() as u64);
        prop_assert!(close(cost.all.median, quantile(known.clone(), 0.5)));
        prop_assert!(close(cost.all.p90, quantile(known.clone(), 0.9)));
        prop_assert_eq!(answer.all.known_cost_usd, known.iter().fold(0.0, |sum, cost| sum + cost));

        let mut goals: BTreeMap<(u8, u64), Vec<&Run>> = BTreeMap::new();
        meant.iter().for_each(|run| goals.entry((run.repo, run.goal)).or_default().push(run));
        let count = |is: &dyn Fn(&Vec<&Run>) -> bool| goals.values().filter(|runs| is(runs)).count() as u64;
        prop_assert_eq!(answer.all.goals_done.of, goals.len() as u64);
        prop_assert_eq!(answer.all.goals_done.count, count(&|runs| runs.iter().any(|run| run.is_done)));
        prop_assert_eq!(answer.all.retried.count, count(&|runs| runs.len() > 1));
        let of_goals = goals.values().filter_map(|runs| runs.iter().map(|run| run.cost.map(f64::from)).sum());
        prop_assert!(close(answer.cost_of_goal.p90, quantile(of_goals.collect(), 0.9)));

        for group in &answer.groups {
            let label = group.name.strip_prefix('l').map(|label| label.parse::<u8>().unwrap());
            let members = meant.iter().filter(|run| match label {
                Some(label) => run.labels.contains(&label),
                None => run.labels.is_empty(),
            });
            prop_assert_eq!(group.sum.done.of, members.count() as u64);
        }
        let in_periods: u64 = answer.days.iter().map(|day| day.sum.done.of).sum();
        prop_assert_eq!(in_periods, meant.len() as u64);
        prop_assert!(answer.days.is_sorted_by_key(|day| day.day) && answer.days.len() <= 101);
    }
}
