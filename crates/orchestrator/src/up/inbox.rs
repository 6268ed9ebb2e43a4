//! All that can happen to the daemon, in one channel.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use herder_domain::event::Event;
use herder_domain::outcome::Outcome;
use herder_domain::run::RunId;
use herder_forge::webhook::Wake;
use herder_record::StateDir;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::following::Looked;
use crate::act::{ActError, Acted};
use crate::github::Saw;
use crate::wake;

/// Between two wakes; what comes in between is one.
const CALM: Duration = Duration::from_millis(20);

/// Something that happened.
pub(super) enum Message {
    /// An effect was carried out, or not.
    Acted { key: String, result: Result<Acted, ActError> },
    /// A ralph has ended, and nothing of its run is left.
    RalphGone(RunId, Outcome),
    /// What was old was cleared away, or could not be; a line where there is something to tell.
    Tidied(Option<String>),
    /// Pull requests were looked at.
    Looked(Vec<Looked>),
    /// Another orchestrator was found to have a goal that is worked on here.
    Lost(Box<Event>),
    /// Something that is worth a line.
    Noted(String),
    /// What was seen on a host that goals live on.
    Saw(String, Saw),
    /// A webhook came, signed and new.
    Heard(Wake),
    /// Somebody wrote to the database.
    Woken,
    /// A landing is past its gate, and the next one on its branch may begin.
    GatePassed,
    /// The daemon is to end.
    Told,
}

/// The channel, with signals and the wake socket already feeding it.
pub(super) fn open(state: &StateDir) -> io::Result<(Sender<Message>, Receiver<Message>)> {
    let (tell, told) = mpsc::channel();
    if let Some(socket) = wake::listen(state)? {
        let teller = tell.clone();
        thread::Builder::new().name("wake".into()).spawn(move || {
            let mut nothing = [0; 1];
            while socket.recv(&mut nothing).is_ok() && teller.send(Message::Woken).is_ok() {
                // Whoever can reach the socket may not keep the daemon from everything else.
                thread::sleep(CALM);
            }
        })?;
    }
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let teller = tell.clone();
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let message = if signal == SIGHUP { Message::Woken } else { Message::Told };
            if teller.send(message).is_err() {
                break;
            }
        }
    })?;
    Ok((tell, told))
}
