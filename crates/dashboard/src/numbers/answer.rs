//! What is answered.

use serde::Serialize;

use super::columns::Columns;
use super::days::DayNumber;
use super::dimension::Dimension;
use super::measure::Measure;
use super::question::Question;
use super::share::Share;
use super::spread::Spread;

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// All rows that are meant.
    pub all: Summary,
    /// Each figure, over all and from period to period.
    pub trends: Vec<Trend>,
    /// What each of one goal's runs cost together, in US dollars; unknown where one of them is.
    pub cost_of_goal: Spread,
    /// How many days a period has.
    pub period_days: u32,
    /// Each period in which a run ended, the oldest first.
    pub days: Vec<Day>,
    /// Each group, the one with the most runs first. With labels a run may be in several.
    pub groups: Vec<Group>,
    /// How runs ended, the most frequent first.
    pub outcomes: Vec<Group>,
}

/// What some runs come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Runs that met their goal, of all.
    pub done: Share,
    /// Goals of which a run met it, of all goals.
    pub goals_done: Share,
    /// Goals that took more than one run, of all goals.
    pub retried: Share,
    /// US dollars of the runs whose cost is known.
    pub known_cost_usd: f64,
    /// Runs whose cost nobody knows.
    pub unknown_costs: u64,
    /// US dollars for a goal that was met, failures included; `None` where a cost is unknown or no goal was met.
    pub cost_per_done_goal: Option<f64>,
    /// The model thinks or writes, in seconds.
    pub llm_seconds: f64,
    /// Tools run, the gate included, in seconds.
    pub tools_seconds: f64,
    /// Neither, in seconds.
    pub overhead_seconds: f64,
    /// Waiting, in seconds, of the runs that tell of it.
    pub waiting_seconds: f64,
    /// Iterations.
    pub iterations: f64,
    /// Tokens of the runs that tell of them.
    pub tokens: f64,
    /// Lines added and deleted, of the runs that tell of them.
    pub lines: f64,
}

/// A figure, over all runs that are meant and from period to period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// Which.
    pub measure: Measure,
    /// Over all.
    pub all: Spread,
    /// In each period of [`Answer::days`].
    pub days: Vec<Spread>,
}

/// One period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Day {
    /// Its first day.
    pub day: DayNumber,
    /// What its runs come to.
    pub sum: Summary,
}

/// Runs that have a name in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The name; empty for runs that have none.
    pub name: String,
    /// What they come to.
    pub sum: Summary,
}

impl Answer {
    /// Answers a question.
    pub fn to(question: &Question, columns: &Columns) -> Self {
        let rows = question.rows(columns);
        let (period_days, periods) = periods(&rows, columns);
        let mut seen = Seen::new(columns);
        let days = periods.iter().map(|(day, rows)| Day { day: *day, sum: seen.sum(rows) }).collect();
        let groups = groups(question.by, &rows, &mut seen);
        let outcomes = groups_of_outcomes(question.by, &groups, &rows, &mut seen);
        let trends = std::thread::scope(|scope| {
            let one = |measure| {
                let (rows, periods) = (&rows, &periods);
                scope.spawn(move || trend(measure, rows, periods, columns))
            };
            let begun: Vec<_> = question.measures.iter().map(|measure| one(*measure)).collect();
            // A thread that only computes ends by itself; where it was lost, its figure is left out.
            begun.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let all = seen.sum(&rows);
        Self { all, trends, cost_of_goal: seen.cost_of_goal(&rows), period_days, days, groups, outcomes }
    }
}

fn groups_of_outcomes(by: Dimension, groups: &[Group], rows: &[u32], seen: &mut Seen<'_>) -> Vec<Group> {
    if by == Dimension::Outcome { groups.to_vec() } else { self::groups(Dimension::Outcome, rows, seen) }
}

/// At most about a hundred periods: days, weeks, or four weeks.
fn periods<'r>(rows: &'r [u32], columns: &Columns) -> (u32, Vec<(DayNumber, &'r [u32])>) {
    let day = |row: &u32| columns.days()[*row as usize].0;
    let (Some(first), Some(last)) = (rows.first().map(day), rows.last().map(day)) else {
        return (1, Vec::new());
    };
    let span = i64::from(last) - i64::from(first);
    let length: i32 = match span {
        ..=100 => 1,
        101..=700 => 7,
        701.. => 28,
    };
    let period = |row: &u32| (day(row) - first).div_euclid(length);
    let chunks = rows.chunk_by(|one, other| period(one) == period(other));
    let dated = chunks.filter_map(|rows| Some((DayNumber(first + period(rows.first()?) * length), rows)));
    (length.unsigned_abs(), dated.collect())
}

fn trend(measure: Measure, rows: &[u32], periods: &[(DayNumber, &[u32])], columns: &Columns) -> Trend {
    let figures = columns.figures(measure);
    let mut known = Vec::with_capacity(rows.len());
    let mut spread = |rows: &[u32]| {
        known.clear();
        known.extend(rows.iter().map(|row| figures[*row as usize]).filter(|figure| !figure.is_nan()));
        let unknown = (rows.len() - known.len()) as u64;
        Spread::of(&mut known, unknown)
    };
    let days = periods.iter().map(|(_, rows)| spread(rows)).collect();
    Trend { measure, all: spread(rows), days }
}

/// Each group of rows; a row without a name stands under the empty one.
pub(super) fn groups(by: Dimension, rows: &[u32], seen: &mut Seen<'_>) -> Vec<Group> {
    let columns = seen.columns;
    let names = columns.names_in(by);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); names.len() + 1];
    for row in rows {
        match columns.belongs(by, *row) {
            [] => members[names.len()].push(*row),
            numbers => numbers.iter().for_each(|number| members[*number as usize].push(*row)),
        }
    }
    let named = (0..).zip(&members).filter(|(_, rows)| !rows.is_empty());
    let mut groups: Vec<Group> = named
        .map(|(number, rows)| Group { name: names.text(number).to_owned(), sum: seen.sum(rows) })
        .collect();
    groups.sort_by(|one, other| {
        other.sum.done.of.cmp(&one.sum.done.of).then_with(|| one.name.cmp(&other.name))
    });
    groups
}

/// Sums rows; remembers which goals it has met, so that each counts once.
pub(super) struct Seen<'c> {
    columns: &'c Columns,
    /// By goal: in which sum it was met last, and whether with success and more than once.
    met: Vec<(u32, Met)>,
    sums: u32,
}

#[derive(Clone, Copy, Default)]
struct Met {
    is_done: bool,
    is_retried: bool,
}

impl<'c> Seen<'c> {
    pub(super) fn new(columns: &'c Columns) -> Self {
        Self { columns, met: vec![(0, Met::default()); columns.goal_count()], sums: 0 }
    }

    /// What some rows come to.
    pub(super) fn sum(&mut self, rows: &[u32]) -> Summary {
        let done = rows.iter().filter(|row| self.columns.is_done(**row)).count() as u64;
        let (goals, goals_done, retried) = self.goals(rows);
        let total = |measure| known(self.columns.figures(measure), rows).0;
        let (known_cost_usd, unknown_costs) = known(self.columns.figures(Measure::Cost), rows);
        let has_price = unknown_costs == 0 && goals_done > 0;
        Summary {
            done: Share::new(done, rows.len() as u64),
            goals_done: Share::new(goals_done, goals),
            retried: Share::new(retried, goals),
            known_cost_usd,
            unknown_costs,
            cost_per_done_goal: has_price.then(|| known_cost_usd / goals_done as f64),
            llm_seconds: total(Measure::Llm),
            tools_seconds: total(Measure::Tools),
            overhead_seconds: total(Measure::Overhead),
            waiting_seconds: total(Measure::Waiting),
            iterations: total(Measure::Iterations),
            tokens: total(Measure::Tokens),
            lines: total(Measure::Lines),
        }
    }

    /// How many goals the rows are of, how many of them were met, and how many took more than one run.
    fn goals(&mut self, rows: &[u32]) -> (u64, u64, u64) {
        self.sums += 1;
        let (mut goals, mut done, mut retried) = (0, 0, 0);
        for row in rows {
            let (sum, met) = &mut self.met[self.columns.goal(*row) as usize];
            if *sum != self.sums {
                (*sum, *met) = (self.sums, Met::default());
                goals += 1;
            } else if !met.is_retried {
                met.is_retried = true;
                retried += 1;
            }
            if self.columns.is_done(*row) && !met.is_done {
                met.is_done = true;
                done += 1;
            }
        }
        (goals, done, retried)
    }

    fn cost_of_goal(&self, rows: &[u32]) -> Spread {
        let costs = self.columns.figures(Measure::Cost);
        let mut of_goals = vec![None; self.met.len()];
        for row in rows {
            let cost = of_goals[self.columns.goal(*row) as usize].get_or_insert(0.0);
            // A cost that is unknown makes the goal's unknown.
            *cost += costs[*row as usize];
        }
        let mut known: Vec<f64> = of_goals.into_iter().flatten().collect();
        let all = known.len();
        known.retain(|cost| !cost.is_nan());
        let unknown = (all - known.len()) as u64;
        Spread::of(&mut known, unknown)
    }
}

/// The sum of the known figures of some rows, and how many are unknown.
fn known(figures: &[f64], rows: &[u32]) -> (f64, u64) {
    rows.iter().map(|row| figures[*row as usize]).fold((0.0, 0), |(sum, unknown), figure| {
        if figure.is_nan() { (sum, unknown + 1) } else { (sum + figure, unknown) }
    })
}
