//! SIGTERM, SIGINT and SIGHUP as orders to stop.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
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
