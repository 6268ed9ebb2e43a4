//! SIGTERM, SIGINT and SIGHUP as orders to stop, SIGURG as a word that there is news in the run directory.

use std::io;
use std::thread;

use herder_record::{Frost, RunDir};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGURG};
use signal_hook::iterator::Signals;

use crate::stop::Stop;

/// Has signals turn the switch, from a thread that lives as long as the process.
pub(crate) fn turn(stop: &Stop) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let stop = stop.clone();
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || signals.forever().for_each(|_| stop.order()))?;
    Ok(())
}

/// Has the run directory's word turn the switch, at once and whenever a SIGURG says that there is another.
pub(crate) fn heed_frost(stop: &Stop, dir: &RunDir) -> io::Result<()> {
    let mut signals = Signals::new([SIGURG])?;
    let (stop, dir) = (stop.clone(), dir.clone());
    thread::Builder::new().name("frost".into()).spawn(move || {
        // What was said before anybody listened counts as well.
        std::iter::once(SIGURG).chain(signals.forever()).for_each(|_| match dir.frost() {
            Ok(Some(Frost::Frozen { .. })) => stop.freeze(),
            // A word that cannot be read must not hold anything for ever.
            Ok(Some(Frost::Thawed { .. }) | None) | Err(_) => stop.thaw(),
        });
    })?;
    Ok(())
}
