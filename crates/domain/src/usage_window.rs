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

/// The windows that were reported as spent since `before`, and have not begun anew since: each parks its account. One report
/// parks it once, for a person may free it.
pub fn newly_spent<'w>(
    before: &UsageWindows,
    known: &'w UsageWindows,
    now: Timestamp,
) -> Vec<(&'w String, &'w UsageWindow)> {
    let was_known =
        |agent: &String, window: &UsageWindow| before.get(agent).is_some_and(|known| known.contains(window));
    let all = known.iter().flat_map(|(agent, windows)| windows.iter().map(move |window| (agent, window)));
    let spent = all.filter(|(_, window)| window.state == WindowState::Spent && window.resets_at > now);
    spent.filter(|(agent, window)| !was_known(agent, window)).collect()
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

    /// The percent that is used, where that was told.
    pub fn used_percent(&self) -> Option<u64> {
        self.used.map(|used| (used.clamp(0.0, 1.0) * 100.0).round() as u64)
    }
}
