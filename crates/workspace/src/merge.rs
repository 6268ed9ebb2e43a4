//! Carrying changes from one base to another, in a bare repository without a work tree.

use crate::bare::Bare;
use crate::error::Result;
use crate::git::{succeeded, unparsable};
use crate::id::{CommitId, Identity, Signature};
use crate::writing::commit;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Merged {
    /// The tree that holds both sides.
    Tree(CommitId),
    /// Both sides changed the same places of these files.
    Conflict(Vec<PathBuf>),
}

/// The tree of `onto` with the changes from `from` to `tip` applied.
///
/// The merge base must be exactly `from`, whatever history says (the base branch may have been
/// rewritten). `git merge-tree --merge-base` does that only since git 2.40; three commits without
/// further history do it since 2.38, in which `--write-tree` came.
pub(crate) fn carry(bare: &Bare, from: &CommitId, tip: &CommitId, onto: &CommitId) -> Result<Merged> {
    if from == onto {
        return bare.tree_of(tip).map(Merged::Tree);
    }
    let base = bare_commit(bare, &bare.tree_of(from)?, None)?;
    let ours = bare_commit(bare, &bare.tree_of(onto)?, Some(&base))?;
    let theirs = bare_commit(bare, &bare.tree_of(tip)?, Some(&base))?;
    let finished = bare
        .git("merge-tree")
        // What is merged may land, and the vault answers for it then; by itself git syncs packs only.
        .setting("core.fsync=loose-object")
        .args(["--write-tree", "-z", "--name-only", "--no-messages", ours.as_str(), theirs.as_str()])
        .finish()?;
    let finished = match finished.status.code() {
        Some(1) => finished,
        _ => succeeded(finished, "merge-tree")?,
    };
    let answer = &finished.stdout.bytes;
    let mut fields = answer.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    let tree = fields.next().ok_or_else(|| unparsable("merge-tree", answer))?;
    if finished.status.success() {
        let tree = std::str::from_utf8(tree).map_err(|_| unparsable("merge-tree", answer))?;
        return CommitId::parse(tree.trim_end()).map(Merged::Tree);
    }
    Ok(Merged::Conflict(fields.map(|field| PathBuf::from(OsStr::from_bytes(field))).collect()))
}

/// A commit that only carries a tree. It is the same one every time, so repeating leaves nothing new.
fn bare_commit(bare: &Bare, tree: &CommitId, parent: Option<&CommitId>) -> Result<CommitId> {
    let who = Identity { name: "herder".to_owned(), email: "herder@localhost".to_owned() };
    let signature = Signature { who, at: jiff::Timestamp::UNIX_EPOCH };
    commit(bare, tree, parent, "carry", &signature)
}
