//! Clearing away once a day, while nothing is at work.
//!
//! It is no effect: it belongs to no goal, nothing in the record follows from it, and it looks at what there is
//! each time. So there is nothing to order, and nothing to repeat after a crash but the looking.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;

use herder_domain::cause::with_causes;
use herder_domain::run::Run;
use jiff::{SignedDuration, Timestamp};

use super::UpError;
use super::daemon::Daemon;
use super::inbox::Message;
use crate::context::Context;
use crate::gc::{self, Gc, GcError};

/// How often.
const EVERY: SignedDuration = SignedDuration::from_hours(24);

/// The wait after a clearing that failed, or found another process at it.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// When the next clearing is due.
pub(super) struct Upkeep {
    due: Timestamp,
}

impl Daemon {
    /// Clears away what is old once a day, while nothing is at work; gives when the time will have come.
    pub(super) fn tidy_up(&mut self) -> Result<Option<Timestamp>, UpError> {
        let is_idle = self.under_way.is_empty() && self.only_for.is_none();
        if !is_idle || self.store.active_runs()?.iter().any(Run::takes_slot) {
            return Ok(None);
        }
        self.upkeep.begin(&self.context, Timestamp::now(), &self.sender)?;
        Ok(Some(self.upkeep.due()))
    }
}

impl Upkeep {
    /// As the last one says, whoever did it; a state directory that is new has a day.
    pub(super) fn of(context: &Context, now: Timestamp) -> Self {
        let last = gc::last(&context.state).unwrap_or(now);
        Self { due: last.checked_add(EVERY).unwrap_or(Timestamp::MAX) }
    }

    /// When.
    pub(super) fn due(&self) -> Timestamp {
        self.due
    }

    /// Clears away in a thread of its own, if the time has come.
    pub(super) fn begin(
        &mut self,
        context: &Context,
        now: Timestamp,
        tell: &Sender<Message>,
    ) -> io::Result<()> {
        if now < self.due {
            return Ok(());
        }
        self.due = now.checked_add(AGAIN).unwrap_or(Timestamp::MAX);
        let Ok(retention) = context.config.retention() else { return Ok(()) };
        let order = Gc {
            state: context.state.clone(),
            root: context.root().to_owned(),
            retention,
            clones: Vec::new(),
            now,
        };
        let tell = tell.clone();
        thread::Builder::new().name("gc".into()).spawn(move || {
            // Nobody listens any more where the daemon has ended.
            let _ = tell.send(Message::Tidied(said(gc::clear(&order))));
        })?;
        Ok(())
    }

    /// It was done, or it could not be.
    pub(super) fn ended(&mut self, context: &Context) {
        if let Some(last) = gc::last(&context.state).and_then(|last| last.checked_add(EVERY).ok()) {
            self.due = self.due.max(last);
        }
    }
}

/// What is worth a line of it.
fn said(cleared: Result<gc::Cleared, GcError>) -> Option<String> {
    match cleared {
        Ok(cleared) if cleared.gone.is_empty() && cleared.failed.is_empty() => None,
        Ok(cleared) => {
            let freed = cleared.freed();
            let failed = cleared.failed.len();
            let rest = if failed == 0 { String::new() } else { format!(", {failed} could not be") };
            Some(format!("cleared away {} old things, {} MiB{rest}", cleared.gone.len(), freed >> 20))
        }
        Err(GcError::Busy) => None,
        Err(error) => Some(format!("failed to {}", with_causes(&error))),
    }
}
