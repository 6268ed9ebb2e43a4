//! One commit of everything that lies in the clone, taken without trusting the clone.
//!
//! Only plumbing is used, on the private git directory: porcelain would run the fsmonitor and the
//! filters that an agent (or the user's own configuration) has set up.

mod changes;
mod obstacles;
mod refresh;
mod stage;
mod staged_tree;
mod vet;
mod vetted_pack;

pub(crate) use changes::list;
pub use changes::{Skipped, WhySkipped};
pub use refresh::Refreshed;
pub(crate) use vet::strict;

use crate::error::{Result, WorkspaceError};
use crate::id::{CommitId, Signature};
use crate::private::PrivateGit;
use crate::ref_files::write_ref;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

/// So many skipped files are named in a snapshot's message.
const NAMED_MAX: usize = 50;

/// How much more patience a person's files are given than a clone's: there is no second try.
const PERSONS_PATIENCE: u32 = 10;

/// What a snapshot is to be called.
#[derive(Debug, Clone)]
pub struct SnapshotOrder {
    /// The iteration that it ends; a repeated one replaces its snapshot.
    pub iteration: u32,
    /// The message; the files that were left out are listed below it.
    pub message: String,
    /// Author and committer.
    pub signature: Signature,
    /// What it may cost.
    pub limits: SnapshotLimits,
}

/// What a snapshot may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotLimits {
    /// The largest file taken, in bytes.
    pub file_bytes_max: u64,
    /// How long one call of git may look at a clone before it is suspected of waiting for something
    /// that the agent has planted. Then that is looked for, and git gets all the time it needs.
    pub patience: Duration,
}

impl Default for SnapshotLimits {
    /// 50 MB, from where on GitHub warns, and 30 s.
    fn default() -> Self {
        Self { file_bytes_max: 50_000_000, patience: Duration::from_secs(30) }
    }
}

/// A snapshot that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit; the one before if nothing has changed.
    pub commit: CommitId,
    /// Its tree.
    pub tree: CommitId,
    /// Whether the clone differs from the snapshot before.
    pub changed: bool,
    /// What could not be taken; it keeps the clone from being removed.
    pub skipped: Vec<Skipped>,
}

impl PrivateGit {
    /// Takes a snapshot of the clone: a commit on the run's branch and under its iteration's ref.
    ///
    /// # Errors
    /// The disk is full, the clone is gone, or git fails for another reason than a single file.
    pub fn snapshot(&self, order: &SnapshotOrder) -> Result<Snapshot> {
        if !self.clone_dir().is_dir() {
            return Err(WorkspaceError::CloneMissing { clone: self.clone_dir().to_owned() });
        }
        let first = self.with_patience(order.limits.patience).try_snapshot(order);
        let Err(WorkspaceError::Git { .. }) = &first else {
            return first;
        };
        // Either the clone is large and slow, or something in it stops git: a pipe in the place of a
        // `.gitignore` does.
        let mut removed = obstacles::remove(self.clone_dir());
        let mut second = self.try_snapshot(order)?;
        second.skipped.append(&mut removed);
        Ok(second)
    }

    /// Like [`PrivateGit::snapshot`], of files that are a person's own: none is ever removed, and what stops
    /// git is an error, after `PERSONS_PATIENCE` times the patience.
    ///
    /// # Errors
    /// Those of [`PrivateGit::snapshot`].
    pub fn snapshot_of_a_persons(&self, order: &SnapshotOrder) -> Result<Snapshot> {
        self.with_patience(order.limits.patience * PERSONS_PATIENCE).try_snapshot(order)
    }

    fn try_snapshot(&self, order: &SnapshotOrder) -> Result<Snapshot> {
        self.unlock()?;
        let parent = self.tip()?.ok_or_else(|| WorkspaceError::NoBranch {
            branch: self.key().branch(),
            url: self.bare().path().display().to_string(),
        })?;
        let mut changes = changes::find(self, order.limits.file_bytes_max)?;
        changes.skipped.extend(stage::stage(self, &changes)?);
        let (commit, tree) = vet::vetted_commit(self, &parent, order, &mut changes.skipped)?;
        let changed = commit != parent;
        // Two files, one after the other: whoever is cut between takes the iteration's snapshot again.
        write_ref(self.bare(), &self.key().snapshot_ref(order.iteration), &commit)?;
        write_ref(self.bare(), &self.key().branch_ref(), &commit)?;
        Ok(Snapshot { commit, tree, changed, skipped: changes.skipped })
    }

    /// Files that no snapshot takes because the repository ignores them; directories of nothing else
    /// stand for what is in them. At most `max`, and whether there are more.
    ///
    /// # Errors
    /// The clone is gone or git cannot be run.
    pub fn ignored_paths(&self, max: usize) -> Result<(Vec<PathBuf>, bool)> {
        let mut paths = changes::list(self, &["--others", "--ignored", "--directory"])?.paths;
        paths.retain(|path| path != b".herder/");
        let has_more = paths.len() > max;
        let listed = paths.iter().take(max).map(|path| PathBuf::from(OsStr::from_bytes(path))).collect();
        Ok((listed, has_more))
    }
}

fn full_message(message: &str, skipped: &[Skipped]) -> String {
    let mut text = message.trim_end().to_owned();
    if skipped.is_empty() {
        return text + "\n";
    }
    text.push_str("\n\nLeft out:\n");
    for skipped in skipped.iter().take(NAMED_MAX) {
        text.push_str(&format!("- {:?}: {}\n", skipped.path, skipped.why));
    }
    if skipped.len() > NAMED_MAX {
        text.push_str(&format!("- and {} more\n", skipped.len() - NAMED_MAX));
    }
    text
}
