//! The clone's own `.git`: made by us, afterwards the agent's.
//!
//! Here git runs only before the agent has ever seen the directory. Later it is only written as plain
//! files, see `refresh`.

use crate::bare::Bare;
use crate::error::Result;
use crate::git::Git;
use crate::id::CommitId;
use crate::objects::copy_packs;
use crate::packing::Added;
use crate::reading::Objects;
use crate::scratch::Scratch;
use crate::template::Template;
use std::io::Write;
use std::path::Path;

/// A clone to be made: a copy of its base's template, brought to its tip.
pub(crate) struct CloneGit<'a> {
    /// The files and objects of the base.
    pub(crate) template: &'a Template,
    /// Further objects: all of `lender` that `tip` needs beyond the base.
    pub(crate) lender: &'a Bare,
    pub(crate) base: &'a CommitId,
    pub(crate) tip: &'a CommitId,
    /// The branch to be on; a detached HEAD without.
    pub(crate) branch: Option<&'a str>,
}

impl CloneGit<'_> {
    /// Makes it in the empty directory `clone`: the files of the base, copied objects, one branch, the base
    /// branch as `origin` knows it, tags, no remote. Gives the index of the files, which are still those of
    /// the base.
    pub(crate) fn make(&self, clone: &Path) -> Result<Vec<u8>> {
        let git_dir = clone.join(".git");
        let index = self.template.copy_to(clone)?;
        if self.tip != self.base {
            self.lend(&git_dir)?;
        }
        let head = match self.branch {
            Some(branch) => {
                let refs = format!("{} refs/heads/{branch}\n", self.tip);
                let mut file = fs_err::OpenOptions::new().append(true).open(git_dir.join("packed-refs"))?;
                file.write_all(refs.as_bytes())?;
                format!("ref: refs/heads/{branch}")
            }
            None => self.tip.to_string(),
        };
        fs_err::write(git_dir.join("HEAD"), format!("{head}\n"))?;
        Ok(index)
    }

    /// Brings the files from the base to the tip by `git`, a call of `read-tree` in a repository that has
    /// both with an index of the files. Gives whether there was anything to bring.
    pub(crate) fn bring_to_tip(&self, git: Git) -> Result<bool> {
        if self.tip == self.base {
            return Ok(false);
        }
        git.args(["-m", "-u", self.base.as_str(), self.tip.as_str()]).done()?;
        Ok(true)
    }

    /// Gives the clone what `tip` needs beyond `base`: as loose objects where that is little. Else git makes a pack beside the objects that it is of
    /// and renames it into its place, so it is made there and then copied: the clone may lie on another
    /// file system.
    fn lend(&self, git_dir: &Path) -> Result<()> {
        let objects = Objects::of(self.lender, self.tip)?;
        if let Some(added) = Added::by(&objects, &[self.tip], std::slice::from_ref(self.base)) {
            return added.lay_into(&git_dir.join("objects"));
        }
        let scratch = Scratch::within(self.lender.path(), "lend")?;
        pack_range(self.lender, Some(self.base), self.tip, scratch.path())?;
        copy_packs(scratch.path(), &git_dir.join("objects/pack"))
    }
}

/// The setting of calls that write what is needed for a moment, or is copied elsewhere unsynced.
pub(crate) const UNSYNCED: &str = "core.fsync=none";

/// Writes the objects that `tip` needs beyond `base` as a pack with its index into `directory`, which lies
/// on the file system of `from`. Not synced.
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
        .setting(UNSYNCED)
        .args(["--revs", "--quiet", "--delta-base-offset"])
        .arg(directory.join("pack"))
        .stdin(revisions)
        .done()
}
