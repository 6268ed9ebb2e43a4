//! The key that signs addresses which carry an order.

use std::io::{Read, Seek, Write};

use rustix::fs::{FlockOperation, flock};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::error::{During, RecordError};
use crate::files;
use crate::state_dir::StateDir;

/// Its length, bytes: that of the digest that signs (RFC 2104, section 3).
const BYTES: usize = 32;

impl StateDir {
    /// The key that signs addresses which carry an order, made the first time it is asked for. Only the owner can read it;
    /// without the file all addresses that were given out are void.
    ///
    /// # Errors
    /// The file cannot be read or written, or the system gives no random bytes.
    pub fn link_key(&self) -> Result<[u8; BYTES], RecordError> {
        let path = self.root().join("link.key");
        let mut file = files::open_append(&path)?;
        flock(&file, FlockOperation::LockExclusive).map_err(std::io::Error::from).during("lock", &path)?;
        let mut key = [0; BYTES];
        let mut there = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut there)).during("read", &path)?;
        if there.len() == BYTES {
            key.copy_from_slice(&there);
            return Ok(key);
        }
        // New, or a power cut has left a part of one that nobody has used.
        getrandom(&mut key, GetRandomFlags::empty()).map_err(std::io::Error::from).during("fill", &path)?;
        file.set_len(0)
            .and_then(|()| file.write_all(&key))
            .and_then(|()| file.sync_all())
            .during("write", &path)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        let key = state.link_key().unwrap();
        assert_eq!(state.link_key().unwrap(), key);
        let path = dir.path().join("link.key");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, &key[..9]).unwrap();
        let other = state.link_key().unwrap();
        assert_ne!(other, key);
        assert_eq!(std::fs::read(&path).unwrap(), other);
    }
}
