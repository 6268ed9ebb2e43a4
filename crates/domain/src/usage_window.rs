//! Usage windows of accounts, as their agents report them: how much of one is used, and when it begins anew.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was reported of a usage window last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageWindow {
    /// What it is called, for example `five_hour`.
    pub name: String,
    /// Whether it lets anything more through.
    pub state: WindowState,
    /// The share that is used, 1.0 is all; absent where it was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<f64>,
    /// When it begins anew.
    pub resets_at: Timestamp,
    /// When that was reported.
    pub seen_at: Timestamp,
}

/// Whether a usage window lets anything more through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowState {
    /// It does.
    Open,
    /// Not before it begins anew.
    Spent,
}

/// The windows of each account, by agent.
pub type UsageWindows = BTreeMap<String, Vec<UsageWindow>>;

/// Percent of a window; never more than all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u8);

impl Percent {
    /// So much; all of it where that is more.
    pub fn new(percent: u8) -> Self {
        Self(percent.min(100))
    }

    /// From 0 to 100.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl UsageWindow {
    /// Puts what was reported in the place of what was known of the same window, unless that is younger.
    pub fn note(self, known: &mut Vec<Self>) {
        match known.iter_mut().find(|window| window.name == self.name) {
            Some(window) if window.seen_at > self.seen_at => {}
            Some(window) => *window = self,
            None => known.push(self),
        }
    }

    /// Whether it is the one that was reported: it has not begun anew.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.resets_at > now
    }

    /// The percent that is used, where it was told; what was spent is used, whatever was told.
    pub fn used_percent(&self) -> Option<u64> {
        match self.state {
            WindowState::Spent => Some(100),
            WindowState::Open => self.used.map(|used| (used.clamp(0.0, 1.0) * 100.0) as u64),
        }
    }
}
