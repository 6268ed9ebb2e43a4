//! Going in another way than at once: when all that is at work has landed, or now and without the ralphs.
//!
//! The request is a row that names this very process, so that it outlives neither a crash of this one nor
//! reaches the next one; the wake-up that comes with it means nothing.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use herder_domain::capacity::{Admission, Farewell};
use herder_domain::effect::Effect;
use herder_domain::plan::is_at_work;
use jiff::Timestamp;

use super::daemon::{Course, Daemon};
use super::inbox::Message;
use super::shutdown::withdraw_unbegun;
use super::{UpEnd, UpError};
use crate::told::Told;

/// How long leaving may take: what is being done just now is finished, so that the next one need not do it
/// again.
const LIMIT: Duration = Duration::from_secs(40);

/// Does what this orchestrator was asked, if it was; gives how it ended where that ends it.
pub(super) fn heed(daemon: &mut Daemon) -> Result<Option<UpEnd>, UpError> {
    match daemon.store.farewell(&daemon.own)? {
        None => Ok(None),
        Some(Farewell::Keep) => leave(daemon).map(Some),
        Some(Farewell::Drain) => {
            drain(daemon)?;
            Ok(None)
        }
    }
}

/// From now on nothing new starts; what has been admitted and not begun goes back into the queue.
fn drain(daemon: &mut Daemon) -> Result<(), UpError> {
    if daemon.course == Course::Working {
        daemon.say(&Told::note(Timestamp::now(), "draining: nothing new starts, what runs is seen home"));
        daemon.course = Course::Draining;
        daemon.planning.capacity.admission = Admission::Draining;
    }
    withdraw_unbegun(daemon)
}

/// Whether a draining orchestrator may go.
pub(super) fn is_drained(daemon: &Daemon) -> Result<bool, UpError> {
    if daemon.course != Course::Draining || !daemon.under_way.is_empty() {
        return Ok(false);
    }
    Ok(!is_at_work(&daemon.store.world(&daemon.planning)?))
}

/// Begins nothing more, sees what is under way to its end, and leaves the ralphs to the next orchestrator. A
/// landing is cut off; the next one finds out what became of it.
fn leave(daemon: &mut Daemon) -> Result<UpEnd, UpError> {
    daemon.say(&Told::note(Timestamp::now(), "leaving: ralphs stay at work for the next `herder up`"));
    let deadline = Instant::now() + LIMIT;
    while daemon.under_way.values().any(|effect| !matches!(effect, Effect::Land { .. })) {
        match daemon.inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Message::Told) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            Ok(message) => daemon.take(message)?,
        }
    }
    Ok(UpEnd::Left)
}
