//! The mirror: a bare copy of a repository's branches, a cache that may be deleted at any time.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, checked_branch, checked_url};
use crate::id::CommitId;
use crate::neighbour::Neighbour;
use crate::objects::gather;
use crate::ref_files::{read_ref, write_ref};
use crate::transfer::{Load, bring};
use crate::vault::Vault;
use herder_oneshot::OneShotError;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Where the branches of the remote lie in the mirror.
pub(crate) const BRANCHES: &str = "refs/remotes/origin";

/// The file that says with which settings the mirror was made.
const CONFIGURED: &str = "herder.configured";

/// The file whose age is that of the last fetch.
const FETCHED: &str = "herder.fetched";

/// How often a fetch that met another one is tried again, and the pause before. Nobody else of ours fetches meanwhile, so
/// that other one has outlived the process that started it; it brings the same.
const CONTENDED_MAX: usize = 10;
const CONTENDED_PAUSE: Duration = Duration::from_secs(1);

/// A bare copy of a repository's branches.
#[derive(Debug, Clone)]
pub struct Mirror {
    bare: Bare,
    url: String,
}

impl Mirror {
    /// Opens the mirror of `url` at `path`, making it if it is missing. Nothing is fetched; making it
    /// asks the remote for its hash function.
    ///
    /// # Errors
    /// The address is unusable, the remote cannot be reached, or the directory cannot be made.
    pub fn open_or_create(path: &Path, url: &str, user: &UserEnvironment) -> Result<Self> {
        let url = checked_url(url)?.to_owned();
        let mut bare = Bare::at(path);
        if !bare.exists() {
            let head = remote_head(&url, user)?;
            bare = Bare::create(path, head.tip.as_ref().map_or("sha1", CommitId::object_format))?;
        }
        let mirror = Self { bare, url };
        mirror.configure()?;
        Ok(mirror)
    }

    fn configure(&self) -> Result<()> {
        let wanted = [
            ("remote.origin.url", self.url.as_str()),
            ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
            ("gc.auto", "0"),
            ("fetch.unpackLimit", "1"),
        ];
        let settings: String = wanted.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        let made = self.bare.path().join(CONFIGURED);
        if std::fs::read_to_string(&made).is_ok_and(|made| made == settings) {
            return Ok(());
        }
        let _alone = self.bare.alone()?;
        for (name, value) in wanted {
            self.bare.git("config").args([name, value]).done()?;
        }
        Ok(fs_err::write(made, settings)?)
    }

    /// The repository, for questions.
    pub fn bare(&self) -> &Bare {
        &self.bare
    }

    /// The remote's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Brings all branches up to date (from a directory of this machine only where they are not), and learns the remote's default branch where that is not known or is
    /// gone.
    ///
    /// # Errors
    /// The remote cannot be reached or refuses, or the mirror cannot be written.
    pub fn fetch(&self, user: &UserEnvironment) -> Result<()> {
        let alone = self.bare.alone()?;
        let mut tries = 0..CONTENDED_MAX;
        while let Err(error) = self.bring_branches(user) {
            if !is_contended(&error) || tries.next().is_none() {
                return Err(error);
            }
            std::thread::sleep(CONTENDED_PAUSE);
        }
        if !self.knows_default_branch()? {
            self.learn_default_branch(user)?;
        }
        gather(&self.bare, &alone)?;
        fs_err::write(self.bare.path().join(FETCHED), "")?;
        Ok(())
    }

    fn bring_branches(&self, user: &UserEnvironment) -> Result<()> {
        if self.is_current(user) {
            return Ok(());
        }
        self.bare
            .reaching("fetch", &self.url, user)?
            .args(["--quiet", "--prune", "--no-write-fetch-head", "--no-auto-maintenance", "origin"])
            .done()
    }

    /// Whether a fetch would bring nothing, as far as that can be seen without one.
    fn is_current(&self, user: &UserEnvironment) -> bool {
        let Some(remote) = Neighbour::at(&self.url) else { return false };
        user.keeps(&self.url).unwrap_or(false)
            && remote.has_nothing_for(&self.bare, BRANCHES).unwrap_or(false)
    }

    /// Takes a commit that was pushed to a branch of the remote from `vault`, instead of fetching it from there: only
    /// where the branch was at `old` before, as the push has shown, and is here. Gives whether that was so.
    ///
    /// # Errors
    /// The vault lacks the commit, or the mirror cannot be written. The next fetch brings it then.
    pub fn take_pushed(&self, vault: &Vault, branch: &str, old: &CommitId, new: &CommitId) -> Result<bool> {
        let name = format!("{BRANCHES}/{}", checked_branch(branch)?);
        let _alone = self.bare.alone()?;
        if read_ref(&self.bare, &name)?.as_ref() != Some(old) {
            return Ok(false);
        }
        let from = vault.bare().path();
        bring(&self.bare, Load { from, tips: vec![new], known: vec![old.clone()], check: None })?;
        write_ref(&self.bare, &name, new)?;
        Ok(true)
    }

    fn knows_default_branch(&self) -> Result<bool> {
        let head = self.bare.path().join(BRANCHES).join("HEAD");
        let target = std::fs::read_to_string(head).unwrap_or_default();
        match target.trim_end().strip_prefix("ref: ") {
            Some(branch) => Ok(read_ref(&self.bare, branch)?.is_some()),
            None => Ok(false),
        }
    }

    fn learn_default_branch(&self, user: &UserEnvironment) -> Result<()> {
        let Some(branch) = remote_head(&self.url, user)?.branch else {
            return Ok(());
        };
        self.bare
            .git("symbolic-ref")
            .arg(format!("{BRANCHES}/HEAD"))
            .arg(format!("{BRANCHES}/{}", checked_branch(&branch)?))
            .done()
    }

    /// How long ago the last fetch was (wall clock); `None` if never or in the future.
    pub fn age(&self) -> Option<Duration> {
        let modified =
            std::fs::metadata(self.bare.path().join(FETCHED)).and_then(|meta| meta.modified()).ok()?;
        SystemTime::now().duration_since(modified).ok()
    }

    /// The remote's default branch, as it was when it was first asked for; `None` for an empty repository.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn default_branch(&self) -> Result<Option<String>> {
        let head = format!("{BRANCHES}/HEAD");
        let finished = self.bare.git("symbolic-ref").args(["--quiet", &head]).finish()?;
        let target = finished.stdout.text();
        Ok(target.strip_prefix(&format!("{BRANCHES}/")).map(str::to_owned))
    }

    /// The commit at the tip of `branch`, as of the last fetch.
    ///
    /// # Errors
    /// There is no such branch, or git cannot be run.
    pub fn tip(&self, branch: &str) -> Result<CommitId> {
        let name = format!("{BRANCHES}/{}", checked_branch(branch)?);
        read_ref(&self.bare, &name)?
            .ok_or_else(|| WorkspaceError::NoBranch { branch: branch.to_owned(), url: self.url.clone() })
    }
}

/// What a remote's HEAD says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RemoteHead {
    pub(crate) branch: Option<String>,
    pub(crate) tip: Option<CommitId>,
}

/// Asks a remote for its HEAD; both parts are missing for an empty repository.
pub(crate) fn remote_head(url: &str, user: &UserEnvironment) -> Result<RemoteHead> {
    let answer = Git::reaching("ls-remote", url, user)?.args(["--symref", "--", url, "HEAD"]).answer()?;
    let mut head = RemoteHead::default();
    for line in String::from_utf8_lossy(&answer).lines() {
        match line.split_once('\t') {
            Some((target, "HEAD")) if target.starts_with("ref: ") => {
                head.branch = target.strip_prefix("ref: refs/heads/").map(str::to_owned);
            }
            Some((id, "HEAD")) => head.tip = Some(CommitId::parse(id)?),
            Some(_) | None => {}
        }
    }
    Ok(head)
}

/// Whether git met another one that was writing the same refs.
fn is_contended(error: &WorkspaceError) -> bool {
    let WorkspaceError::Git { source: OneShotError::Failed { stderr, .. }, .. } = error else { return false };
    stderr.contains("cannot lock ref")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn a_fetch_beside_another_one_is_told_from_one_that_fails() {
        let failed = |stderr: &str| WorkspaceError::Git {
            command: "fetch".into(),
            source: OneShotError::Failed {
                program: "git".into(),
                status: ExitStatus::from_raw(256),
                stderr: stderr.into(),
            },
        };
        let taken = "error: cannot lock ref 'refs/remotes/origin/side': reference already exists";
        assert!(is_contended(&failed(taken)));
        assert!(!is_contended(&failed("fatal: could not read from remote repository")));
    }
}
