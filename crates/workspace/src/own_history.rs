//! A checkout with history where there is no mirror to copy it from: a run's private git directory, a
//! person's repository. All that it needs is packed anew, which takes longer than copying a template.

use crate::bare::Bare;
use crate::checkout::make_empty;
use crate::error::Result;
use crate::git::Git;
use crate::id::CommitId;
use crate::objects::copy_packs;
use crate::private::EXCLUDED;
use crate::ref_files::refs_below;
use std::path::Path;

/// What the directories begin with in which a pack for a checkout is made.
const SCRATCH: &str = "herder.lend-";

impl Bare {
    /// Like [`Bare::checkout`], and gives `dest` a `.git` of its own with the history of `commit` and of
    /// `base`, a detached HEAD at `commit`, `origin/<base_branch>` at `base`, and no remote.
    ///
    /// # Errors
    /// Those of [`Bare::checkout`].
    pub fn checkout_with_own_history(
        &self,
        commit: &CommitId,
        dest: &Path,
        base_branch: &str,
        base: &CommitId,
    ) -> Result<()> {
        make_empty(dest)?;
        let git_dir = dest.join(".git");
        Git::sealed("init")
            .args(["--quiet", "--template="])
            .arg(format!("--object-format={}", commit.object_format()))
            .arg("--")
            .arg(dest)
            .done()?;
        self.pack_into(&[commit, base], &git_dir)?;
        fs_err::create_dir_all(git_dir.join("info"))?;
        fs_err::write(git_dir.join("info/exclude"), EXCLUDED)?;
        let mut refs = refs_below(self, "refs/tags")?;
        refs.push((format!("refs/remotes/origin/{base_branch}"), base.clone()));
        refs.sort();
        let packed: String = refs.iter().map(|(name, id)| format!("{id} {name}\n")).collect();
        fs_err::write(git_dir.join("packed-refs"), packed)?;
        fs_err::write(git_dir.join("HEAD"), format!("{commit}\n"))?;
        let index = git_dir.join("index");
        self.git("read-tree").index(&index).arg(commit.as_str()).done()?;
        let git = self.git_on(dest, "checkout-index")?.index(&index);
        git.args(["--all", "--force", "--quiet", "--index"]).done()
    }

    /// Gives a `.git` the history of some commits. Git makes a pack beside the objects that it is of and
    /// renames it into its place, so it is made there and then copied.
    fn pack_into(&self, commits: &[&CommitId], git_dir: &Path) -> Result<()> {
        let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(self.path())?;
        self.git("pack-objects")
            .args(["--revs", "--quiet", "--delta-base-offset"])
            .arg(scratch.path().join("pack"))
            .stdin(commits.iter().map(|commit| format!("{commit}\n")).collect::<String>())
            .done()?;
        copy_packs(scratch.path(), &git_dir.join("objects/pack"))?;
        // A history that is cut off at some depth is so in the copy, too.
        let shallow = self.path().join("shallow");
        if shallow.exists() {
            fs_err::copy(shallow, git_dir.join("shallow"))?;
        }
        Ok(())
    }
}
