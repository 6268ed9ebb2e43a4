//! Git LFS: files whose content lies beside the repository, which itself holds pointers to it.
//! The format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
//!
//! A repository's contents lie in `lfs/` of its vault, by their hash: what runs have added must not be lost, and
//! no job reaches them there. Files in clones and checkouts are copies. The filter is git-lfs itself, by its full
//! path and as a setting of each call: what a clone's own settings say of filters is never heard. A git directory
//! of ours knows by a file in it where the contents are; without that file no filter runs.

mod pruning;

use crate::bare::Bare;
use crate::diff::ChangeKind;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, checked_url};
use crate::id::CommitId;
use crate::mirror::Mirror;
use crate::submodules::address_of;
use crate::vault::Vault;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub(crate) use pruning::drop_unneeded;

/// The program.
const PROGRAM: &str = "git-lfs";

/// The file in a git directory of ours that says where contents are.
const MARK: &str = "herder.lfs";

/// The directory of the contents in a vault, where git-lfs puts them.
const CONTENTS: &str = "lfs";

/// The file among the contents that names the commit for which all are there.
const COMPLETE: &str = "herder.complete";

/// The largest `.gitattributes` and `.lfsconfig` that are read, in bytes.
const TEXT_MAX: u64 = 1 << 20;

/// A pointer is smaller, by its specification.
const POINTER_MAX: u64 = 1024;

/// What git-lfs would else take from an `.lfsconfig` of an agent's (git-lfs-config(5)): another address, which is
/// never asked for what is missing here, and files that a gate is not to see.
const DEAF: [&str; 4] =
    ["lfs.url=file:///dev/null", "lfs.fetchinclude=", "lfs.fetchexclude=", "lfs.skipdownloaderrors=false"];

/// So many contents are named in one call of git-lfs.
const UPLOADED_AT_ONCE: usize = 1000;

/// Where the contents of a repository's files are, and what knows how to take them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lfs {
    program: PathBuf,
    contents: PathBuf,
}

impl Lfs {
    /// What a git directory of ours knows of it.
    pub(crate) fn of(git_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(git_dir.join(MARK)).ok()?).ok()
    }

    /// Lets one git directory know what another one does.
    pub(crate) fn hand_on(from: &Path, to: &Path) -> Result<()> {
        match Self::of(from) {
            Some(lfs) => lfs.mark(to),
            None => Ok(()),
        }
    }

    fn mark(&self, git_dir: &Path) -> Result<()> {
        if Self::of(git_dir).as_ref() == Some(self) {
            return Ok(());
        }
        let text = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        Ok(fs_err::write(git_dir.join(MARK), text)?)
    }

    /// Has a call write contents where the repository has pointers, and pointers where a file has contents. Where
    /// one is missing, the call fails.
    pub(crate) fn applied_to(&self, git: Git) -> Git {
        // Git gives it to a shell.
        let quoted = self.program.to_string_lossy().replace('\'', r"'\''");
        let git = git
            .setting(format!("filter.lfs.process='{quoted}' filter-process"))
            .setting("filter.lfs.required=true")
            .setting(format!("lfs.storage={}", self.contents.display()));
        DEAF.iter().fold(git, |git, setting| git.setting(setting))
    }
}

impl Bare {
    /// Whether a commit keeps files in Git LFS, by the `.gitattributes` at its top.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub fn uses_lfs(&self, commit: &CommitId) -> Result<bool> {
        let text = self.read_file(commit, ".gitattributes", TEXT_MAX)?.unwrap_or_default();
        let is_filtered = |line: &str| line.split_whitespace().skip(1).any(|word| word == "filter=lfs");
        Ok(String::from_utf8_lossy(&text).lines().any(is_filtered))
    }

    /// Where the contents of a commit's files are fetched from, if not from the repository's own address.
    fn lfs_address(&self, commit: &CommitId, url: &str) -> Result<Option<String>> {
        const FILE: &str = ".lfsconfig";
        if !self.entry(commit, FILE)?.is_some_and(|entry| entry.is_file()) {
            return Ok(None);
        }
        let blob = format!("{commit}:{FILE}");
        let git = self.git("config").args(["--blob", &blob, "--no-includes", "--get", "lfs.url"]);
        let said = git.finish()?.stdout.text();
        let said = said.trim();
        if said.is_empty() { Ok(None) } else { address_of(said, url).map(Some) }
    }

    /// A call of git-lfs that reaches outside, with the user's credentials: to where `base`, a commit of the base
    /// branch, says. Of work it is never asked: an agent would choose who gets them.
    fn lfs(&self, command: &str, base: &CommitId, url: &str, user: &UserEnvironment) -> Result<Git> {
        let git = self.outside("lfs", user).setting(format!("remote.origin.url={}", checked_url(url)?));
        let git = match self.lfs_address(base, url)? {
            Some(address) => git.setting(format!("lfs.url={address}")),
            None => git,
        };
        Ok(git.arg(command))
    }

    /// Brings the contents to the remote that a commit adds to an older one: they must be there before anybody
    /// sees the commit.
    ///
    /// # Errors
    /// The remote refuses, or a content is not here.
    pub(crate) fn upload_contents(
        &self,
        (old, new): (&CommitId, &CommitId),
        url: &str,
        user: &UserEnvironment,
    ) -> Result<()> {
        if Lfs::of(self.path()).is_none() {
            return Ok(());
        }
        let mut added = Vec::new();
        for file in self.diff(old, new)?.files.into_iter().filter(|file| file.kind != ChangeKind::Deleted) {
            match self.read_file(new, &file.path.to_string_lossy(), POINTER_MAX) {
                Ok(text) => added.extend(text.as_deref().and_then(pointed_at)),
                Err(WorkspaceError::FileTooLarge { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for some in added.chunks(UPLOADED_AT_ONCE) {
            self.lfs("push", old, url, user)?.args(["--object-id", "origin"]).args(some).done()?;
        }
        Ok(())
    }
}

/// The hash that a pointer names, if a text is one.
fn pointed_at(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let rest = text.strip_prefix("version https://git-lfs.github.com/spec/v1\n")?;
    let hash = rest.lines().find_map(|line| line.strip_prefix("oid sha256:"))?;
    is_hash(hash).then(|| hash.to_owned())
}

/// Whether a word is the name of a content.
fn is_hash(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
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
    let program = lfs_program().ok_or(WorkspaceError::NoLfs)?;
    let lfs = Lfs { program, contents: bare.path().join(CONTENTS) };
    let complete = lfs.contents.join(COMPLETE);
    if std::fs::read_to_string(&complete).is_ok_and(|done| done == commit.as_str()) {
        lfs.mark(mirror.bare().path())?;
        return lfs.mark(bare.path());
    }
    bare.lfs("fetch", commit, mirror.url(), user)?.args(["origin", commit.as_str()]).done()?;
    fs_err::create_dir_all(&lfs.contents)?;
    fs_err::write(complete, commit.as_str())?;
    lfs.mark(mirror.bare().path())?;
    lfs.mark(bare.path())
}

/// git-lfs, where this machine has it.
pub fn lfs_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path).map(|dir| dir.join(PROGRAM));
    found.find(|program| program.is_absolute() && program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_told_from_a_file_that_only_looks_like_one() {
        let hash = "f6173070075ddbbeb694430284ad6ea11188cc7f14798c08f0bbbb0e54c574a7";
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{hash}\nsize 3000\n");
        assert_eq!(pointed_at(pointer.as_bytes()).as_deref(), Some(hash));
        for other in ["", "oid sha256:f617", &pointer.replace(hash, "--all"), &pointer[1..], &pointer[..60]] {
            assert_eq!(pointed_at(other.as_bytes()), None, "{other}");
        }
    }
}
