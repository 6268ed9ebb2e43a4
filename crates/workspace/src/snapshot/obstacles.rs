//! Files in a clone that stop git itself, and no snapshot could hold anyway.
//!
//! Git opens `.gitignore`, `.gitattributes` and the `HEAD` of nested repositories without asking what
//! they are, and waits at a pipe for ever; it reads an ignore file of any size into memory.

use super::changes::{Skipped, WhySkipped};
use std::fs::FileType;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// An ignore or attributes file larger than this is no honest one.
const RULES_BYTES_MAX: u64 = 10_000_000;

/// Removes all pipes and oversized rule files of a clone and returns them. No link is followed. It is
/// only done once git has failed: it looks at every directory, ignored ones too.
pub(super) fn remove(clone: &Path) -> Vec<Skipped> {
    let mut removed = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        // What cannot be listed cannot be opened by git either.
        let Ok(entries) = std::fs::read_dir(clone.join(&directory)) else { continue };
        for entry in entries.flatten() {
            let path = directory.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                waiting.push(path);
            } else if let Some(why) = obstacle(&entry.path(), kind)
                && std::fs::remove_file(entry.path()).is_ok()
            {
                removed.push(Skipped { path, why });
            }
        }
    }
    removed
}

fn obstacle(path: &Path, kind: FileType) -> Option<WhySkipped> {
    if kind.is_fifo() {
        return Some(WhySkipped::Special);
    }
    let is_rules = path.file_name().is_some_and(|name| name == ".gitignore" || name == ".gitattributes");
    let bytes = path.symlink_metadata().ok().filter(|_| is_rules && kind.is_file())?.len();
    (bytes > RULES_BYTES_MAX).then_some(WhySkipped::TooLarge { bytes })
}
