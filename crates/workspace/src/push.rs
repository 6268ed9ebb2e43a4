//! Moving a branch of a remote by compare-and-swap.

mod porch;
mod unfinished;

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, checked_branch, checked_url};
use crate::id::CommitId;
use herder_oneshot::Finished;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use unfinished::Unfinished;

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "push", rename_all = "snake_case")]
pub enum Push {
    /// The remote's branch is at the commit.
    Done,
    /// Somebody else has moved the remote's branch meanwhile; it is where they left it.
    Lost {
        /// Where it is now; `None` if it is gone.
        now: Option<CommitId>,
    },
    /// The remote said no, and its branch is where it was.
    Refused {
        /// What it said.
        message: String,
    },
}

/// What is to be pushed where.
#[derive(Debug, Clone, Copy)]
pub struct PushOrder<'a> {
    /// The remote's address.
    pub url: &'a str,
    /// The commit.
    pub commit: &'a CommitId,
    /// The remote's branch.
    pub branch: &'a str,
    /// Where that branch must be now; `None` if it must not exist.
    pub expected_old: Option<&'a CommitId>,
}

impl Bare {
    /// Moves a branch of the remote from the expected commit to the new one, or not at all. If the
    /// answer leaves it open, the remote is asked where its branch is.
    ///
    /// # Errors
    /// The new commit does not contain the expected one, a name is unusable, or after a failure the
    /// remote cannot even be asked ([`WorkspaceError::PushUnknown`]: it may have arrived).
    pub fn push(&self, order: PushOrder<'_>, user: &UserEnvironment) -> Result<Push> {
        if let Some(old) = order.expected_old
            && !self.is_ancestor(old, order.commit)?
        {
            return Err(WorkspaceError::NotDescendant { old: old.clone(), new: order.commit.clone() });
        }
        let branch = checked_branch(order.branch)?;
        let url = checked_url(order.url)?;
        self.upload_contents((order.expected_old, order.commit), url, user)?;
        let here = Unfinished::of(self.path(), url, branch);
        if let Some(here) = &here {
            here.begin(order.commit)?;
        }
        let said = match self.try_push(order, user) {
            Ok(finished) if finished.status.success() => None,
            Ok(finished) => Some(reason(&finished.stdout.text(), &finished.stderr.text())),
            // Turned away at the door: nothing was pushed, and nothing could be asked.
            Err(error @ (WorkspaceError::TokenRefused { .. } | WorkspaceError::NoToken { .. })) => {
                return Err(error);
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(here) = &here {
            here.end();
        }
        said.map_or(Ok(Push::Done), |said| settle(order, said, user))
    }

    /// Removes what pushes from here to `url` that nobody saw the end of have left there, if that is a directory
    /// of this machine: no later push may come to do it, and others push there, too.
    ///
    /// # Errors
    /// This repository cannot be read.
    pub fn settle_pushes(&self, url: &str) -> Result<()> {
        if !self.exists() {
            return Ok(());
        }
        for push in Unfinished::noted(self.path(), url)? {
            push.remove_left()?;
            push.end();
        }
        Ok(())
    }

    fn try_push(&self, order: PushOrder<'_>, user: &UserEnvironment) -> Result<Finished> {
        let PushOrder { url, commit, branch, expected_old } = order;
        let old = expected_old.map(CommitId::as_str).unwrap_or_default();
        self.pushing(commit.object_format(), url, user)?
            .args(["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"])
            .arg(format!("--force-with-lease=refs/heads/{branch}:{old}"))
            .args(["--", url])
            .arg(format!("{commit}:refs/heads/{branch}"))
            .finish()
    }
}

/// The push failed somehow; the remote's branch says what really happened.
fn settle(order: PushOrder<'_>, said: String, user: &UserEnvironment) -> Result<Push> {
    let Ok(now) = remote_tip(order.url, order.branch, user) else {
        return Err(WorkspaceError::PushUnknown { branch: order.branch.to_owned(), push: said });
    };
    if now.as_ref() == Some(order.commit) {
        return Ok(Push::Done);
    }
    if now.as_ref() != order.expected_old {
        return Ok(Push::Lost { now });
    }
    Ok(Push::Refused { message: said })
}

/// Where a branch of a remote is.
///
/// # Errors
/// The remote cannot be reached.
pub fn remote_tip(url: &str, branch: &str, user: &UserEnvironment) -> Result<Option<CommitId>> {
    tip_of(url, branch, None, user)
}

/// Where a branch of a remote is, asked with other patience than a fetch has.
pub(crate) fn tip_of(
    url: &str,
    branch: &str,
    patience: Option<Duration>,
    user: &UserEnvironment,
) -> Result<Option<CommitId>> {
    let name = format!("refs/heads/{}", checked_branch(branch)?);
    let git = Git::reaching("ls-remote", url, user)?.args(["--", url, &name]);
    let answer = patience.into_iter().fold(git, Git::time_limit).answer()?;
    let text = String::from_utf8_lossy(&answer);
    let mut tips = text.lines().filter_map(|line| line.split_once('\t'));
    tips.find(|(_, found)| *found == name).map(|(id, _)| CommitId::parse(id)).transpose()
}

/// The line of `git push --porcelain` that says why (`!\t<from>:<to>\t<summary> (<reason>)`), and what
/// the remote's hooks said.
fn reason(stdout: &str, stderr: &str) -> String {
    let refused = stdout.lines().filter_map(|line| line.strip_prefix("!\t"));
    let refused = refused.filter_map(|line| line.split_once('\t').map(|(_, why)| why.to_owned()));
    let said = stderr.lines().filter_map(|line| line.strip_prefix("remote:"));
    let said = said.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
    let lines: Vec<String> = refused.chain(said).collect();
    if lines.is_empty() { stderr.to_owned() } else { lines.join("; ") }
}
