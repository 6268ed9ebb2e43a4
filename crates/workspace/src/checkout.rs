//! Clean files of a commit, for a gate to run on.

use crate::bare::Bare;
use crate::clone_git::CloneGit;
use crate::error::{Result, WorkspaceError};
use crate::git::checked_branch;
use crate::id::CommitId;
use crate::laying_out::lay_out;
use crate::mirror::{BRANCHES, Mirror};
use crate::reading::Objects;
use crate::scratch::Scratch;
use crate::template::Templates;
use std::path::Path;

/// The repository that a checkout is given, for gates that ask git something.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// Where the objects are copied from.
    pub mirror: &'a Mirror,
    /// The repository's templates.
    pub templates: &'a Templates,
    /// The base branch.
    pub base_branch: &'a str,
    /// Where the base branch is taken to be: the commit descends from it.
    pub base: &'a CommitId,
    /// Its tip as the mirror has it: the base, or what that goes on top of.
    pub fetched: &'a CommitId,
}

impl Bare {
    /// Writes the files of `commit` to `dest`, which is made or must be empty. No hook and no filter
    /// runs; links, modes and line ends are as the commit has them.
    ///
    /// # Errors
    /// `dest` is not empty, the commit is missing, or the disk or git refuses.
    pub fn checkout(&self, commit: &CommitId, dest: &Path) -> Result<()> {
        self.materialize(commit.as_str(), dest)
    }

    /// Like [`Bare::checkout`], and gives `dest` a `.git` of its own with copied objects, a detached
    /// HEAD at `commit`, the base branch as `origin` would have it, and no remote.
    ///
    /// # Errors
    /// Those of [`Bare::checkout`].
    pub fn checkout_with_history(&self, commit: &CommitId, dest: &Path, history: History<'_>) -> Result<()> {
        make_empty(dest)?;
        let History { mirror, templates, base_branch, base, fetched } = history;
        let template = templates.ready(mirror, base_branch, fetched)?;
        let git = CloneGit { template: &template, lender: self, base: fetched, tip: commit, branch: None };
        git.make(dest)?;
        if base != fetched {
            // A loose ref goes before the packed one of the template.
            let name = dest.join(".git").join(BRANCHES).join(checked_branch(base_branch)?);
            fs_err::create_dir_all(name.parent().unwrap_or(dest))?;
            fs_err::write(name, format!("{base}\n"))?;
        }
        git.bring_to_tip(self.git_on(dest, "read-tree")?.index(&dest.join(".git/index")))?;
        Ok(())
    }

    /// Writes what `commit` has in `directory` (for example `.ralph`) to `dest`, which is made or must
    /// be empty. Returns whether the commit has such a directory.
    ///
    /// # Errors
    /// `dest` is not empty, the commit is missing, or the disk or git refuses.
    pub fn materialize_dir(&self, commit: &CommitId, directory: &str, dest: &Path) -> Result<bool> {
        let is_directory = |mode: u32| mode & 0o170_000 == 0o040_000;
        let Some(entry) = self.entry(commit, directory)?.filter(|entry| is_directory(entry.mode)) else {
            return Ok(false);
        };
        let tree = CommitId::parse(&entry.object)?;
        make_empty(dest)?;
        if !lay_out(&Objects::of(self, &tree)?, &tree, dest)? {
            self.materialize(&entry.object, dest)?;
        }
        Ok(true)
    }

    fn materialize(&self, tree: &str, dest: &Path) -> Result<()> {
        make_empty(dest)?;
        let scratch = Scratch::within(self.path(), "index")?;
        let index = scratch.path().join("index");
        self.git("read-tree").index(&index).arg(tree).done()?;
        let git = self.git_on(dest, "checkout-index")?.index(&index);
        git.args(["--all", "--force", "--quiet", "--index"]).done()
    }
}

pub(crate) fn make_empty(dest: &Path) -> Result<()> {
    fs_err::create_dir_all(dest)?;
    if fs_err::read_dir(dest)?.next().is_some() {
        return Err(WorkspaceError::NotEmpty { path: dest.to_owned() });
    }
    Ok(())
}
