//! Sums over rows.

use std::collections::BTreeMap;

use herder_domain::ledger::{Cost, Tokens};
use serde::{Deserialize, Serialize};

use super::row::{StatsRow, TimeSeconds};

/// The fields of a row that are summed. Reading only these is several times faster.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Figures {
    #[serde(rename = "started_at")]
    _started_at: serde::de::IgnoredAny,
    exit_reason: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    repo: Option<String>,
    #[serde(default)]
    iterations: u64,
    #[serde(default)]
    tokens: Option<Tokens>,
    #[serde(default = "unknown")]
    cost_usd: Cost,
    #[serde(default)]
    time_seconds: TimeSeconds,
    #[serde(default)]
    waiting_seconds: Option<f64>,
    #[serde(default)]
    lines_added: Option<u64>,
    #[serde(default)]
    lines_deleted: Option<u64>,
    #[serde(default)]
    gate_flakes: Option<u32>,
    #[serde(default)]
    flaky: Option<Vec<String>>,
}

fn unknown() -> Cost {
    Cost::UNKNOWN
}

impl Figures {
    /// The repository of the row's run, where it says one.
    pub fn repo(&self) -> Option<&str> {
        self.repo.as_deref()
    }
}

impl From<&StatsRow> for Figures {
    fn from(row: &StatsRow) -> Self {
        Self {
            _started_at: serde::de::IgnoredAny,
            exit_reason: row.exit_reason.clone(),
            model: row.model.clone(),
            repo: row.repo.clone(),
            iterations: row.iterations,
            tokens: row.tokens,
            cost_usd: row.cost_usd,
            time_seconds: row.time_seconds,
            waiting_seconds: row.waiting_seconds,
            lines_added: row.lines_added,
            lines_deleted: row.lines_deleted,
            gate_flakes: row.gate_flakes,
            flaky: row.flaky.clone(),
        }
    }
}

/// What some rows come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    /// Rows.
    pub runs: u64,
    /// Rows whose goal was met.
    pub successes: u64,
    /// Iterations.
    pub iterations: u64,
    /// US dollars of the rows whose cost is known.
    pub known_cost_usd: f64,
    /// Rows whose cost nobody knows.
    pub unknown_costs: u64,
    /// Tokens of the rows that tell of them.
    pub tokens: Tokens,
    /// Rows whose tokens nobody knows.
    #[serde(default)]
    pub unknown_tokens: u64,
    /// Working time, in seconds.
    pub time_seconds: TimeSeconds,
    /// Waiting, in seconds, of the rows that tell of it.
    pub waiting_seconds: f64,
    /// Lines added, of the rows that tell of it.
    pub lines_added: u64,
    /// Lines deleted, of the rows that tell of it.
    pub lines_deleted: u64,
    /// Rows that tell nothing of lines.
    pub unknown_lines: u64,
    /// How often gates said now one thing and now another, of the rows that tell of it.
    #[serde(default)]
    pub gate_flakes: u64,
}

impl Sum {
    /// The cost, where every part of it is known.
    pub fn cost(&self) -> Cost {
        if self.unknown_costs > 0 { Cost::UNKNOWN } else { Cost::usd(self.known_cost_usd) }
    }

    /// The tokens, where those of every row are known.
    pub fn known_tokens(&self) -> Option<Tokens> {
        (self.unknown_tokens == 0).then_some(self.tokens)
    }

    fn add(&mut self, row: &Figures) {
        self.runs += 1;
        self.successes += u64::from(row.exit_reason == "done");
        self.iterations += row.iterations;
        match row.cost_usd.known() {
            Some(usd) => self.known_cost_usd += usd,
            None => self.unknown_costs += 1,
        }
        match row.tokens {
            Some(tokens) => self.tokens += tokens,
            None => self.unknown_tokens += 1,
        }
        self.time_seconds.llm += row.time_seconds.llm;
        self.time_seconds.tools += row.time_seconds.tools;
        self.time_seconds.other += row.time_seconds.other;
        self.time_seconds.total += row.time_seconds.total;
        self.waiting_seconds += row.waiting_seconds.unwrap_or(0.0);
        self.lines_added += row.lines_added.unwrap_or(0);
        self.lines_deleted += row.lines_deleted.unwrap_or(0);
        self.unknown_lines += u64::from(row.lines_added.is_none() && row.lines_deleted.is_none());
        self.gate_flakes += u64::from(row.gate_flakes.unwrap_or(0));
    }
}

/// What all rows come to, and each group of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// All rows.
    pub all: Sum,
    /// By repository; the rows of the journal have none and stand under the empty name.
    pub by_repo: BTreeMap<String, Sum>,
    /// By model.
    pub by_model: BTreeMap<String, Sum>,
    /// By `exit_reason`.
    pub by_outcome: BTreeMap<String, Sum>,
    /// What failed one time only when a gate was asked twice, by name: in how many rows.
    #[serde(default)]
    pub flaky: BTreeMap<String, u64>,
}

impl Totals {
    /// Sums rows that are at hand.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r StatsRow>) -> Self {
        let mut totals = Self::default();
        rows.into_iter().for_each(|row| totals.add(&Figures::from(row)));
        totals
    }

    /// Adds one row.
    pub fn add(&mut self, row: &Figures) {
        self.all.add(row);
        group(&mut self.by_repo, row.repo.as_deref().unwrap_or_default()).add(row);
        group(&mut self.by_model, &row.model).add(row);
        group(&mut self.by_outcome, &row.exit_reason).add(row);
        for name in row.flaky.iter().flatten() {
            *self.flaky.entry(name.clone()).or_default() += 1;
        }
    }
}

fn group<'m>(groups: &'m mut BTreeMap<String, Sum>, name: &str) -> &'m mut Sum {
    groups.entry(name.to_owned()).or_default()
}
