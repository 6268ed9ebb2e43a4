//! Bringing changes into the private index, around those that git refuses.

use super::changes::{Changes, GitPath, Skipped, WhySkipped, list};
use crate::error::Result;
use crate::git::succeeded;
use crate::private::PrivateGit;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// So many refused files are searched for; with more of them something else is wrong.
const REFUSED_MAX: usize = 200;

/// Puts the changes into the index and returns what git refused.
pub(super) fn stage(private: &PrivateGit, changes: &Changes) -> Result<Vec<Skipped>> {
    remove(private, &changes.removed)?;
    let mut refused = Vec::new();
    if changes.added.is_empty() {
        return Ok(refused);
    }
    let mut has_ignored = false;
    add(private, &changes.added, &mut refused, &mut has_ignored)?;
    if has_ignored {
        refused.extend(still_untracked(private, &changes.added, &refused)?);
    }
    Ok(refused)
}

/// What git left out with a mere warning: names that another system would take for `.git`.
fn still_untracked(private: &PrivateGit, added: &[GitPath], refused: &[Skipped]) -> Result<Vec<Skipped>> {
    let untracked: HashSet<GitPath> = list(private, &["--others"])?.paths.into_iter().collect();
    let reason = "the name is not allowed in a repository".to_owned();
    let skipped = added.iter().filter(|path| untracked.contains(*path)).map(|path| Skipped {
        path: PathBuf::from(OsStr::from_bytes(path)),
        why: WhySkipped::Refused { reason: reason.clone() },
    });
    Ok(skipped.filter(|skipped| !refused.iter().any(|known| known.path == skipped.path)).collect())
}

/// Removes entries without a look at the clone.
pub(super) fn remove(private: &PrivateGit, paths: &[GitPath]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let zero = private.tip()?.map_or_else(|| "0".repeat(40), |tip| tip.zero());
    let orders: Vec<Vec<u8>> =
        paths.iter().map(|path| [b"0 ", zero.as_bytes(), b"\t", path, b"\0"].concat()).collect();
    private.git("update-index")?.args(["-z", "--index-info"]).stdin(orders.concat()).done()
}

/// Adds files; git takes all of them or none, so a refused one is searched for by halves.
fn add(
    private: &PrivateGit,
    paths: &[GitPath],
    refused: &mut Vec<Skipped>,
    has_ignored: &mut bool,
) -> Result<()> {
    let orders: Vec<Vec<u8>> = paths.iter().map(|path| [path, b"\0".as_slice()].concat()).collect();
    let git = private.git("update-index")?.args(["--add", "--remove", "--replace", "-z", "--stdin"]);
    let finished = git.stdin(orders.concat()).finish()?;
    let said = finished.stderr.text();
    if finished.status.success() {
        *has_ignored |= said.contains("Ignoring path");
        return Ok(());
    }
    if refused.len() >= REFUSED_MAX || is_no_file_s_fault(&said) {
        return succeeded(finished, "update-index").map(drop);
    }
    if let [path] = paths {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let reason = said.lines().next().unwrap_or_default().to_owned();
        refused.push(Skipped { path, why: WhySkipped::Refused { reason } });
        return Ok(());
    }
    let (first, second) = paths.split_at(paths.len() / 2);
    add(private, first, refused, has_ignored)?;
    add(private, second, refused, has_ignored)
}

/// Whether git failed for a reason that the next file would meet as well.
fn is_no_file_s_fault(stderr: &str) -> bool {
    [
        "No space left on device",
        "Disk quota exceeded",
        "Read-only file system",
        "index.lock",
        "insufficient permission",
    ]
    .iter()
    .any(|sign| stderr.contains(sign))
}
