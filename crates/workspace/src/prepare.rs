//! Making the clone in which a run works, and the private git directory beside it.

use crate::clone_git::CloneGit;
use crate::error::{Result, WorkspaceError};
use crate::git::checked_branch;
use crate::id::{CommitId, RunKey, Signature};
use crate::lfs::Lfs;
use crate::merge::{Merged, carry};
use crate::mirror::Mirror;
use crate::place::make_parents;
use crate::private::{PrivateGit, REFRESHED, lend_all, show};
use crate::removal::remove_tree;
use crate::template::Templates;
use crate::vault::Vault;
use crate::writing::commit;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file in the private git directory that says the clone is complete, and how it began.
const PREPARED: &str = "herder.prepared.json";

/// What a run's clone is made of.
#[derive(Debug)]
pub struct PrepareOrder<'a> {
    /// The repository's mirror; it must hold `base`.
    pub mirror: &'a Mirror,
    /// The repository's templates.
    pub templates: &'a Templates,
    /// The repository's vault.
    pub vault: &'a Vault,
    /// The run.
    pub key: RunKey,
    /// The branch that the work is to land on.
    pub base_branch: &'a str,
    /// Its tip.
    pub base: CommitId,
    /// The directory that the clone must lie below.
    pub root: &'a Path,
    /// The clone.
    pub clone: &'a Path,
    /// The private git directory, outside the clone and out of the agent's reach.
    pub private: &'a Path,
    /// The goal's text, written to `.herder/goal.md`.
    pub goal_text: &'a str,
    /// Who commits earlier work that is taken up.
    pub signature: Signature,
}

/// How a run begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "start", rename_all = "snake_case")]
pub enum Start {
    /// At the tip of the base branch.
    Fresh,
    /// With earlier work, carried onto the tip of the base branch as one commit.
    Resumed {
        /// The last snapshot of the earlier work.
        from: CommitId,
    },
    /// At the tip of the base branch, because earlier work conflicts with it. That work is kept.
    ConflictKept {
        /// The ref in the vault that keeps the earlier work.
        attempt_ref: String,
        /// The files in conflict, from the top of the repository, as text for people: what is not
        /// UTF-8 is replaced.
        files: Vec<String>,
    },
}

/// A clone ready for its run.
#[derive(Debug)]
pub struct Prepared {
    /// How the run begins.
    pub start: Start,
    /// The commit of the base branch that it begins at.
    pub base: CommitId,
    /// The commit that the clone's branch is at: `base`, or the earlier work on top of it.
    pub tip: CommitId,
    /// The private git directory.
    pub private: PrivateGit,
}

/// What [`PREPARED`] holds.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    #[serde(flatten)]
    start: Start,
    base: CommitId,
    tip: CommitId,
}

/// Makes the clone and the private git directory of a run. Repeated, it returns what it made, and
/// makes anew what was left half done.
///
/// # Errors
/// The base is missing in the mirror, a path leads out of the root, the clone of a run that has
/// snapshots is gone, or the disk or git refuses.
pub fn prepare(order: &PrepareOrder<'_>) -> Result<Prepared> {
    checked_branch(order.base_branch)?;
    make_parents(order.root, order.clone)?;
    if let Some(prepared) = already_prepared(order)? {
        return Ok(prepared);
    }
    order.vault.keep_base(order.mirror, &order.base, &order.key)?;
    let (start, tip) = begin(order)?;
    build(order, Facts { start, base: order.base.clone(), tip })
}

fn already_prepared(order: &PrepareOrder<'_>) -> Result<Option<Prepared>> {
    let Ok(text) = std::fs::read(order.private.join(PREPARED)) else {
        return Ok(None);
    };
    let Ok(facts) = serde_json::from_slice::<Facts>(&text) else {
        return Ok(None);
    };
    let private = PrivateGit::at(order.private, order.clone, order.key.clone());
    if !order.clone.is_dir() {
        if private.tip()?.is_some_and(|tip| tip != facts.tip) {
            return Err(WorkspaceError::CloneMissing { clone: order.clone.to_owned() });
        }
        return Ok(None);
    }
    Ok(Some(Prepared { start: facts.start, base: facts.base, tip: facts.tip, private }))
}

/// Decides what the run begins with, and makes the commit for it in the vault.
fn begin(order: &PrepareOrder<'_>) -> Result<(Start, CommitId)> {
    let bare = order.vault.bare();
    let fresh = Ok((Start::Fresh, order.base.clone()));
    let Some(work) = order.vault.branch(order.key.goal())? else {
        return fresh;
    };
    let tree = match carry(bare, &work.base, &work.tip, &order.base)? {
        Merged::Tree(tree) => tree,
        Merged::Conflict(files) => {
            let attempt_ref = order.vault.keep_attempt(&order.key, &work)?;
            let files = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
            return Ok((Start::ConflictKept { attempt_ref, files }, order.base.clone()));
        }
    };
    if tree == bare.tree_of(&order.base)? {
        return fresh;
    }
    let message = format!("Work in progress on goal #{}\n\nTaken up from {}.\n", order.key.goal(), work.tip);
    let tip = commit(bare, &tree, Some(&order.base), &message, &order.signature)?;
    Ok((Start::Resumed { from: work.tip }, tip))
}

/// Builds both directories beside their places and renames them there, the private one last: once it
/// stands, all is complete.
fn build(order: &PrepareOrder<'_>, facts: Facts) -> Result<Prepared> {
    let new_clone = sibling(order.clone);
    let new_private = sibling(order.private);
    let private_root = order.private.parent().unwrap_or(Path::new("/"));
    fs_err::create_dir_all(private_root)?;
    for (root, path) in [
        (order.root, new_clone.as_path()),
        (order.root, order.clone),
        (private_root, &new_private),
        (private_root, order.private),
    ] {
        remove_tree(root, path)?;
    }
    fs_err::create_dir(&new_clone)?;
    fill(order, &facts, &new_private, &new_clone)?;
    show(&new_clone, "goal.md", order.goal_text)?;
    fs_err::rename(&new_clone, order.clone)?;
    fs_err::rename(&new_private, order.private)?;
    let private = PrivateGit::at(order.private, order.clone, order.key.clone());
    Ok(Prepared { start: facts.start, base: facts.base, tip: facts.tip, private })
}

/// Fills the clone and its private git directory from the template of the base branch.
fn fill(order: &PrepareOrder<'_>, facts: &Facts, private: &Path, clone: &Path) -> Result<()> {
    let template = order.templates.ready(order.mirror, order.base_branch, &order.base)?;
    let (branch, branch_ref) = (order.key.branch(), order.key.branch_ref());
    let git = CloneGit {
        template: &template,
        lender: order.vault.bare(),
        base: &order.base,
        tip: &facts.tip,
        branch: Some(&branch),
    };
    let index = git.make(clone)?;
    template.copy_private_to(private)?;
    lend_all(private, &order.vault.objects())?;
    Lfs::hand_on(order.vault.bare().path(), private)?;
    fs_err::write(private.join("index"), index)?;
    fs_err::write(private.join("HEAD"), format!("ref: {branch_ref}\n"))?;
    let tip = &facts.tip;
    fs_err::write(private.join("packed-refs"), format!("{tip} {branch_ref}\n{tip} {REFRESHED}\n"))?;
    let made = PrivateGit::at(private, clone, order.key.clone());
    if git.bring_to_tip(made.git("read-tree")?)? {
        fs_err::copy(private.join("index"), clone.join(".git/index"))?;
    }
    let text = serde_json::to_vec_pretty(facts).map_err(std::io::Error::from)?;
    fs_err::write(private.join(PREPARED), text)?;
    Ok(())
}

/// Removes what [`prepare`] has made at `path`, the clone or the private git directory, and what it had begun
/// to make there if it was not let finish.
///
/// # Errors
/// `path` is not below `root`, a directory on the way is a link, or the system refuses.
pub fn remove_prepared(root: &Path, path: &Path) -> Result<()> {
    remove_tree(root, path)?;
    remove_tree(root, &sibling(path))
}

/// The name under which a directory is built before it gets its own.
fn sibling(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_and_what_was_only_begun_are_removed() {
        let root = tempfile::tempdir().unwrap();
        let clone = root.path().join("o/r/1-1");
        for directory in [&clone, &sibling(&clone), &root.path().join("o/r/2-1")] {
            std::fs::create_dir_all(directory).unwrap();
            std::fs::write(directory.join("file"), "").unwrap();
        }
        for _ in 0..2 {
            remove_prepared(root.path(), &clone).unwrap();
            let left = std::fs::read_dir(root.path().join("o/r")).unwrap();
            assert_eq!(left.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(), ["2-1"]);
        }
    }
}
