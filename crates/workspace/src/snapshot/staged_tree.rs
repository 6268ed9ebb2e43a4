//! The tree of the private index. At a run's end nothing has usually changed since its last snapshot, and then it needs
//! not be found out again what the index comes to.

use crate::error::Result;
use crate::id::CommitId;
use crate::index_file::IndexFile;
use crate::private::PrivateGit;
use crate::reading::Objects;
use crate::tree_writing::write_trees;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The file in the private git directory that says which tree an index comes to: `<checksum> <tree>`.
const KNOWN: &str = "herder.staged";

/// The tree of the index, which holds objects of `format`; its objects are there.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(private: &PrivateGit, format: &str) -> Result<CommitId> {
    let (path, index) = (private.bare().path().join(KNOWN), private.bare().path().join("index"));
    let sum = checksum(&index);
    if let Some(tree) = sum.as_deref().and_then(|sum| known(&path, sum))
        // A power cut may have taken what was not synced.
        && Objects::of(private.bare(), &tree)?.size(&tree).is_ok()
    {
        return Ok(tree);
    }
    let tree = match IndexFile::read(&index, format) {
        Ok(index) => write_trees(private.bare(), &index, format)?,
        // Another version of the format.
        Err(_) => None,
    };
    let tree = tree.map_or_else(|| private.git("write-tree")?.object(), Ok)?;
    // Git writes into the index as well, which trees it knows.
    if let Some(sum) = checksum(&index) {
        fs_err::write(path, format!("{sum} {tree}\n"))?;
    }
    Ok(tree)
}

fn known(path: &PathBuf, sum: &str) -> Option<CommitId> {
    let text = std::fs::read_to_string(path).ok()?;
    let (of, tree) = text.strip_suffix('\n')?.split_once(' ')?;
    CommitId::parse(tree).ok().filter(|_| of == sum)
}

/// The checksum that an index ends with, of all before it (gitformat-index(5)). None of one that git was told to
/// write without (`index.skipHash`): that is all zeroes. Names of SHA-256 are longer, and their second half is taken.
fn checksum(index: &PathBuf) -> Option<String> {
    let mut sum = [0; 20];
    let file = File::open(index).ok()?;
    let start = file.metadata().ok()?.len().checked_sub(sum.len() as u64)?;
    file.read_exact_at(&mut sum, start).ok()?;
    let is_one = sum.iter().any(|byte| *byte != 0);
    is_one.then(|| sum.iter().map(|byte| format!("{byte:02x}")).collect())
}
