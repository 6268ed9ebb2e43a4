//! How much something takes, and when it was last used.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The bytes of all files at or below a path; links are not followed, and what cannot be read counts nothing.
pub(super) fn bytes(path: &Path) -> u64 {
    let mut sum = 0;
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let Ok(facts) = fs::symlink_metadata(&path) else { continue };
        if facts.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(entries.map(|entry| entry.path()));
        } else {
            sum += facts.len();
        }
    }
    sum
}

/// When a directory, or one of the two levels of directories below it, last changed.
pub(super) fn last_used(path: &Path) -> Option<SystemTime> {
    let own = changed(path)?;
    let below = directories(path).flat_map(|dir| {
        let deeper: Vec<_> = directories(&dir).filter_map(|dir| changed(&dir)).collect();
        changed(&dir).into_iter().chain(deeper)
    });
    below.max().map_or(Some(own), |below| Some(below.max(own)))
}

fn directories(path: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink())
}

pub(super) fn changed(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok()?.modified().ok()
}
