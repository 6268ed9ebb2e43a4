//! Bringing changes into the private index, around those that git refuses.

use super::changes::{Changes, GitPath, Skipped, WhySkipped};
use crate::error::{Result, WorkspaceError};
use crate::private::PrivateGit;
use herder_oneshot::OneShotError;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// So many refused files are searched for; with more of them something else is wrong.
const REFUSED_MAX: usize = 200;

/// Puts the changes into the index and returns what git refused.
pub(super) fn stage(private: &PrivateGit, changes: &Changes) -> Result<Vec<Skipped>> {
    remove(private, &changes.removed)?;
    let mut refused = Vec::new();
    if !changes.added.is_empty() {
        add(private, &changes.added, &mut refused)?;
    }
    Ok(refused)
}

/// Removes entries without a look at the clone.
pub(super) fn remove(private: &PrivateGit, paths: &[GitPath]) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let zero = private.tip()?.map_or_else(|| "0".repeat(40), |tip| tip.zero());
    let orders: Vec<Vec<u8>> =
        paths.iter().map(|path| [b"0 ", zero.as_bytes(), b"\t", path, b"\0"].concat()).collect();
    private.git("update-index").args(["-z", "--index-info"]).stdin(orders.concat()).done()
}

/// Adds files; git takes all of them or none, so a refused one is searched for by halves.
fn add(private: &PrivateGit, paths: &[GitPath], refused: &mut Vec<Skipped>) -> Result<()> {
    let orders: Vec<Vec<u8>> = paths.iter().map(|path| [path, b"\0".as_slice()].concat()).collect();
    let git = private.git("update-index").args(["--add", "--remove", "--replace", "-z", "--stdin"]);
    let reason = match git.stdin(orders.concat()).done() {
        Ok(()) => return Ok(()),
        Err(WorkspaceError::Git { command, source: OneShotError::Failed { program, status, stderr } }) => {
            if refused.len() >= REFUSED_MAX || is_no_file_s_fault(&stderr) {
                let source = OneShotError::Failed { program, status, stderr };
                return Err(WorkspaceError::Git { command, source });
            }
            stderr
        }
        Err(error) => return Err(error),
    };
    if let [path] = paths {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let reason = reason.lines().next().unwrap_or_default().to_owned();
        refused.push(Skipped { path, why: WhySkipped::Refused { reason } });
        return Ok(());
    }
    let (first, second) = paths.split_at(paths.len() / 2);
    add(private, first, refused)?;
    add(private, second, refused)
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
