//! The purse: what goals, stories, repositories and a day may spend, and what they have spent.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::duration::Span;
use crate::ledger::Cost;
use crate::repo::{GoalRef, RepoId};
use crate::run::RunId;
use crate::usage_window::{Percent, UsageWindows};

/// What may be spent, and what was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purse {
    /// What may be spent.
    pub allowances: Allowances,
    /// The day that it is.
    pub today: Today,
    /// What runs have spent that ended.
    pub ended: Ended,
    /// What runs have spent that did not end, by what they say themselves; their time is not in it.
    pub live: BTreeMap<RunId, Spent>,
    /// What accounts may still spend, as their agents reported it.
    pub windows: UsageWindows,
    /// What is kept of each of these for goals with a priority.
    pub reserve: Percent,
}

/// What may be spent, and what follows where nobody knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowances {
    /// By each goal, over all its runs.
    pub goal: Allowance,
    /// By each story, over all runs of its goals.
    pub story: Allowance,
    /// By each repository in a day.
    pub repo: Allowance,
    /// By all repositories together in a day.
    pub day: Allowance,
    /// What follows from a cost that nobody knows.
    pub unknown_cost: UnknownCost,
}

/// An amount of each kind, where there is a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// US dollars.
    pub usd: Option<f64>,
    /// Tokens of all kinds.
    pub tokens: Option<u64>,
    /// Time from order to end, summed over runs.
    pub time: Option<Duration>,
}

/// What follows from a cost that nobody knows, where dollars are bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownCost {
    /// What is known counts, and work goes on.
    #[default]
    Allow,
    /// Nothing begins that the budget is for, until a person acts.
    Hold,
}

/// A day by the clocks that days go by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Today {
    /// Its date.
    pub name: String,
    /// When the next one begins; unknown where no budget is for a day.
    pub ends: Option<Timestamp>,
}

/// What runs have spent that ended: goals and stories ever, repositories and the day today.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ended {
    /// By goal.
    pub goals: BTreeMap<GoalRef, Spent>,
    /// By story.
    pub stories: BTreeMap<GoalRef, Spent>,
    /// By repository.
    pub repos: BTreeMap<RepoId, Spent>,
    /// By all.
    pub day: Spent,
}

/// What some runs have spent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// US dollars that are known.
    pub usd: f64,
    /// How many runs have a cost that nobody knows.
    pub unknown: u64,
    /// Tokens of all kinds.
    pub tokens: u64,
    /// Time from order to end.
    pub time: Duration,
}

/// What a budget is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Spender {
    /// A goal.
    Goal {
        /// It.
        goal: GoalRef,
    },
    /// A story.
    Story {
        /// It.
        story: GoalRef,
    },
    /// A repository, today.
    Repo {
        /// It.
        repo: RepoId,
    },
    /// All repositories, today.
    Day,
}

/// So much of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// Millionths of a US dollar.
    UsdMicros(u64),
    /// Tokens.
    Tokens(u64),
    /// Seconds.
    Seconds(u64),
}

/// A budget that lets nothing begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    /// What the budget is for.
    pub spender: Spender,
    /// What was spent.
    pub spent: Amount,
    /// What may be spent.
    pub limit: Amount,
    /// How many runs have a cost that nobody knows, where that is why.
    #[serde(default)]
    pub unknown: u64,
    /// When the budget is fresh; where absent, it is when a person raises it.
    pub until: Option<Timestamp>,
}

impl Allowance {
    /// The bounds, each with the amount of what was spent that it is for.
    pub(crate) fn bounds(&self, spent: &Spent) -> Vec<(Amount, Amount)> {
        let micros = |usd: f64| Amount::UsdMicros((usd * 1e6).round() as u64);
        let usd = self.usd.map(|limit| (micros(spent.usd), micros(limit)));
        let tokens = self.tokens.map(|limit| (Amount::Tokens(spent.tokens), Amount::Tokens(limit)));
        let time =
            self.time.map(|limit| (Amount::Seconds(spent.time.as_secs()), Amount::Seconds(limit.as_secs())));
        [usd, tokens, time].into_iter().flatten().collect()
    }

    /// Whether nothing is bounded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Allowances {
    /// Whether nothing is bounded.
    pub fn is_empty(&self) -> bool {
        [self.goal, self.story, self.repo, self.day].iter().all(Allowance::is_empty)
    }

    pub(crate) fn of(&self, spender: &Spender) -> &Allowance {
        match spender {
            Spender::Goal { .. } => &self.goal,
            Spender::Story { .. } => &self.story,
            Spender::Repo { .. } => &self.repo,
            Spender::Day => &self.day,
        }
    }
}

impl Spent {
    /// What a run has spent.
    pub fn of(cost: Cost, tokens: u64, time: Duration) -> Self {
        let unknown = u64::from(cost.known().is_none());
        Self { usd: cost.known().unwrap_or_default(), unknown, tokens, time }
    }
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.usd += other.usd;
        self.unknown = self.unknown.saturating_add(other.unknown);
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.time = self.time.saturating_add(other.time);
    }
}

impl Amount {
    /// Whether it is at least so many hundredths of another of its kind.
    pub(crate) fn is_share_of(self, limit: Self, percent: u128) -> bool {
        u128::from(self.count()) * 100 >= u128::from(limit.count()) * percent
    }

    fn count(self) -> u64 {
        match self {
            Self::UsdMicros(count) | Self::Tokens(count) | Self::Seconds(count) => count,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsdMicros(micros) => write!(f, "${:.2}", *micros as f64 / 1e6),
            Self::Tokens(count) => write!(f, "{count} tokens"),
            Self::Seconds(seconds) => Span(Duration::from_secs(*seconds)).fmt(f),
        }
    }
}

impl Spender {
    /// The table of the configuration that bounds it.
    pub fn table(&self) -> &'static str {
        match self {
            Self::Goal { .. } => "budgets.goal",
            Self::Story { .. } => "budgets.story",
            Self::Repo { .. } => "budgets.repo",
            Self::Day => "budgets.day",
        }
    }
}

impl fmt::Display for Spender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goal { goal } => write!(f, "the goal {goal}"),
            Self::Story { story } => write!(f, "the story {story}"),
            Self::Repo { repo } => write!(f, "{repo} today"),
            Self::Day => f.write_str("today"),
        }
    }
}

impl Excess {
    /// The key of the configuration that would change it.
    pub fn key(&self) -> String {
        let kind = match self.limit {
            Amount::UsdMicros(_) => "usd",
            Amount::Tokens(_) => "tokens",
            Amount::Seconds(_) => "time",
        };
        format!("{}.{kind}", self.spender.table())
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spender, spent, limit, unknown, until } = self;
        match unknown {
            0 => write!(f, "the budget for {spender} is spent: {spent} of {limit}")?,
            1 => write!(
                f,
                "nobody knows what a run cost, and the budget for {spender} is {limit} (known: {spent})"
            )?,
            unknown => write!(
                f,
                "nobody knows what {unknown} runs cost, and the budget for {spender} is {limit} (known: {spent})"
            )?,
        }
        until.map_or(Ok(()), |until| write!(f, "; the next day begins at {until:.0}"))
    }
}
