//! Rooms of questions by hand: one for each, and none that outlives its question for long.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use herder_executor::Room;
use herder_workspace::{make_parents, remove_tree, use_caches};

use crate::error::RalphError;

/// What their names begin with. No other room's does: those are called by a hash.
const PREFIX: &str = "gate-";

/// A question's room, as long as it is asked. Whoever asks holds a lock (flock(2)) on its directory, which the
/// kernel frees: so the room of one who was killed is told from one in use, in whatever namespace of processes.
pub(super) struct Lodging {
    root: PathBuf,
    room: Room,
    /// Its directory, and its package caches.
    _held: [File; 2],
}

impl Lodging {
    /// Makes a room of its own below `root`, with package caches that others may share, and removes those of
    /// questions that were killed.
    pub(super) fn take(root: &Path, caches: &Path) -> Result<Self, RalphError> {
        let rooms = root.join(".run");
        make_parents(root, &rooms.join(PREFIX))?;
        clear_left(root, &rooms);
        let (dir, held) = make(&rooms)?;
        let room = Room::new(dir, caches);
        let lodging = Self { root: root.to_owned(), room, _held: [held, use_caches(caches)?] };
        lodging.room.create()?;
        Ok(lodging)
    }

    /// The room.
    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    /// Removes it.
    pub(super) fn leave(self) -> Result<(), RalphError> {
        Ok(remove_tree(&self.root, self.room.dir())?)
    }
}

impl Drop for Lodging {
    fn drop(&mut self) {
        // What cannot be removed now goes with the next question.
        let _ = remove_tree(&self.root, self.room.dir());
    }
}

/// Makes a directory of a new name, and holds it.
fn make(rooms: &Path) -> Result<(PathBuf, File), RalphError> {
    loop {
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(rooms)?.keep();
        // Another question's sweep may have been quicker than the lock.
        let held = match File::open(&dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            held => held?,
        };
        // A file system that locks no directories lets nobody sweep them either.
        let _ = held.lock();
        if dir.is_dir() {
            return Ok((dir, held));
        }
    }
}

/// What cannot be removed now is tried again by the next question.
fn clear_left(root: &Path, rooms: &Path) {
    let Ok(entries) = std::fs::read_dir(rooms) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let path = entry.path();
        let lock = File::open(&path).ok().filter(|dir| dir.try_lock().is_ok());
        if lock.is_some() {
            let _ = remove_tree(root, &path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_who_ask_at_once_do_not_take_each_others_rooms() {
        let root = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let lodging = Lodging::take(root.path(), &root.path().join("caches")).unwrap();
                        assert!(lodging.room().home().is_dir() && lodging.room().tmp().is_dir());
                        lodging.leave().unwrap();
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(root.path().join(".run")).unwrap().count(), 0);
    }

    #[test]
    fn a_killed_questions_room_goes_with_the_next_and_one_in_use_stays() {
        let root = tempfile::tempdir().unwrap();
        let left = root.path().join(".run/gate-7");
        std::fs::create_dir_all(left.join("home")).unwrap();
        let one = Lodging::take(root.path(), &root.path().join("caches")).unwrap();
        assert!(!left.exists());
        let other = Lodging::take(root.path(), &root.path().join("caches")).unwrap();
        assert!(one.room().home().is_dir() && one.room().dir() != other.room().dir());
    }
}
