//! What a run has spent until now, and what is left.

use std::time::Duration;

use herder_domain::gate::Flake;
use herder_domain::ledger::{Cost, Spend};
use herder_domain::outcome::{FailureCause, Outcome};
use herder_domain::run::Budget;
use herder_executor as executor;

/// The account of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub spend: Spend,
    /// US dollars that were spent for certain: a call whose cost nobody knows must not lift the budget.
    pub usd_at_least: f64,
    /// Iterations that count.
    pub iterations: u32,
    pub gate_runs: u32,
    pub gate_time: Duration,
    /// How often the gate said now one thing and now another.
    pub gate_flakes: u32,
    /// What failed one time only in these.
    pub flaky: Flake,
    pub agent_version: Option<String>,
    pub exit_code: Option<i32>,
    pub peak_memory: Option<u64>,
    pub cpu: Duration,
    pub snapshot: Option<String>,
    /// The hash of the prompt's layout.
    pub prompt_hash: Option<String>,
}

impl Account {
    /// Adds what a call spent.
    pub(crate) fn add(&mut self, spend: Spend) {
        self.spend += spend;
        self.usd_at_least += spend.cost.known().unwrap_or(0.0);
    }

    /// Adds what a job used of the machine.
    pub(crate) fn used(&mut self, measured: Option<&executor::Ending>) {
        if let Some(ending) = measured {
            self.cpu += ending.cpu;
            self.peak_memory = self.peak_memory.max(Some(ending.peak_memory.bytes()));
        }
    }

    /// Adds a gate's time; the gate is a tool.
    pub(crate) fn gated(&mut self, elapsed: Duration) {
        self.gate_runs += 1;
        self.gated_base(elapsed);
    }

    /// Adds the time of a question about the base branch. It is no question about the work.
    pub(crate) fn gated_base(&mut self, elapsed: Duration) {
        self.gate_time += elapsed;
        self.spend.time.tools += elapsed;
    }

    /// Counts a gate that said now one thing and now another.
    pub(crate) fn flaked(&mut self, flake: &Flake) {
        self.gate_flakes += 1;
        self.flaky = Flake::merged([&self.flaky, flake]);
    }

    /// Working time that is left.
    pub(crate) fn working_left(&self, budget: &Budget) -> Duration {
        budget.duration.saturating_sub(self.spend.time.working())
    }

    /// Tokens that are left, where they are bounded.
    pub(crate) fn tokens_left(&self, budget: &Budget) -> Option<u64> {
        budget.tokens.map(|tokens| tokens.saturating_sub(self.spend.tokens.total()))
    }

    /// US dollars that are left at most, where they are bounded.
    pub(crate) fn usd_left(&self, budget: &Budget) -> Option<f64> {
        Some((budget.usd? - self.usd_at_least).max(0.0))
    }

    /// The outcome of a spent budget, if one is.
    pub(crate) fn exhausted(&self, budget: &Budget) -> Option<Outcome> {
        let failed = |cause, detail| Some(Outcome::Failed { cause, detail });
        if let Some(limit) = budget.usd
            && self.usd_at_least >= limit
        {
            let spent = self.usd_at_least;
            return Some(Outcome::BudgetSpent { detail: format!("${spent:.2} of ${limit:.2} are spent") });
        }
        if self.working_left(budget).is_zero() {
            let span = herder_domain::duration::Span(budget.duration);
            return failed(FailureCause::TimedOut, format!("its {span} of working time are spent"));
        }
        if budget.iterations.is_some_and(|limit| self.iterations >= limit) {
            return failed(
                FailureCause::IterationsSpent,
                format!("its {} iterations are spent", self.iterations),
            );
        }
        if self.tokens_left(budget) == Some(0) {
            let spent = self.spend.tokens.total();
            return failed(FailureCause::TokensSpent, format!("{spent} tokens are spent"));
        }
        None
    }
}

/// A line about a spend for a person.
pub(crate) fn in_words(spend: &Spend) -> String {
    let cost = match spend.cost {
        Cost::ZERO => "no cost".to_owned(),
        cost => cost.known().map_or_else(|| "cost unknown".to_owned(), |usd| format!("${usd:.4}")),
    };
    let time = spend.time;
    let tokens = spend.known_tokens().map_or("unknown".to_owned(), |tokens| tokens.total().to_string());
    format!(
        "{cost}, {tokens} tokens, {:.1} s model, {:.1} s tools, {:.1} s waiting",
        time.llm.as_secs_f64(),
        time.tools.as_secs_f64(),
        time.waiting.as_secs_f64(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        Budget {
            duration: Duration::from_secs(60),
            iterations: Some(3),
            tokens: Some(100),
            usd: Some(1.0),
            max_age: None,
        }
    }

    #[test]
    fn each_budget_ends_the_run_in_its_own_words() {
        let mut account = Account::default();
        assert_eq!(account.exhausted(&budget()), None);
        account.iterations = 3;
        assert_eq!(account.exhausted(&budget()).unwrap().word(), "max_iterations");
        account.spend.time.llm = Duration::from_secs(60);
        assert_eq!(account.exhausted(&budget()).unwrap().word(), "timeout");
        account.add(Spend { cost: Cost::usd(1.0), ..Spend::default() });
        assert_eq!(account.exhausted(&budget()).unwrap().word(), "budget");
    }

    #[test]
    fn waiting_is_not_working_and_unknown_cost_is_not_a_spent_budget() {
        let mut account = Account::default();
        account.spend.time.waiting = Duration::from_secs(3600);
        account.add(Spend { cost: Cost::UNKNOWN, ..Spend::default() });
        assert_eq!(account.exhausted(&budget()), None);
        account.spend.tokens.output = 100;
        assert_eq!(account.exhausted(&budget()).unwrap().word(), "max_tokens");
    }

    #[test]
    fn a_call_of_unknown_cost_does_not_lift_the_budget_of_money() {
        let mut account = Account::default();
        account.add(Spend { cost: Cost::usd(0.75), ..Spend::default() });
        account.add(Spend { cost: Cost::UNKNOWN, ..Spend::default() });
        assert_eq!(account.usd_left(&budget()), Some(0.25));
        account.add(Spend { cost: Cost::usd(0.25), ..Spend::default() });
        assert_eq!(account.exhausted(&budget()).unwrap().word(), "budget");
        assert_eq!(account.spend.cost, Cost::UNKNOWN);
    }
}
