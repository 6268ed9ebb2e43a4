//! Why something could not be done with a repository or a clone.

use crate::id::CommitId;
use crate::jobs_ground::JobsGround;
use herder_oneshot::OneShotError;
use std::path::PathBuf;

/// Why something could not be done with a repository or a clone.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Git could not be run, or ended with an error.
    #[error("run `git {command}`: {source}")]
    Git {
        /// The git command, without its options.
        command: String,
        /// What happened.
        source: OneShotError,
    },
    /// Git's answer was cut off at the size that is kept.
    #[error("keep the answer of `git {command}`: it is larger than {cap} bytes")]
    AnswerTooLarge {
        /// The git command, without its options.
        command: String,
        /// How much would have been kept.
        cap: usize,
    },
    /// Git said something that its documentation does not.
    #[error("understand the answer of `git {command}`: {answer:?}")]
    Unparsable {
        /// The git command, without its options.
        command: String,
        /// The part that was not understood.
        answer: String,
    },
    /// An object is missing or broken.
    #[error("read the git object {object}: {reason}")]
    Unreadable {
        /// Its name.
        object: String,
        /// What is wrong.
        reason: String,
    },
    /// The repository keeps files in Git LFS, and git-lfs is not on this machine.
    #[error(
        "write the files of the repository: it keeps some in Git LFS, and git-lfs is not installed here; install it \
         (Debian: apt-get install git-lfs)"
    )]
    NoLfs,
    /// The file that says where contents of Git LFS are is none that herder has written.
    #[error("read `{}`, which says where contents of Git LFS are", path.display())]
    BrokenMark {
        /// The file.
        path: PathBuf,
    },
    /// Git LFS should keep the contents of files, and neither this machine nor the remote has them.
    #[error(
        "find the contents that Git LFS should have of {files:?}: neither the remote nor this machine has them"
    )]
    NoContents {
        /// The files, from the top of the repository.
        files: Vec<PathBuf>,
    },
    /// A file could not be read or written; the message names it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A path leads out of the directory that it must stay in, or is that directory itself.
    #[error("use `{}`: it is not below `{}`", path.display(), root.display())]
    Outside {
        /// The offending path.
        path: PathBuf,
        /// The directory that it must stay in.
        root: PathBuf,
    },
    /// An agent writes there: git would do what it says.
    #[error("run git in `{}`: it lies in {ground}, where agents write", path.display())]
    JobsGround {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        ground: JobsGround,
    },
    /// A directory on the way is a symbolic link or no directory.
    #[error("enter `{}`: it is not a plain directory", path.display())]
    NotPlainDirectory {
        /// The offending component.
        path: PathBuf,
    },
    /// Not the name of a commit.
    #[error("read {text:?} as a commit id")]
    BadCommitId {
        /// The text.
        text: String,
    },
    /// Not usable as a run's name in a ref.
    #[error("use {text:?} as the name of a run")]
    BadRunName {
        /// The text.
        text: String,
    },
    /// Not usable as a branch name or an address.
    #[error("use {text:?} as {what}")]
    BadName {
        /// The text.
        text: String,
        /// What it was to be.
        what: &'static str,
    },
    /// A branch that should exist does not.
    #[error("find the branch `{branch}` of `{url}`")]
    NoBranch {
        /// The branch.
        branch: String,
        /// The repository.
        url: String,
    },
    /// A file is larger than the caller can use.
    #[error("read `{path}`: it has {size} bytes, more than {max}")]
    FileTooLarge {
        /// The file in its commit.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The largest size taken.
        max: u64,
    },
    /// The work tree of a run vanished while its private git directory holds work.
    #[error("find the clone `{}` although its run has snapshots", clone.display())]
    CloneMissing {
        /// The clone.
        clone: PathBuf,
    },
    /// A directory that must be new or empty is not.
    #[error("fill `{}`: it is not empty", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A branch would be moved to a commit that does not contain its present one.
    #[error("move a branch from {old} to {new}: the new commit does not contain the old one")]
    NotDescendant {
        /// Where the branch is.
        old: CommitId,
        /// Where it was to go.
        new: CommitId,
    },
    /// After a failed push, not even the remote's branches could be listed.
    #[error("learn whether the push to `{branch}` arrived: {push}")]
    PushUnknown {
        /// The branch.
        branch: String,
        /// What the push said.
        push: String,
    },
    /// There should be a token for an address, and there is none.
    #[error("get a token for `{url}`: {why}")]
    NoToken {
        /// The address.
        url: String,
        /// Why not; without a token in it.
        why: String,
    },
    /// The forge does not take the token.
    #[error("reach `{url}` with herder's token: {why}")]
    TokenRefused {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The objects of a snapshot do not pass git's own check and the culprit could not be named.
    #[error("pass the check of the snapshot's objects: {message}")]
    BrokenObjects {
        /// What git said.
        message: String,
    },
    /// The git found is too old.
    #[error("use git {found}: {needed} or later is needed")]
    GitTooOld {
        /// The version found.
        found: String,
        /// The oldest that works.
        needed: String,
    },
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, WorkspaceError>;
