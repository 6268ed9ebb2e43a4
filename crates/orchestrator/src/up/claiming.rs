//! A goal that cannot be claimed: after a few tries its run ends and backs off, so that it holds no slot that a goal of
//! another repository could have.

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::outcome::{Interruption, Outcome};

use super::UpError;
use super::daemon::Daemon;

/// So many tries in a row, within some seconds, may meet a blip.
const TRIES: u32 = 3;

/// What ends the run whose goal could not be claimed in this try either. Who does a goal by hand waits for it.
pub(super) fn given_up(
    daemon: &Daemon,
    effect: Option<&Effect>,
    (tries, error): (u32, &str),
) -> Result<Option<Event>, UpError> {
    let Some(Effect::Claim { goal, run }) = effect else { return Ok(None) };
    let is_by_hand = daemon.store.run(run)?.is_some_and(|run| run.by.is_some());
    if tries < TRIES || is_by_hand {
        return Ok(None);
    }
    let outcome = Outcome::Interrupted { cause: Interruption::Unreachable, detail: error.to_owned() };
    Ok(Some(Event::of(goal, What::RunReported { run: run.clone(), outcome })))
}
