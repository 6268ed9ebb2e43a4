//! A second view of a run's clone, for a question that must not disturb the run.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::lfs::Lfs;
use crate::private::{PrivateGit, copy_exclusions, lend_all};
use crate::ref_files::write_ref;
use std::path::Path;

impl PrivateGit {
    /// Makes another private git directory of the same clone at `path`, which must not be there. It begins at the
    /// last snapshot and borrows the objects of this one, which is not changed.
    ///
    /// # Errors
    /// The directory exists, the run has no branch, or git cannot be run.
    pub fn beside(&self, path: &Path) -> Result<Self> {
        if path.exists() {
            return Err(WorkspaceError::NotEmpty { path: path.to_owned() });
        }
        let tip = self.tip()?.ok_or_else(|| WorkspaceError::NoBranch {
            branch: self.key().branch(),
            url: self.bare().path().display().to_string(),
        })?;
        let bare = Bare::create(path, tip.object_format())?;
        lend_all(path, &self.bare().path().join("objects"))?;
        Lfs::hand_over(self.bare().path(), path)?;
        copy_exclusions(self.bare().path(), path)?;
        write_ref(&bare, &self.key().branch_ref(), &tip)?;
        fs_err::write(path.join("HEAD"), format!("ref: {}\n", self.key().branch_ref()))?;
        let other = Self::at(path, self.clone_dir(), self.key().clone());
        other.git("read-tree")?.arg(tip.as_str()).done()?;
        // It ends with 1 if some files differ, which is for the snapshot to see.
        other.git("update-index")?.args(["-q", "--refresh"]).finish()?;
        Ok(other)
    }
}
