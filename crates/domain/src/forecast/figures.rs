//! Many trials in two figures: half of them came to no more than the one, nine of ten to no more than the other.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::past::Basis;
use super::{Estimate, Whole};

/// Half of the trials came to no more than one, nine of ten to no more than the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Half came to no more.
    pub p50: f64,
    /// Nine of ten came to no more.
    pub p90: f64,
}

/// Two moments of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// In half of the trials no later.
    pub p50: Timestamp,
    /// In nine of ten no later.
    pub p90: Timestamp,
}

/// A sum of which parts may be unknown; unknown is never nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    /// What is known of it; absent where nothing is.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub known: Option<Range>,
    /// How many runs nothing is known of.
    pub unknown_runs: Range,
}

/// What one goal came to in one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Played {
    pub usd: Part,
    pub tokens: Part,
    pub seconds: f64,
    /// Seconds from now; infinite where it never came to that.
    pub begins: f64,
    pub ends: f64,
}

/// What is known of a sum, and how many runs are not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub known: f64,
    pub runs: u32,
    pub unknown: u32,
}

impl Part {
    pub(super) fn add(&mut self, figure: Option<f64>) {
        self.known += figure.unwrap_or(0.0);
        self.runs += 1;
        self.unknown += u32::from(figure.is_none());
    }

    fn with(self, other: Self) -> Self {
        Self {
            known: self.known + other.known,
            runs: self.runs + other.runs,
            unknown: self.unknown + other.unknown,
        }
    }
}

impl Default for Played {
    fn default() -> Self {
        let nothing = Part::default();
        Self { usd: nothing, tokens: nothing, seconds: 0.0, begins: f64::INFINITY, ends: f64::INFINITY }
    }
}

impl Played {
    /// Both together.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            usd: self.usd.with(other.usd),
            tokens: self.tokens.with(other.tokens),
            seconds: self.seconds + other.seconds,
            begins: self.begins.min(other.begins),
            ends: self.ends.max(other.ends),
        }
    }
}

/// All trials of a goal, or of all goals together.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    usd: Vec<Part>,
    tokens: Vec<Part>,
    seconds: Vec<f64>,
    begins: Vec<f64>,
    ends: Vec<f64>,
}

impl Tally {
    pub(super) fn take(&mut self, played: &Played) {
        self.usd.push(played.usd);
        self.tokens.push(played.tokens);
        self.seconds.push(played.seconds);
        self.begins.push(played.begins);
        self.ends.push(played.ends);
    }

    pub(super) fn of_one(self, basis: Basis, now: Timestamp) -> Estimate {
        Estimate {
            basis,
            usd: sum(&self.usd),
            tokens: sum(&self.tokens),
            seconds: range(self.seconds),
            begins: when(self.begins, now),
            ends: when(self.ends, now),
        }
    }

    pub(super) fn of_all(self, goals: usize, now: Timestamp) -> Whole {
        Whole {
            goals,
            usd: sum(&self.usd),
            tokens: sum(&self.tokens),
            seconds: range(self.seconds),
            ends: when(self.ends, now),
        }
    }
}

fn sum(parts: &[Part]) -> Sum {
    let is_dark =
        parts.iter().any(|part| part.runs > 0) && parts.iter().all(|part| part.unknown == part.runs);
    let known = (!is_dark).then(|| range(parts.iter().map(|part| part.known).collect()));
    Sum { known, unknown_runs: range(parts.iter().map(|part| f64::from(part.unknown)).collect()) }
}

fn range(mut figures: Vec<f64>) -> Range {
    figures.sort_by(f64::total_cmp);
    Range { p50: quantile(&figures, 50), p90: quantile(&figures, 90) }
}

/// The smallest of the sorted figures that so many of a hundred do not exceed.
pub(super) fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(0.0)
}

/// Seconds from now as moments; none where one of them never comes.
fn when(seconds: Vec<f64>, now: Timestamp) -> Option<When> {
    let Range { p50, p90 } = range(seconds);
    let at = |seconds: f64| now.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?).ok();
    Some(When { p50: at(p50)?, p90: at(p90)? })
}
