//! Git: mirror, vault, clone, snapshot, squash, push.
//!
//! This crate alone knows git: its command line, and gitoxide's object database for what our own bare
//! repositories hold. What an agent has touched is never trusted: no hook, filter, monitor or merge driver
//! of a clone, of a repository nested in it or of the user's own configuration runs in herder's name. It
//! knows no forge and keeps no state but the directories it is given. All calls block.
//!
//! The way of a goal's work: [`Mirror`] fetches the base branch; [`prepare()`] makes a clone and a
//! [`PrivateGit`] beside it; [`PrivateGit::snapshot`] commits what the agent left; [`Vault::fetch_run`]
//! keeps it for ever; [`Vault::squash`] makes one commit of it; [`Bare::checkout`] gives the gate clean
//! files; [`Bare::push`] moves the branch of the remote, or loses the race and says so.
//!
//! Submodules are empty directories until [`fill_submodules`] writes the pinned files into them. No filter ever
//! runs but git-lfs, for a repository of which [`ready_contents`] has seen that it keeps files in Git LFS.

mod access;
mod bare;
mod beside;
mod bundle;
mod cached;
mod check;
mod checkout;
mod clone_git;
mod contained;
mod copying;
mod diff;
mod error;
mod git;
mod id;
mod index_file;
mod jobs_ground;
mod laying_out;
mod lfs;
mod merge;
mod message;
mod mirror;
mod neighbour;
mod objects;
mod offer;
mod opened;
mod own_history;
mod packing;
mod place;
mod prepare;
mod private;
mod push;
mod reading;
mod ref_files;
mod remote;
mod remote_refs;
mod removal;
mod revert;
mod salvage;
mod scratch;
mod snapshot;
mod squash;
mod standalone;
mod submodules;
mod template;
mod transfer;
mod tree_writing;
mod vault;
mod writing;

pub use access::{GitToken, GitTokens};
pub use bare::{Bare, TreeEntry};
pub use cached::{Cached, Hold, caches_lock, hold, try_hold, use_caches};
pub use check::{RemoteCheck, check, check_remote};
pub use checkout::History;
pub use copying::copy_tree;
pub use diff::{ChangeKind, DiffFacts, FileChange, Patch};
pub use error::{Result, WorkspaceError};
pub use git::UserEnvironment;
pub use id::{CommitId, Identity, RunKey, Signature, branch_of};
pub use jobs_ground::{JobsGround, ROOT_OWNER};
pub use lfs::{lfs_program, missing_contents, ready_contents};
pub use message::{LandingMessage, RevertMessage};
pub use mirror::Mirror;
pub use offer::{OfferPlace, OfferedAt};
pub use place::{Place, make_parents};
pub use prepare::{PrepareOrder, Prepared, Start, prepare, remove_prepared};
pub use private::PrivateGit;
pub use push::{Push, PushOrder, remote_tip};
pub use remote::{RemoteFacts, inspect_remote};
pub use remote_refs::RefMove;
pub use removal::remove_tree;
pub use revert::RevertOrder;
pub use salvage::{Branched, Saved};
pub use scratch::left_beside;
pub use snapshot::{Refreshed, Skipped, Snapshot, SnapshotLimits, SnapshotOrder, WhySkipped};
pub use squash::{Squash, SquashOrder};
pub use standalone::{Checkout, Moved, Standalone, WhyNotMoved};
pub use submodules::{Submodule, fill_submodules, submodule_mirrors};
pub use template::Templates;
pub use vault::{GoalBranch, Vault};
