//! Usage windows of accounts: one that is spent parks its account, and the end of one is kept for what matters more.

use jiff::Timestamp;

use super::wait::Wait;
use crate::goal::Goal;
use crate::usage_window::{UsageWindow, WindowState};
use crate::world::World;

/// Why an account's windows let nothing more of it begin.
pub(super) fn spent(world: &World, agent: &str, now: Timestamp) -> Option<(Option<Timestamp>, String)> {
    let spent = of(world, agent, now).filter(|window| window.state == WindowState::Spent);
    let last = spent.max_by_key(|window| window.resets_at)?;
    Some((Some(last.resets_at), format!("its usage window {} is spent", last.name)))
}

/// Why an account's windows do not let this goal begin: what is left is kept for goals with a priority.
pub(super) fn reserved(world: &World, goal: &Goal, agent: &str, now: Timestamp) -> Option<Wait> {
    let reserve = world.purse.reserve;
    if goal.priority() > 0 || reserve.get() == 0 {
        return None;
    }
    let is_kept = |window: &&UsageWindow| {
        let used = window.used_percent().filter(|_| window.state == WindowState::Open);
        used.is_some_and(|used| used + u64::from(reserve.get()) >= 100)
    };
    let last = of(world, agent, now).filter(is_kept).max_by_key(|window| window.resets_at)?;
    Some(Wait::WindowReserved {
        agent: agent.to_owned(),
        window: last.name.clone(),
        used: last.used_percent().unwrap_or(100),
        reserve: reserve.get(),
        until: last.resets_at,
    })
}

fn of<'w>(world: &'w World, agent: &str, now: Timestamp) -> impl Iterator<Item = &'w UsageWindow> {
    let known = world.purse.windows.get(agent).map_or(&[][..], Vec::as_slice);
    known.iter().filter(move |window| window.holds(now))
}
