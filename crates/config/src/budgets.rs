//! What goals, stories, repositories and a day may spend.

use std::num::NonZeroU64;

use herder_domain::duration::Span;
use herder_domain::purse::{Allowance, Allowances, UnknownCost};
use herder_domain::setup::TokenCount;
use herder_domain::usage_window::Percent;
use serde::Deserialize;

use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::values::dollars;

/// The table of all budgets that are not of one run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct BudgetsText {
    pub goal: AllowanceText,
    pub story: AllowanceText,
    pub repo: AllowanceText,
    pub day: AllowanceText,
    pub unknown_cost: Option<UnknownCost>,
    pub reserve: Option<u8>,
}

/// Percent of a usage window that are kept where nobody says another number.
const RESERVE: u8 = 5;

/// What one of them may spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct AllowanceText {
    pub usd: Option<f64>,
    pub tokens: Option<NonZeroU64>,
    pub time: Option<Span>,
}

impl AllowanceText {
    fn allowance(self) -> Allowance {
        let tokens = self.tokens.map(NonZeroU64::get);
        Allowance { usd: self.usd, tokens, time: self.time.map(|span| span.0) }
    }
}

impl UserConfig {
    /// How many build tokens all jobs share.
    pub fn build_tokens(&self) -> TokenCount {
        self.raw.build_tokens.unwrap_or_default()
    }

    /// What goals, stories, repositories and a day may spend.
    pub fn allowances(&self) -> Allowances {
        let said = &self.raw.budgets;
        Allowances {
            goal: said.goal.allowance(),
            story: said.story.allowance(),
            repo: said.repo.allowance(),
            day: said.day.allowance(),
            unknown_cost: said.unknown_cost.unwrap_or_default(),
        }
    }

    /// What is kept of each usage window of an account for goals with a priority.
    pub fn reserve(&self) -> Percent {
        Percent::new(self.raw.budgets.reserve.unwrap_or(RESERVE))
    }

    pub(crate) fn refuse_bad_budgets(&self) -> Result<(), ConfigError> {
        let said = &self.raw.budgets;
        if let Some(much) = said.reserve.filter(|much| *much > 100) {
            return Err(self
                .lines
                .bad_value(&["budgets", "reserve"], format!("{much} is more than 100 percent")));
        }
        let all = [("goal", said.goal), ("story", said.story), ("repo", said.repo), ("day", said.day)];
        all.into_iter().try_for_each(|(of, said)| dollars(&self.lines, &["budgets", of, "usd"], said.usd))
    }
}
