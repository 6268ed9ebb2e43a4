//! Dropping contents that nothing needs any more.
//!
//! Not by `git lfs prune`: it goes by what is checked out and what is recent, drops the rest of the history in the
//! belief that a remote has it (git-lfs-prune(1)), and so would take from a snapshot that was never pushed.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::contents::{Contents, is_hash};
use super::{Lfs, lfs_program};
use crate::bare::Bare;
use crate::error::Result;

/// As long as objects are kept that no ref leads to: what somebody is about to make a ref for is younger.
const YOUNG: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Drops the contents that no ref leads to and that are older than two days. To be called where nobody moves refs
/// and nobody borrows objects.
pub(crate) fn drop_unneeded(bare: &Bare) -> Result<()> {
    if !Lfs::is_marked(bare.path())? || lfs_program().is_none() {
        return Ok(());
    }
    let Some(since) = SystemTime::now().checked_sub(YOUNG) else { return Ok(()) };
    let needed = pointed_at_by_refs(bare)?;
    let contents = Contents::of(bare.path());
    let mut unneeded = Vec::new();
    for (hash, content) in contents.all()? {
        if !needed.contains(&hash) && fs_err::metadata(&content)?.modified()? < since {
            unneeded.push(content);
        }
    }
    if unneeded.is_empty() {
        return Ok(());
    }
    // Whoever needs them again looks for itself whether all are there.
    remove(&contents.complete())?;
    Ok(unneeded.iter().try_for_each(|content| remove(content))?)
}

/// The hashes that the pointers name in all commits that any ref leads to.
fn pointed_at_by_refs(bare: &Bare) -> Result<HashSet<String>> {
    let said = bare.git("lfs").args(["ls-files", "--all", "--long"]).answer()?;
    let said = String::from_utf8_lossy(&said);
    let hashes = said.lines().filter_map(|line| line.split_whitespace().next());
    Ok(hashes.filter(|word| is_hash(word)).map(str::to_owned).collect())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
