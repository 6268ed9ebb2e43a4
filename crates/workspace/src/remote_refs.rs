//! Refs of a remote that hold a few words each, read all at one time, and moved all or none, work with them.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, succeeded};
use crate::id::{CommitId, Signature};
use crate::reading::Objects;
use crate::writing;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one call may take: a few hundred bytes on their way. Somebody waits for the answer, and a lease runs out.
const PATIENCE: Duration = Duration::from_secs(60);

/// One ref of a remote to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefMove {
    /// Its whole name.
    pub name: String,
    /// Where it must be now; `None` if it must not exist.
    pub old: Option<CommitId>,
    /// Where it goes; `None` removes it.
    pub new: Option<CommitId>,
}

impl Bare {
    /// What the refs of a remote that fit one of the patterns point at, all seen at one time. `*` stands for any
    /// characters.
    ///
    /// # Errors
    /// The remote cannot be reached.
    pub fn remote_refs(
        &self,
        url: &str,
        patterns: &[String],
        user: &UserEnvironment,
    ) -> Result<BTreeMap<String, CommitId>> {
        let git = Git::reaching("ls-remote", url, user)?.time_limit(PATIENCE);
        let answer = git.args(["--refs", "--", url]).args(patterns).answer()?;
        let text = String::from_utf8_lossy(&answer);
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        lines.map(|(id, name)| Ok((name.to_owned(), CommitId::parse(id)?))).collect()
    }

    /// The messages of a remote's commits, fetched as far as they are not here yet.
    ///
    /// # Errors
    /// The remote cannot be reached, or a commit is gone there.
    pub fn remote_messages(
        &self,
        url: &str,
        commits: &[&CommitId],
        user: &UserEnvironment,
    ) -> Result<BTreeMap<CommitId, String>> {
        let Some(first) = commits.first() else { return Ok(BTreeMap::new()) };
        let objects = Objects::of(self, first)?;
        let mut missing = Vec::new();
        for commit in commits {
            if objects.commit(commit)?.is_none() {
                missing.push(commit.as_str());
            }
        }
        if !missing.is_empty() {
            let git = self.reaching("fetch", url, user)?.time_limit(PATIENCE);
            git.args(["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--", url])
                .args(missing)
                .done()?;
        }
        let objects = Objects::of(self, first)?;
        let message = |commit: &&CommitId| {
            let found = objects.commit(commit)?.ok_or_else(|| WorkspaceError::Unreadable {
                object: commit.to_string(),
                reason: "it is not there".to_owned(),
            });
            Ok(((*commit).clone(), found?.1.message))
        };
        commits.iter().map(message).collect()
    }

    /// Makes a commit without files, for its message. No ref is moved.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn message_commit(
        &self,
        parent: Option<&CommitId>,
        message: &str,
        signature: &Signature,
    ) -> Result<CommitId> {
        let tree = self.git("mktree").object()?;
        writing::commit(self, &tree, parent, message, signature)
    }

    /// Moves refs of a remote, all of them from where they are thought to be, or none. What Git LFS keeps of a branch
    /// goes there first.
    ///
    /// # Errors
    /// It is not known to be done: a ref was elsewhere, the remote said no, or its answer was lost.
    pub fn move_remote_refs(&self, url: &str, moves: &[RefMove], user: &UserEnvironment) -> Result<()> {
        let is_branch = |to: &&RefMove| to.name.starts_with("refs/heads/");
        for RefMove { old, new, .. } in moves.iter().filter(is_branch) {
            let Some(new) = new else { continue };
            // Another machine may have put the branch where it was.
            let old = match old {
                Some(old) if self.contains(old)? => Some(old),
                Some(_) | None => None,
            };
            self.upload_contents((old, new), url, user)?;
        }
        let Some(any) = moves.iter().find_map(|to| to.new.as_ref().or(to.old.as_ref())) else {
            return Ok(());
        };
        let git = self.pushing(any.object_format(), url, user)?;
        let git = if moves.iter().any(|to| is_branch(&to)) { git } else { git.time_limit(PATIENCE) };
        let text = |id: &Option<CommitId>| id.as_ref().map(CommitId::to_string).unwrap_or_default();
        let leases = moves.iter().map(|to| format!("--force-with-lease={}:{}", to.name, text(&to.old)));
        let specs = moves.iter().map(|to| format!("{}:{}", text(&to.new), to.name));
        let finished = git
            .args(["--porcelain", "--atomic", "--no-verify", "--no-follow-tags", "--no-signed"])
            .args(leases)
            .args(["--", url])
            .args(specs)
            .finish()?;
        succeeded(finished, "push").map(drop)
    }
}
