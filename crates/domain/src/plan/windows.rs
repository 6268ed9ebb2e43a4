//! Usage windows of accounts: the end of one is kept for what matters more. One that is spent has parked its account.

use jiff::Timestamp;

use super::wait::Wait;
use crate::goal::Goal;
use crate::usage_window::{UsageWindow, WindowState};
use crate::world::World;

/// Why an account's windows do not let this goal begin: what is left is kept for goals with a priority.
pub(super) fn reserved(world: &World, goal: &Goal, agent: &str, now: Timestamp) -> Option<Wait> {
    let reserve = world.purse.reserve.get();
    if goal.priority() > 0 || reserve == 0 {
        return None;
    }
    let used = |window: &UsageWindow| {
        let is_open = window.state == WindowState::Open && window.resets_at > now;
        window.used_percent().filter(|used| is_open && used + u64::from(reserve) >= 100)
    };
    let known = world.purse.windows.get(agent)?.iter();
    let kept = known.filter_map(|window| Some((window, used(window)?)));
    let (last, used) = kept.max_by_key(|(window, _)| window.resets_at)?;
    let (agent, window) = (agent.to_owned(), last.name.clone());
    Some(Wait::WindowReserved { agent, window, used, reserve, until: last.resets_at })
}
