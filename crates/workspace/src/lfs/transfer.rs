//! Contents on their way between a vault and the remote, by git-lfs and with the user's credentials.

use super::contents::Contents;
use super::pointers::Pointer;
use super::{REPOSITORY_VERSION, lfs_program, mark};
use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, succeeded};
use crate::id::CommitId;
use crate::mirror::Mirror;
use crate::submodules::address_of;
use crate::vault::Vault;
use std::path::PathBuf;

/// The file that says where contents are.
const SETTINGS: &str = ".lfsconfig";

/// So many contents are named in one call of git-lfs.
const UPLOADED_AT_ONCE: usize = 1000;

/// Where contents come from and go to.
#[derive(Debug, Clone, Copy)]
struct Remote<'a> {
    /// The commit of the base branch that says so, if there is one.
    base: Option<&'a CommitId>,
    /// The repository's address.
    url: &'a str,
    user: &'a UserEnvironment,
}

impl Bare {
    /// Where the contents of a repository's files are, if not at its own address.
    fn lfs_address(&self, base: &CommitId, url: &str) -> Result<Option<String>> {
        if !self.entry(base, SETTINGS)?.is_some_and(|entry| entry.is_file()) {
            return Ok(None);
        }
        let blob = format!("{base}:{SETTINGS}");
        let git = self.git("config").args(["--blob", &blob, "--no-includes", "--get", "lfs.url"]);
        let said = git.finish()?.stdout.text();
        match said.trim() {
            "" => Ok(None),
            said => address_of(said, url, "lfs.url in .lfsconfig (https or ssh)").map(Some),
        }
    }

    /// A call of git-lfs that reaches outside: to the repository's address or to where the base says. Work is never
    /// asked: an agent would choose who gets contents and credentials.
    fn lfs(&self, command: &str, remote: Remote<'_>) -> Result<Git> {
        let git = self.reaching("lfs", remote.url, remote.user)?.setting(REPOSITORY_VERSION);
        let git = git.setting(format!("remote.origin.url={}", remote.url));
        let address = remote.base.map(|base| self.lfs_address(base, remote.url)).transpose()?.flatten();
        Ok(address.iter().fold(git, |git, address| git.setting(format!("lfs.url={address}"))).arg(command))
    }

    /// Fetches the contents of a commit's files as far as they are missing here. Gives those that are still missing
    /// then, with what git-lfs said of that.
    fn fetch_contents(
        &self,
        pointers: &[Pointer],
        commit: &CommitId,
        remote: Remote<'_>,
    ) -> Result<(Vec<PathBuf>, Result<()>)> {
        let contents = Contents::of(self.path());
        let missing = || {
            let lacking = pointers.iter().filter(|pointer| pointer.is_needed && !contents.has(pointer));
            lacking.map(|pointer| pointer.path.clone()).collect::<Vec<_>>()
        };
        if missing().is_empty() {
            return Ok((Vec::new(), Ok(())));
        }
        lfs_program().ok_or(WorkspaceError::NoLfs)?;
        // It fetches for whatever looks like a pointer, and fails if one of these has no content.
        let finished = self.lfs("fetch", remote)?.args(["origin", commit.as_str()]).finish()?;
        Ok((missing(), succeeded(finished, "lfs").map(drop)))
    }

    /// Brings the contents to the remote that a commit adds to an older one, or all that it has: they must be
    /// there before anybody sees the commit.
    ///
    /// # Errors
    /// The remote refuses, or a content is neither here nor there.
    pub(crate) fn upload_contents(
        &self,
        (old, new): (Option<&CommitId>, &CommitId),
        url: &str,
        user: &UserEnvironment,
    ) -> Result<()> {
        let pointers = self.pointers(old, new)?;
        let remote = Remote { base: old, url, user };
        let (files, _) = self.fetch_contents(&pointers, new, remote)?;
        if !files.is_empty() {
            return Err(WorkspaceError::NoContents { files });
        }
        let contents = Contents::of(self.path());
        let here: Vec<&str> = pointers
            .iter()
            .filter(|pointer| contents.has(pointer))
            .map(|pointer| pointer.hash.as_str())
            .collect();
        for some in here.chunks(UPLOADED_AT_ONCE) {
            self.lfs("push", remote)?.args(["--object-id", "origin"]).args(some).done()?;
        }
        Ok(())
    }
}

/// Sees to it that the contents of a commit's files are here before anybody writes these files. Nothing is done
/// for a repository that keeps none in Git LFS. The vault must have the commit.
///
/// # Errors
/// git-lfs is not on this machine, or the remote does not give what is needed.
pub fn ready_contents(
    mirror: &Mirror,
    vault: &Vault,
    commit: &CommitId,
    user: &UserEnvironment,
) -> Result<()> {
    let bare = vault.bare();
    if !bare.uses_lfs(commit)? {
        return Ok(());
    }
    lfs_program().ok_or(WorkspaceError::NoLfs)?;
    let contents = Contents::of(bare.path());
    if !std::fs::read_to_string(contents.complete()).is_ok_and(|done| done == commit.as_str()) {
        let remote = Remote { base: Some(commit), url: mirror.url(), user };
        let (files, said) = bare.fetch_contents(&bare.pointers(None, commit)?, commit, remote)?;
        if !files.is_empty() {
            said?;
            return Err(WorkspaceError::NoContents { files });
        }
        fs_err::create_dir_all(contents.dir())?;
        fs_err::write(contents.complete(), commit.as_str())?;
    }
    mark(mirror.bare().path(), bare.path())?;
    mark(bare.path(), bare.path())
}

/// The files that `work` adds to its base whose contents Git LFS should keep and nobody has: neither this machine
/// nor the remote, which is asked.
///
/// # Errors
/// git-lfs is needed and not on this machine, or a commit cannot be read.
pub fn missing_contents(
    mirror: &Mirror,
    vault: &Vault,
    (base, work): (&CommitId, &CommitId),
    user: &UserEnvironment,
) -> Result<Vec<PathBuf>> {
    let pointers = vault.bare().pointers(Some(base), work)?;
    let remote = Remote { base: Some(base), url: mirror.url(), user };
    Ok(vault.bare().fetch_contents(&pointers, work, remote)?.0)
}
