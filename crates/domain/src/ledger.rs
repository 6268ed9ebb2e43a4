//! What was spent: tokens, money, time.

use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Tokens by kind, counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Sent and not cached.
    pub input: u64,
    /// Produced, thinking included.
    pub output: u64,
    /// Sent and read from the provider's cache.
    pub cache_read: u64,
    /// Sent and written to the provider's cache.
    pub cache_create: u64,
}

impl Tokens {
    /// All kinds together.
    pub fn total(&self) -> u64 {
        [self.output, self.cache_read, self.cache_create].into_iter().fold(self.input, u64::saturating_add)
    }
}

/// A sum that no agent's claim can overflow.
impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_create = self.cache_create.saturating_add(other.cache_create);
    }
}

/// Money in US dollars, or the honest absence of a figure.
///
/// A sum with an unknown part is unknown: unknown is never counted as nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cost(Option<f64>);

impl Cost {
    /// Nothing was spent.
    pub const ZERO: Self = Self(Some(0.0));
    /// Something was spent and nobody knows how much.
    pub const UNKNOWN: Self = Self(None);

    /// A known amount in US dollars; an amount that is negative or not finite is unknown.
    pub fn usd(amount: f64) -> Self {
        Self((amount.is_finite() && amount >= 0.0).then_some(amount))
    }

    /// The amount in US dollars, where it is known.
    pub fn known(self) -> Option<f64> {
        self.0
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.0.zip(other.0).map_or(Self::UNKNOWN, |(a, b)| Self::usd(a + b))
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Add::add)
    }
}

/// Where a cost comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostSource {
    /// The agent's own terminal event.
    Agent,
    /// Tokens times a table of prices.
    Prices,
    /// Nobody said.
    #[default]
    Unknown,
}

/// Time by what it was spent on. Written as seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSplit {
    /// The model thinks or writes.
    #[serde(with = "crate::duration::seconds")]
    pub llm: Duration,
    /// Tools run, the gate included.
    #[serde(with = "crate::duration::seconds")]
    pub tools: Duration,
    /// Working time that is neither: start-up, snapshots, bookkeeping.
    #[serde(with = "crate::duration::seconds")]
    pub other: Duration,
    /// Waiting for a usage limit, a token or a thaw; not working time.
    #[serde(with = "crate::duration::seconds")]
    pub waiting: Duration,
}

impl TimeSplit {
    /// Working time: everything but waiting.
    pub fn working(&self) -> Duration {
        self.llm.saturating_add(self.tools).saturating_add(self.other)
    }
}

impl AddAssign for TimeSplit {
    fn add_assign(&mut self, other: Self) {
        self.llm = self.llm.saturating_add(other.llm);
        self.tools = self.tools.saturating_add(other.tools);
        self.other = self.other.saturating_add(other.other);
        self.waiting = self.waiting.saturating_add(other.waiting);
    }
}

/// Everything that an iteration, a run or a goal spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spend {
    /// Tokens, the summarizer's included.
    pub tokens: Tokens,
    /// Money, the summarizer's included.
    pub cost: Cost,
    /// Where the cost comes from.
    pub cost_source: CostSource,
    /// Time.
    pub time: TimeSplit,
    /// Messages that the model wrote.
    pub assistant_messages: u64,
    /// Tools that the model used.
    pub tool_uses: u64,
}

impl Spend {
    /// The tokens, where anybody counted them. An agent that tells neither of tokens nor of money has used some
    /// all the same, and nobody knows how many.
    pub fn known_tokens(&self) -> Option<Tokens> {
        let is_silent = self.tokens.total() == 0 && self.cost.known().is_none();
        (!is_silent).then_some(self.tokens)
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Self) {
        let spent_before = self.tokens.total() > 0 || self.cost != Cost::ZERO;
        self.cost_source = match (spent_before, other.cost == Cost::ZERO && other.tokens.total() == 0) {
            (false, _) => other.cost_source,
            (true, true) => self.cost_source,
            (true, false) if self.cost_source == other.cost_source => self.cost_source,
            (true, false) if (self.cost + other.cost).known().is_some() => CostSource::Prices,
            (true, false) => CostSource::Unknown,
        };
        self.tokens += other.tokens;
        self.cost = self.cost + other.cost;
        self.time += other.time;
        self.assistant_messages = self.assistant_messages.saturating_add(other.assistant_messages);
        self.tool_uses = self.tool_uses.saturating_add(other.tool_uses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_nobody_counted_are_unknown_and_not_none() {
        let free = Spend { cost: Cost::ZERO, ..Spend::default() };
        let silent = Spend { cost: Cost::UNKNOWN, ..free };
        let counted = Tokens { output: 3, ..Tokens::default() };
        assert_eq!((free.known_tokens(), silent.known_tokens()), (Some(Tokens::default()), None));
        assert_eq!(Spend { tokens: counted, ..silent }.known_tokens(), Some(counted));
    }

    #[test]
    fn an_unknown_part_makes_the_sum_unknown() {
        assert_eq!(Cost::usd(1.0) + Cost::UNKNOWN, Cost::UNKNOWN);
        assert_eq!([Cost::usd(1.0), Cost::usd(0.5)].into_iter().sum::<Cost>(), Cost::usd(1.5));
        assert_eq!(Cost::usd(f64::NAN), Cost::UNKNOWN);
        assert_eq!(serde_json::to_string(&Cost::UNKNOWN).unwrap(), "null");
    }

    #[test]
    fn a_sum_of_two_sources_is_no_longer_the_agents_own() {
        let of = |source, cost| Spend { cost, cost_source: source, ..Spend::default() };
        let mut sum = Spend::default();
        sum += of(CostSource::Agent, Cost::usd(1.0));
        assert_eq!(sum.cost_source, CostSource::Agent);
        sum += of(CostSource::Prices, Cost::usd(1.0));
        assert_eq!(sum.cost_source, CostSource::Prices);
        sum += of(CostSource::Unknown, Cost::UNKNOWN);
        assert_eq!((sum.cost_source, sum.cost), (CostSource::Unknown, Cost::UNKNOWN));
    }
}
