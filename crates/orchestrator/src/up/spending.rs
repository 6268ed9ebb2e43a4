//! What was spent, for the planner: the ledger's sums, and what runs at work say of themselves.

use std::collections::BTreeMap;

use herder_config::UserConfig;
use herder_domain::event::Event;
use herder_domain::purse::{Purse, Spent, Today};
use herder_domain::run::RunId;
use herder_domain::usage_window::{UsageWindows, newly_spent};
use herder_record::{RunDir, StateDir};
use herder_store::{LedgerFilter, Settings, Store, StoreError};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::UpError;
use super::daemon::Daemon;

/// How often runs at work are asked what they have spent, where that is bounded.
const ASK: SignedDuration = SignedDuration::from_secs(5);

/// Puts into what the planner looks at what may be spent, and what was. Where nothing is bounded nothing is looked up.
///
/// # Errors
/// The database.
pub fn heed_purse(
    planning: &mut Settings,
    (store, state): (&Store, &StateDir),
    config: &UserConfig,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (windows, reserve) = (usage_windows(store, state)?, config.reserve());
    planning.purse = Purse { allowances: config.allowances(), windows, reserve, ..Purse::default() };
    if planning.purse.allowances.is_empty() {
        return Ok(());
    }
    // A zone that cannot be read was refused with the configuration.
    let (today, began) = day(now, &config.time_zone().unwrap_or(TimeZone::UTC));
    planning.purse.ended = store.spent(began)?;
    planning.purse.today = today;
    planning.purse.live = live(store, state)?;
    Ok(())
}

/// What agents reported of their accounts: what runs at work were told last, over what was known before.
fn usage_windows(store: &Store, state: &StateDir) -> Result<UsageWindows, StoreError> {
    // What cannot be read was not reported.
    let mut windows = state.windows().unwrap_or_default();
    for run in store.active_runs()? {
        let Some(agent) = run.agent else { continue };
        let status = RunDir::of(state, run.id).status().ok().flatten();
        for window in status.into_iter().flat_map(|status| status.windows) {
            window.note(windows.entry(agent.clone()).or_default());
        }
    }
    Ok(windows)
}

/// The day that it is, and when it began.
fn day(now: Timestamp, zone: &TimeZone) -> (Today, Timestamp) {
    let today = now.to_zoned(zone.clone());
    let begins = |day: jiff::civil::Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
    let ends = today.date().tomorrow().ok().and_then(begins);
    (Today { name: today.date().to_string(), ends }, begins(today.date()).unwrap_or(now))
}

/// What runs have spent that have no row in the ledger yet. Of one that has said nothing, nothing is known to be spent.
fn live(store: &Store, state: &StateDir) -> Result<BTreeMap<RunId, Spent>, StoreError> {
    let mut live = BTreeMap::new();
    for run in store.active_runs()?.into_iter().filter(|run| run.by.is_none()) {
        let filter = LedgerFilter { goal: Some(run.goal.clone()), ..LedgerFilter::default() };
        if store.ledger_rows(&filter)?.iter().any(|row| row.run == run.id) {
            continue;
        }
        let dir = RunDir::of(state, run.id.clone());
        let status = dir.status().ok().flatten();
        let spent = status.map_or_else(Spent::default, |status| {
            let spend = status.spend;
            let spent = Spent::of(spend.cost, spend.tokens.total(), std::time::Duration::ZERO);
            let known = || dir.known_usd().unwrap_or_default();
            Spent { usd: spend.cost.known().unwrap_or_else(known), ..spent }
        });
        live.insert(run.id, spent);
    }
    Ok(live)
}

impl Daemon {
    /// Takes up what was reported of usage windows where that is news: one that is spent parks its account, and all of it is
    /// written down for the time after the runs that were told.
    pub(super) fn heed_windows(&mut self, now: Timestamp) -> Result<(), UpError> {
        let known = self.planning.purse.windows.clone();
        let state = &self.context.state;
        let before = self.windows.take().unwrap_or_else(|| state.windows().unwrap_or_default());
        if before != known {
            for (agent, window) in newly_spent(&before, &known, now) {
                let (agent, until) = (agent.clone(), Some(window.resets_at));
                let why = format!("its usage window {} is spent", window.name);
                self.append(&Event::AccountParked { agent, until, why })?;
            }
            // What cannot be written is reported again by the next run that is told of it.
            let _ = self.context.state.write_windows(&known, &self.context.redactor);
        }
        self.windows = Some(known);
        Ok(())
    }

    /// When runs at work are to be asked again what they have spent.
    pub(super) fn next_reckoning(&self) -> Option<Timestamp> {
        let is_asked = !self.planning.purse.live.is_empty();
        is_asked.then(|| Timestamp::now().checked_add(ASK).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_the_clocks_that_it_goes_by_also_when_they_are_changed() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let (today, began) = day("2027-03-28T12:00:00Z".parse().unwrap(), &zone);
        assert_eq!((today.name.as_str(), began.to_string().as_str()), ("2027-03-28", "2027-03-27T23:00:00Z"));
        assert_eq!(today.ends.map(|at| at.to_string()).as_deref(), Some("2027-03-28T22:00:00Z"));
    }
}
