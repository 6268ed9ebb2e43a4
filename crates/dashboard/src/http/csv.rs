//! Tables as files for spreadsheets.

use std::str::FromStr;

use super::trouble::{Kind, Trouble};
use crate::numbers::{Answer, Group, Spread, Summary};

/// A table of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Each figure, over all and in each period.
    Trends,
    /// What each period comes to.
    Periods,
    /// What each group comes to.
    Groups,
    /// The same by how runs ended.
    Outcomes,
}

const SUMS: [&str; 15] = [
    "runs",
    "runs_done",
    "goals",
    "goals_done",
    "goals_retried",
    "known_cost_usd",
    "unknown_costs",
    "cost_per_done_goal",
    "llm_seconds",
    "tools_seconds",
    "overhead_seconds",
    "waiting_seconds",
    "iterations",
    "tokens",
    "lines",
];

impl Table {
    const ALL: [Self; 4] = [Self::Trends, Self::Periods, Self::Groups, Self::Outcomes];

    /// Its name in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trends => "trends",
            Self::Periods => "periods",
            Self::Groups => "groups",
            Self::Outcomes => "outcomes",
        }
    }

    /// The table of an answer, with a first line of names. What is unknown is empty.
    pub fn written(self, answer: &Answer) -> Result<String, Trouble> {
        let mut rows = vec![self.head()];
        match self {
            Self::Trends => rows.extend(trends(answer)),
            Self::Periods => {
                rows.extend(answer.days.iter().map(|day| named(day.day.date().to_string(), &day.sum)));
            }
            Self::Groups => rows.extend(answer.groups.iter().map(group)),
            Self::Outcomes => rows.extend(answer.outcomes.iter().map(group)),
        }
        let failed =
            |error: String| Trouble::new(Kind::Internal, format!("failed to write the table: {error}"));
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.write_record(&row).map_err(|error| failed(error.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
    }

    fn head(self) -> Vec<String> {
        let first = match self {
            Self::Trends => {
                return ["from", "measure", "known", "unknown", "sum", "median", "p90"]
                    .map(String::from)
                    .into();
            }
            Self::Periods => "from",
            Self::Groups | Self::Outcomes => "name",
        };
        std::iter::once(first).chain(SUMS).map(String::from).collect()
    }
}

impl FromStr for Table {
    type Err = Trouble;

    fn from_str(text: &str) -> Result<Self, Trouble> {
        let unknown = || {
            let names = Self::ALL.map(Self::name).join(", ");
            Trouble::new(Kind::Usage, format!("`table={text}` is no table; there is {names}"))
        };
        Self::ALL.into_iter().find(|table| table.name() == text).ok_or_else(unknown)
    }
}

fn trends(answer: &Answer) -> Vec<Vec<String>> {
    let row = |from: String, name: &str, spread: &Spread| {
        let figures = [spread.known.to_string(), spread.unknown.to_string(), spread.sum.to_string()];
        let quantiles = [spread.median, spread.p90].map(maybe);
        [from, name.to_owned()].into_iter().chain(figures).chain(quantiles).collect()
    };
    let mut rows = Vec::new();
    for trend in &answer.trends {
        let name = trend.measure.name();
        rows.push(row("all".to_owned(), name, &trend.all));
        let dated = answer.days.iter().zip(&trend.days);
        rows.extend(dated.map(|(day, spread)| row(day.day.date().to_string(), name, spread)));
    }
    rows
}

fn group(group: &Group) -> Vec<String> {
    // A spreadsheet computes what begins so; a name is a name (OWASP, "CSV Injection").
    let is_formula = group.name.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let name = if is_formula { format!("'{}", group.name) } else { group.name.clone() };
    named(name, &group.sum)
}

fn named(name: String, sum: &Summary) -> Vec<String> {
    let counts = [sum.done.of, sum.done.count, sum.goals_done.of, sum.goals_done.count, sum.retried.count];
    let figures = [
        sum.llm_seconds,
        sum.tools_seconds,
        sum.overhead_seconds,
        sum.waiting_seconds,
        sum.iterations,
        sum.tokens,
        sum.lines,
    ];
    let money =
        [sum.known_cost_usd.to_string(), sum.unknown_costs.to_string(), maybe(sum.cost_per_done_goal)];
    let counts = counts.map(|count| count.to_string());
    std::iter::once(name).chain(counts).chain(money).chain(figures.map(|figure| figure.to_string())).collect()
}

fn maybe(figure: Option<f64>) -> String {
    figure.map_or_else(String::new, |figure| figure.to_string())
}
