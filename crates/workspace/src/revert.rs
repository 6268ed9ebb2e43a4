//! Taking a landed commit out of the base branch.

use crate::error::Result;
use crate::id::{CommitId, Signature};
use crate::merge::{Merged, carry};
use crate::squash::Squash;
use crate::vault::Vault;
use crate::writing::commit;

/// What is to be taken out.
#[derive(Debug, Clone)]
pub struct RevertOrder {
    /// The tip of the base branch; [`Vault::take`] must have brought it here.
    pub base_tip: CommitId,
    /// The commit that landed: one on top of the base branch as it was then.
    pub landed: CommitId,
    /// The whole message, see [`RevertMessage`](crate::RevertMessage).
    pub message: String,
    /// Author and committer; with a fixed time the commit is the same however often it is made.
    pub signature: Signature,
}

impl Vault {
    /// Makes a commit on the base tip that takes the landed one's changes out. No ref is moved.
    /// [`Squash::Empty`] where nothing of them is left there.
    ///
    /// # Errors
    /// A commit is missing here, or git cannot be run.
    pub fn revert(&self, order: &RevertOrder) -> Result<Squash> {
        let bare = self.bare();
        let Some(before) = bare.resolve(&format!("{}^", order.landed))? else {
            return Ok(Squash::Empty);
        };
        let tree = match carry(bare, &order.landed, &before, &order.base_tip)? {
            Merged::Tree(tree) => tree,
            Merged::Conflict(files) => return Ok(Squash::Conflict { files }),
        };
        if tree == bare.tree_of(&order.base_tip)? {
            return Ok(Squash::Empty);
        }
        commit(bare, &tree, Some(&order.base_tip), &order.message, &order.signature).map(Squash::Commit)
    }
}
