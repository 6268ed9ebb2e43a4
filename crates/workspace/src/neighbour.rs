//! A remote that is a directory of this machine: whether a fetch from it would bring anything, seen without git.
//!
//! A fetch starts six programs to find that there is nothing to do, and runs ask before they begin and before they
//! land. Only "nothing" is ever found here; for all else, and wherever something is not as expected, there is git.

use crate::bare::Bare;
use crate::error::Result;
use crate::id::CommitId;
use crate::ref_files::refs_below;
use std::path::{Path, PathBuf};

/// A repository on this machine that keeps its refs as files.
pub(crate) struct Neighbour {
    bare: Bare,
}

impl Neighbour {
    /// The repository at an address; `None` where that is no directory of this machine, or one that is laid out in
    /// another way (gitrepository-layout(5)).
    pub(crate) fn at(url: &str) -> Option<Self> {
        let git_dir = directory(url)?;
        let is_plain = ["HEAD", "config"].iter().all(|name| git_dir.join(name).is_file())
            && ["objects", "refs/heads"].iter().all(|name| git_dir.join(name).is_dir());
        // Refs that lie elsewhere: in a table, in the main one of several work trees, in a namespace.
        let is_other = ["reftable", "commondir"].iter().any(|name| git_dir.join(name).exists());
        (is_plain && !is_other).then(|| Self { bare: Bare::at(&git_dir) })
    }

    /// Whether `mirror` has all that a fetch would bring: the same branches below `branches`, with the commits that
    /// they point at, and all tags.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn has_nothing_for(&self, mirror: &Bare, branches: &str) -> Result<bool> {
        let packed = || std::fs::read(self.bare.path().join("packed-refs")).ok();
        let before = packed();
        let theirs = renamed(refs_below(&self.bare, "refs/heads")?, "refs/heads", branches);
        let tags = refs_below(&self.bare, "refs/tags")?;
        // Refs may have moved between the files meanwhile, so that an old value was read; and a branch may be another
        // name of one.
        if packed() != before || !all_name_commits(&self.bare.path().join("refs/heads"))? {
            return Ok(false);
        }
        let (ours, our_tags) = (refs_below(mirror, branches)?, refs_below(mirror, "refs/tags")?);
        let has_all_tags = tags.iter().all(|tag| our_tags.binary_search(tag).is_ok());
        Ok(theirs == ours && has_all_tags && ours.iter().all(|(_, commit)| mirror.tree_of(commit).is_ok()))
    }
}

/// The git directory at an address.
fn directory(url: &str) -> Option<PathBuf> {
    let repository = Path::new(url.strip_prefix("file://").unwrap_or(url));
    if !repository.is_absolute() {
        return None;
    }
    let below = repository.join(".git");
    Some(if below.exists() { below } else { repository.to_owned() })
}

/// Whether all refs that are files below a directory name commits, and not other refs or nothing.
fn all_name_commits(directory: &Path) -> Result<bool> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let is_fine = match entry.file_type()?.is_dir() {
            true => all_name_commits(&entry.path())?,
            false => CommitId::parse(fs_err::read_to_string(entry.path())?.trim_end()).is_ok(),
        };
        if !is_fine {
            return Ok(false);
        }
    }
    Ok(true)
}

fn renamed(refs: Vec<(String, CommitId)>, from: &str, to: &str) -> Vec<(String, CommitId)> {
    let name = |name: String| name.strip_prefix(from).map(|rest| format!("{to}{rest}")).unwrap_or(name);
    refs.into_iter().map(|(old, commit)| (name(old), commit)).collect()
}
