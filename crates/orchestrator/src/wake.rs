//! Waking the orchestrator of a state directory. The datagram means nothing: it only wakes; what is to
//! be done stands in the database.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use herder_record::StateDir;

fn path(state: &StateDir) -> PathBuf {
    state.root().join("wake.sock")
}

/// Wakes the orchestrator, if one is at work. Where this fails it notices by itself, a little later.
pub fn wake(state: &StateDir) {
    let _ = UnixDatagram::unbound().and_then(|socket| {
        socket.set_nonblocking(true)?;
        socket.send_to(b"", path(state))
    });
}

/// The orchestrator's end. Only the holder of the orchestrator's lock may take it.
pub(crate) fn listen(state: &StateDir) -> io::Result<UnixDatagram> {
    let path = path(state);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    UnixDatagram::bind(path)
}
