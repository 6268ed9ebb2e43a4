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

/// The orchestrator's end. Only the holder of the orchestrator's lock may take it. `None` where the state
/// directory's path is too long for a socket (unix(7): 108 bytes): the database is looked at all the same.
pub(crate) fn listen(state: &StateDir) -> io::Result<Option<UnixDatagram>> {
    let path = path(state);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    match UnixDatagram::bind(path) {
        Ok(socket) => Ok(Some(socket)),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_directory_too_deep_for_a_socket_is_done_without_one() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        assert!(listen(&StateDir::at(deep.clone())).unwrap().is_none());
        wake(&StateDir::at(deep));
        assert!(listen(&StateDir::at(dir.path())).unwrap().is_some());
    }
}
