//! A goal's work as one commit on the tip of its base branch.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::id::{CommitId, Signature};
use crate::merge::{Merged, carry};
use crate::reading::Objects;
use crate::vault::Vault;
use crate::writing::commit;
use std::path::PathBuf;

/// What is to become one commit.
#[derive(Debug, Clone)]
pub struct SquashOrder {
    /// The tip of the base branch; [`Vault::take`] must have brought it here.
    pub base_tip: CommitId,
    /// The commit of the base branch that the work began at.
    pub work_base: CommitId,
    /// The last snapshot of the work.
    pub tip: CommitId,
    /// The whole message, see [`LandingMessage`](crate::LandingMessage).
    pub message: String,
    /// Author and committer; with a fixed time the commit is the same however often it is made.
    pub signature: Signature,
}

/// What became of a squash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Squash {
    /// One commit on the base tip.
    Commit(CommitId),
    /// The base branch has changed the same places of these files.
    Conflict {
        /// The files, from the top of the repository.
        files: Vec<PathBuf>,
    },
    /// Nothing is left that the base tip lacks.
    Empty,
}

impl Vault {
    /// Carries the work onto the base tip and makes one commit of it. No ref is moved.
    ///
    /// # Errors
    /// A commit is missing here, or git cannot be run.
    pub fn squash(&self, order: &SquashOrder) -> Result<Squash> {
        let bare: &Bare = self.bare();
        let tree = match carry(bare, &order.work_base, &order.tip, &order.base_tip)? {
            Merged::Tree(tree) => tree,
            Merged::Conflict(files) => return Ok(Squash::Conflict { files }),
        };
        if tree == bare.tree_of(&order.base_tip)? {
            return Ok(Squash::Empty);
        }
        commit(bare, &tree, Some(&order.base_tip), &order.message, &order.signature).map(Squash::Commit)
    }

    /// The same commit with another message.
    ///
    /// # Errors
    /// The commit is missing, or the vault cannot be written.
    pub fn reword(&self, squashed: &CommitId, message: &str, signature: &Signature) -> Result<CommitId> {
        let bare = self.bare();
        let facts = Objects::of(bare, squashed)?.commit(squashed)?;
        let (_, facts) = facts.ok_or_else(|| WorkspaceError::Unreadable {
            object: squashed.to_string(),
            reason: "it is not there".to_owned(),
        })?;
        commit(bare, &facts.tree, facts.parents.first(), message, signature)
    }
}
