//! Rooms of questions by hand: one for each, and none that outlives its question for long.

use std::fs::File;
use std::path::{Path, PathBuf};

use herder_executor::Room;
use herder_workspace::remove_tree;

use crate::error::RalphError;

/// What their names begin with. No other room's does: those are called by a hash.
const PREFIX: &str = "gate-";

/// Where the room of this process's question lies.
pub fn room_by_hand(root: &Path) -> PathBuf {
    rooms(root).join(format!("{PREFIX}{}", std::process::id()))
}

fn rooms(root: &Path) -> PathBuf {
    root.join(".run")
}

/// Proof that whoever asks lives: a lock (flock(2)) on the room's directory, which the kernel frees.
pub(super) struct Lived(#[expect(dead_code, reason = "closing the file gives its lock back")] Option<File>);

/// Makes the room, and removes those of questions that were killed.
pub(super) fn move_in(root: &Path, room: &Room) -> Result<Lived, RalphError> {
    remove_tree(root, room.dir())?;
    clear_left(root);
    room.create()?;
    let dir = File::open(room.dir())?;
    // A file system that locks no directories has nothing cleared.
    Ok(Lived(dir.lock().is_ok().then_some(dir)))
}

/// What cannot be removed now is tried again by the next question.
fn clear_left(root: &Path) {
    let Ok(entries) = std::fs::read_dir(rooms(root)) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let path = entry.path();
        let lock = File::open(&path).ok().filter(|dir| dir.try_lock().is_ok());
        if lock.is_some() {
            let _ = remove_tree(root, &path);
        }
    }
}
