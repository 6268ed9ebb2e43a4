//! The clone's own `.git`: made by us, afterwards the agent's.
//!
//! Here git runs only before the agent has ever seen the directory. Later it is only written as plain
//! files, see `refresh`.

use crate::bare::Bare;
use crate::error::Result;
use crate::git::Git;
use crate::id::CommitId;
use crate::objects::{copy_all, copy_packs};
use crate::private::EXCLUDED;
use std::path::Path;

/// What the directories begin with in which a pack for a clone is made.
const LEND_SCRATCH: &str = "herder.lend-";

/// What a fresh `.git` is to hold.
pub(crate) struct CloneGit<'a> {
    /// Where the objects are copied from.
    pub(crate) objects: &'a Bare,
    /// Further objects: all of `lender` that `tip` needs beyond `base`.
    pub(crate) lender: &'a Bare,
    pub(crate) base: &'a CommitId,
    pub(crate) base_branch: &'a str,
    pub(crate) tip: &'a CommitId,
    /// The branch to be on; a detached HEAD without.
    pub(crate) branch: Option<&'a str>,
}

impl CloneGit<'_> {
    /// Makes `<clone>/.git`: copied objects, one branch, the base branch as `origin` knows it, tags, no
    /// remote. The index is left to the caller.
    pub(crate) fn make(&self, clone: &Path) -> Result<()> {
        let git_dir = clone.join(".git");
        Git::sealed("init")
            .args(["--quiet", "--template="])
            .arg(format!("--object-format={}", self.tip.object_format()))
            .arg("--")
            .arg(clone)
            .done()?;
        copy_all(self.objects.path(), &git_dir)?;
        if self.tip != self.base {
            self.lend(&git_dir)?;
        }
        fs_err::create_dir_all(git_dir.join("info"))?;
        fs_err::write(git_dir.join("info/exclude"), EXCLUDED)?;
        fs_err::write(git_dir.join("packed-refs"), self.packed_refs()?)?;
        let head =
            self.branch.map_or_else(|| self.tip.to_string(), |branch| format!("ref: refs/heads/{branch}"));
        fs_err::write(git_dir.join("HEAD"), format!("{head}\n"))?;
        Ok(())
    }

    /// Gives the clone what `tip` needs beyond `base`. Git makes a pack beside the objects that it is of
    /// and renames it into its place, so it is made there and then copied: the clone may lie on another
    /// file system.
    fn lend(&self, git_dir: &Path) -> Result<()> {
        let scratch = tempfile::Builder::new().prefix(LEND_SCRATCH).tempdir_in(self.lender.path())?;
        pack_range(self.lender, Some(self.base), self.tip, scratch.path())?;
        copy_packs(scratch.path(), &git_dir.join("objects/pack"))
    }

    fn packed_refs(&self) -> Result<String> {
        let mut refs = self.objects.tags()?;
        refs.push((format!("refs/remotes/origin/{}", self.base_branch), self.base.clone()));
        if let Some(branch) = self.branch {
            refs.push((format!("refs/heads/{branch}"), self.tip.clone()));
        }
        refs.sort();
        Ok(refs.iter().map(|(name, id)| format!("{id} {name}\n")).collect())
    }
}

/// Writes the objects that `tip` needs beyond `base` as a pack with its index into `directory`, which lies
/// on the file system of `from`.
pub(crate) fn pack_range(
    from: &Bare,
    base: Option<&CommitId>,
    tip: &CommitId,
    directory: &Path,
) -> Result<()> {
    let mut revisions = format!("{tip}\n");
    if let Some(base) = base {
        revisions.push_str(&format!("^{base}\n"));
    }
    from.git("pack-objects")
        .args(["--revs", "--quiet", "--delta-base-offset"])
        .arg(directory.join("pack"))
        .stdin(revisions)
        .done()
}

impl Bare {
    /// Tags and what they point at directly.
    fn tags(&self) -> Result<Vec<(String, CommitId)>> {
        self.refs("refs/tags")
    }
}
