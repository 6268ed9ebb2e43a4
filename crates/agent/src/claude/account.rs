//! What one process of Claude Code has spent.
//!
//! Its own figures disagree by design, so the rules are these. Tokens: `model_usage_since_last_result` of
//! each `result` event, which has every model at work, subagents and helpers included; `usage` covers the
//! main conversation only and lacks the request that broke a budget. Cost: `total_cost_usd` of the last
//! `result`, which is cumulative over all turns of a process. The `usage` of `assistant` events repeats for
//! every block of a message and holds the first count of output tokens, so it only serves as a lower bound
//! for a turn that was cut off, and the cost of such a turn is unknown.

use herder_domain::ledger::{Cost, CostSource, Tokens};
use serde_json::{Map, Value};

use crate::prices;

/// How many messages are told apart at once; blocks of one message come close together.
const RECENT: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Account {
    /// Of all turns that ended.
    settled: Tokens,
    /// The price of turns that came without a cost.
    estimated: Cost,
    /// The last cumulative cost.
    reported: Option<f64>,
    is_estimated: bool,
    /// Whether requests may have been made that no result has accounted for.
    is_open: bool,
    /// Messages since the last result that are no longer among the recent ones.
    passed: Tokens,
    recent: Vec<(String, Tokens)>,
    pub(super) messages: u64,
}

impl Account {
    /// A turn began: requests are made from now on.
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    /// A message of the model, or one more block of it; gives what its request came to, as far as known.
    pub(super) fn message(&mut self, id: &str, usage: Option<&Value>) -> Tokens {
        let tokens = usage.and_then(Value::as_object).map(main_usage).unwrap_or_default();
        if let Some((_, known)) = self.recent.iter_mut().find(|(known, _)| known == id) {
            *known = tokens;
            return tokens;
        }
        self.messages += 1;
        self.is_open = true;
        if self.recent.len() == RECENT {
            let (_, oldest) = self.recent.remove(0);
            self.passed += oldest;
        }
        self.recent.push((id.to_owned(), tokens));
        tokens
    }

    /// The account of a turn.
    pub(super) fn result(&mut self, result: &Value, model: &str) {
        let (tokens, estimate) = turn(result, model, &self.settled);
        self.settled += tokens;
        match result.get("total_cost_usd").and_then(Value::as_f64) {
            Some(usd) => self.reported = Some(self.reported.unwrap_or(0.0).max(usd)),
            None if tokens.total() > 0 => {
                self.is_estimated = true;
                self.estimated = self.estimated + estimate;
            }
            None => {}
        }
        self.is_open = false;
        self.passed = Tokens::default();
        self.recent.clear();
    }

    /// Tokens until now; a lower bound while a turn is under way or was cut off.
    pub(super) fn tokens(&self) -> Tokens {
        let mut tokens = self.settled;
        tokens += self.passed;
        for (_, message) in &self.recent {
            tokens += *message;
        }
        tokens
    }

    /// Money until now, and who says so.
    pub(super) fn cost(&self) -> (Cost, CostSource) {
        let cost = Cost::usd(self.reported.unwrap_or(0.0)) + self.estimated;
        match (self.is_open, cost.known()) {
            (true, _) | (false, None) => (Cost::UNKNOWN, CostSource::Unknown),
            (false, Some(_)) if self.is_estimated => (cost, CostSource::Prices),
            (false, Some(_)) => (cost, CostSource::Agent),
        }
    }
}

/// The tokens of one turn, and what they would cost by the table.
fn turn(result: &Value, model: &str, settled: &Tokens) -> (Tokens, Cost) {
    let models = |field: &str| result.get(field).and_then(Value::as_object).filter(|map| !map.is_empty());
    if let Some(since_last) = models("model_usage_since_last_result") {
        return sum(since_last);
    }
    if let Some(cumulative) = models("modelUsage") {
        let (all, _) = sum(cumulative);
        let tokens = Tokens {
            input: all.input.saturating_sub(settled.input),
            output: all.output.saturating_sub(settled.output),
            cache_read: all.cache_read.saturating_sub(settled.cache_read),
            cache_create: all.cache_create.saturating_sub(settled.cache_create),
        };
        return (tokens, prices::cost(model, &tokens));
    }
    let tokens = result.get("usage").and_then(Value::as_object).map(main_usage).unwrap_or_default();
    (tokens, prices::cost(model, &tokens))
}

fn sum(models: &Map<String, Value>) -> (Tokens, Cost) {
    let mut tokens = Tokens::default();
    let mut cost = Cost::ZERO;
    for (model, usage) in models {
        let count = |field| count(usage.get(field));
        let part = Tokens {
            input: count("inputTokens"),
            output: count("outputTokens"),
            cache_read: count("cacheReadInputTokens"),
            cache_create: count("cacheCreationInputTokens"),
        };
        tokens += part;
        cost = cost + prices::cost(model, &part);
    }
    (tokens, cost)
}

fn main_usage(usage: &Map<String, Value>) -> Tokens {
    let count = |field| count(usage.get(field));
    Tokens {
        input: count("input_tokens"),
        output: count("output_tokens"),
        cache_read: count("cache_read_input_tokens"),
        cache_create: count("cache_creation_input_tokens"),
    }
}

/// A count as it may be believed: what is no number is nothing, and no count comes near overflowing a sum.
fn count(value: Option<&Value>) -> u64 {
    value.and_then(Value::as_u64).unwrap_or(0).min(1 << 40)
}
