//! What is told because of the time alone: a digest once a day, and a spot-check at which nobody looks.
//!
//! Each is ordered as any other message, with a key of its time: so it is ordered once, whichever process does it.

use std::collections::BTreeSet;

use herder_domain::effect::Effect;
use herder_domain::escalation::{Escalation, escalation};
use herder_domain::goal::Goal;
use jiff::{SignedDuration, Timestamp};

use super::UpError;
use super::daemon::Daemon;
use crate::digest::digest;

/// So late a digest is still told: a machine may have slept at its time.
const LATE: SignedDuration = SignedDuration::from_hours(6);

/// Of so long a digest tells.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What was ordered by this process: a look at the outbox spared.
#[derive(Debug, Default)]
pub(super) struct Reminding {
    digested: Option<Timestamp>,
    escalated: BTreeSet<String>,
    due: Option<Timestamp>,
}

impl Reminding {
    /// When time alone will have something told.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }
}

/// Orders what is due to be told.
pub(super) fn remind(daemon: &mut Daemon, now: Timestamp) -> Result<(), UpError> {
    if daemon.sees_one_through() {
        return Ok(());
    }
    let due = [tell_digest(daemon, now)?, escalate(daemon, now)?];
    daemon.reminding.due = due.into_iter().flatten().min();
    Ok(())
}

/// Orders the digest of today; gives when the next one is due.
fn tell_digest(daemon: &mut Daemon, now: Timestamp) -> Result<Option<Timestamp>, UpError> {
    let daily = daemon.context.settings.digest.as_ref();
    let Some((last, next)) = daily.and_then(|daily| daily.around(now)) else { return Ok(None) };
    if daemon.reminding.digested == Some(last) || now.duration_since(last) > LATE {
        return Ok(Some(next));
    }
    let world = daemon.store.world(&daemon.planning)?;
    let since = last.checked_sub(DAY).unwrap_or(Timestamp::MIN);
    if let Some(effect) = digest(&daemon.store, &world, since, now)?.notice(last) {
        daemon.store.order(&effect, now)?;
    }
    daemon.reminding.digested = Some(last);
    Ok(Some(next))
}

/// Orders that a person is told again of what waits for a look; gives when the next one will have waited for too long.
fn escalate(daemon: &mut Daemon, now: Timestamp) -> Result<Option<Timestamp>, UpError> {
    let Some(after) = daemon.context.settings.escalate else { return Ok(None) };
    let mut due = None;
    for goal in daemon.store.waiting_for_look()? {
        let Some(since) = waits_since(daemon, &goal)? else { continue };
        match escalation(&goal, since, after, now) {
            Escalation::Nothing => {}
            Escalation::At(at) => due = Some(due.map_or(at, |first: Timestamp| first.min(at))),
            Escalation::Now(effect) => order_once(daemon, &effect, now)?,
        }
    }
    Ok(due)
}

fn order_once(daemon: &mut Daemon, effect: &Effect, now: Timestamp) -> Result<(), UpError> {
    if daemon.reminding.escalated.insert(effect.key()) {
        daemon.store.order(effect, now)?;
    }
    Ok(())
}

/// Since when a goal stands where it does.
fn waits_since(daemon: &Daemon, goal: &Goal) -> Result<Option<Timestamp>, UpError> {
    let transitions = daemon.store.transitions(&goal.id)?;
    Ok(transitions.last().filter(|last| last.to == goal.state.word()).map(|last| last.at))
}
