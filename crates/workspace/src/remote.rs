//! What a repository is, before herder works on it.

use crate::error::Result;
use crate::git::{Git, UserEnvironment, checked_url};
use crate::jobs_ground::JobsGround;
use crate::mirror::remote_head;
use std::path::{Path, PathBuf};

/// What is known about a repository that a person named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteFacts {
    /// Whether it is a repository that can be read.
    pub is_repository: bool,
    /// Whether it is bare; `None` if it is not on this machine.
    pub is_bare: Option<bool>,
    /// The branch that is checked out in a repository on this machine with a work tree. Git refuses a
    /// push to it.
    pub checked_out_branch: Option<String>,
    /// Other branches that are checked out in its further work trees.
    pub worktree_branches: Vec<String>,
    /// The branch that its HEAD names.
    pub default_branch: Option<String>,
    /// The address of its `origin`, for a repository on this machine.
    pub origin_url: Option<String>,
    /// The top of its work tree, or its directory if it is bare.
    pub top: Option<PathBuf>,
    /// What git said if it is no repository.
    pub problem: Option<String>,
}

impl RemoteFacts {
    /// Whether git would refuse a push to `branch` because it is checked out there.
    pub fn refuses_push_to(&self, branch: &str) -> bool {
        self.is_bare == Some(false)
            && (self.checked_out_branch.as_deref() == Some(branch)
                || self.worktree_branches.iter().any(|checked_out| checked_out == branch))
    }
}

/// Looks at a directory (an absolute path) or an address.
///
/// # Errors
/// Git cannot be run. A repository that is none, cannot be reached, or lies where jobs write ([`JobsGround`]), is a
/// fact and no error.
pub fn inspect_remote(path_or_url: &str, user: &UserEnvironment) -> Result<RemoteFacts> {
    let text = checked_url(path_or_url)?;
    let path = Path::new(text.strip_prefix("file://").unwrap_or(text));
    if path.is_absolute() {
        return inspect_directory(path, user);
    }
    match remote_head(text, user) {
        Ok(head) => {
            Ok(RemoteFacts { is_repository: true, default_branch: head.branch, ..RemoteFacts::default() })
        }
        Err(error) => Ok(RemoteFacts { problem: Some(error.to_string()), ..RemoteFacts::default() }),
    }
}

fn inspect_directory(path: &Path, user: &UserEnvironment) -> Result<RemoteFacts> {
    if !path.is_dir() {
        let problem = Some(format!("`{}` is not a directory", path.display()));
        return Ok(RemoteFacts { problem, ..RemoteFacts::default() });
    }
    if let Err(refused) = JobsGround::refuse(path) {
        return Ok(RemoteFacts { problem: Some(format!("failed to {refused}")), ..RemoteFacts::default() });
    }
    let ask = |command: &str| Git::outside(command, user).in_directory(path);
    let asked = ["--path-format=absolute", "--is-bare-repository", "--git-common-dir"];
    let finished = ask("rev-parse").args(asked).finish()?;
    if !finished.status.success() {
        return Ok(RemoteFacts { problem: Some(finished.stderr.text()), ..RemoteFacts::default() });
    }
    let said = finished.stdout.text();
    let (is_bare, common) = said.split_once('\n').unwrap_or((said.as_str(), ""));
    // Another work tree of an agent's repository may lie anywhere.
    if let Err(refused) = JobsGround::refuse(Path::new(common)) {
        return Ok(RemoteFacts { problem: Some(format!("failed to {refused}")), ..RemoteFacts::default() });
    }
    let is_bare = is_bare == "true";
    let word = |git: Git| -> Result<Option<String>> {
        let finished = git.finish()?;
        let text = finished.stdout.text();
        Ok(Some(text).filter(|text| finished.status.success() && !text.is_empty()))
    };
    let head = word(ask("symbolic-ref").args(["--quiet", "--short", "HEAD"]))?;
    let place = if is_bare { "--absolute-git-dir" } else { "--show-toplevel" };
    Ok(RemoteFacts {
        is_repository: true,
        is_bare: Some(is_bare),
        checked_out_branch: head.clone().filter(|_| !is_bare),
        worktree_branches: worktree_branches(&ask("worktree").args(["list", "--porcelain"]).answer()?),
        default_branch: head,
        origin_url: word(ask("config").args(["--get", "remote.origin.url"]))?,
        top: word(ask("rev-parse").arg(place))?.map(PathBuf::from),
        problem: None,
    })
}

/// The branches in `git worktree list --porcelain` but the first work tree's, which is the repository's own.
fn worktree_branches(listed: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(listed);
    let further = text.split("\n\n").skip(1);
    further
        .flat_map(|block| block.lines())
        .filter_map(|line| line.strip_prefix("branch refs/heads/").map(str::to_owned))
        .collect()
}
