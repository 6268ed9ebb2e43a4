//! The pack of a snapshot that has passed git's check, kept until the clone's own `.git` has it.

use crate::error::Result;
use crate::id::CommitId;
use crate::private::PrivateGit;
use crate::scratch::Scratch;
use std::path::PathBuf;

/// Its directory in the private git directory.
const DIRECTORY: &str = "herder.vetted";

/// The file beside the pack that says what it holds: the commit before, and the snapshot.
const OF: &str = "of";

/// The last one that was kept.
pub(super) struct VettedPack {
    directory: PathBuf,
}

impl VettedPack {
    /// Keeps the pack in `scratch`: what `commit` adds to `parent`. One that was kept before goes.
    pub(super) fn keep(
        private: &PrivateGit,
        parent: &CommitId,
        commit: &CommitId,
        scratch: Scratch,
    ) -> Result<()> {
        fs_err::write(scratch.path().join(OF), of(parent, commit))?;
        Self::forget(private)?;
        scratch.become_directory(&private.bare().path().join(DIRECTORY))
    }

    /// The one with all that `commit` adds to `parent`, if it was kept.
    pub(super) fn find(private: &PrivateGit, parent: &CommitId, commit: &CommitId) -> Option<Self> {
        let directory = private.bare().path().join(DIRECTORY);
        let is_it = std::fs::read_to_string(directory.join(OF)).is_ok_and(|held| held == of(parent, commit));
        is_it.then_some(Self { directory })
    }

    /// The directory that holds it.
    pub(super) fn directory(&self) -> &std::path::Path {
        &self.directory
    }

    /// Removes what was kept.
    pub(super) fn forget(private: &PrivateGit) -> Result<()> {
        match fs_err::remove_dir_all(private.bare().path().join(DIRECTORY)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn of(parent: &CommitId, commit: &CommitId) -> String {
    format!("{parent} {commit}\n")
}
