//! Git LFS: files whose content lies beside the repository, which itself holds pointers to it.
//! The format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
//!
//! A repository's contents lie in `lfs/` of its vault, by their hash: what runs have added must not be lost, and
//! no job reaches them there. Files in clones and checkouts are copies. The filter is git-lfs itself, by its full
//! path and as a setting of each call: what a clone's own settings say of filters is never heard. A git directory
//! of ours knows by a file in it where the vault is; without that file no filter runs.

mod contents;
mod pointers;
mod pruning;
mod transfer;

pub(crate) use pruning::drop_unneeded;
pub use transfer::{missing_contents, ready_contents};

use crate::error::{Result, WorkspaceError};
use crate::git::Git;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// The program.
const PROGRAM: &str = "git-lfs";

/// The file in a git directory of ours that says where the vault is.
const MARK: &str = "herder.lfs";

/// What is done about a file whose content is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The call fails: a base has all of its contents.
    Refused,
    /// The file holds the pointer, as the agent wrote it.
    LeftAsPointer,
}

/// What takes a repository's files for their contents, and where these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lfs {
    program: PathBuf,
    vault: PathBuf,
}

/// What [`MARK`] holds.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// The vault, from the git directory: both may be moved together.
    vault: PathBuf,
}

impl Lfs {
    /// What a git directory of ours knows of it.
    ///
    /// # Errors
    /// The mark cannot be read, the vault is gone, or git-lfs is not on this machine.
    pub(crate) fn of(git_dir: &Path) -> Result<Option<Self>> {
        let Some(text) = read_mark(git_dir)? else { return Ok(None) };
        let path = git_dir.join(MARK);
        let Ok(mark) = serde_json::from_slice::<Mark>(&text) else {
            return Err(WorkspaceError::BrokenMark { path });
        };
        let vault = fs_err::canonicalize(git_dir.join(mark.vault))?;
        let program = lfs_program().ok_or(WorkspaceError::NoLfs)?;
        Ok(Some(Self { program, vault }))
    }

    /// Whether a git directory of ours belongs to a repository that keeps files in Git LFS.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn is_marked(git_dir: &Path) -> Result<bool> {
        read_mark(git_dir).map(|mark| mark.is_some())
    }

    /// Lets a run's git directory know of it where its vault does.
    pub(crate) fn hand_on(vault: &Path, to: &Path) -> Result<()> {
        if Self::is_marked(vault)? { mark(to, vault) } else { Ok(()) }
    }

    /// Lets a second git directory of a run know of it where the first does.
    pub(crate) fn hand_over(from: &Path, to: &Path) -> Result<()> {
        match Self::of(from)? {
            Some(lfs) => mark(to, &lfs.vault),
            None => Ok(()),
        }
    }

    /// Has a call write contents where the repository has pointers, and pointers where a file has contents.
    ///
    /// git-lfs would read the `.lfsconfig` in the work tree, in the index and in HEAD (git-lfs-config(5)), whatever
    /// an agent has put there: a link to a pipe holds it for ever. So it is run in the vault, where there is none;
    /// git gives it contents and takes them through pipes.
    pub(crate) fn applied_to(&self, git: Git, missing: Missing) -> Git {
        let (vault, program) = (quoted(&self.vault), quoted(&self.program));
        let filter: [&[u8]; 7] = [
            b"filter.lfs.process=unset GIT_WORK_TREE GIT_INDEX_FILE; cd ",
            &vault,
            b" && GIT_DIR=",
            &vault,
            b" exec ",
            &program,
            b" filter-process",
        ];
        let is_lenient = missing == Missing::LeftAsPointer;
        git.setting(OsString::from_vec(filter.concat()))
            .setting("filter.lfs.required=true")
            // What is missing is asked of nobody: not every call may reach outside.
            .setting("lfs.url=file:///dev/null")
            .setting(format!("lfs.skipdownloaderrors={is_lenient}"))
            .setting(REPOSITORY_VERSION)
    }
}

/// Without it git-lfs writes it into the settings of the vault, in the way of others who do.
const REPOSITORY_VERSION: &str = "lfs.repositoryformatversion=0";

fn read_mark(git_dir: &Path) -> Result<Option<Vec<u8>>> {
    match fs_err::read(git_dir.join(MARK)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes into a git directory where the vault is, whole or not at all.
fn mark(git_dir: &Path, vault: &Path) -> Result<()> {
    let vault = relative(&fs_err::canonicalize(git_dir)?, &fs_err::canonicalize(vault)?);
    let text = serde_json::to_vec(&Mark { vault }).map_err(std::io::Error::from)?;
    if read_mark(git_dir).is_ok_and(|there| there.as_ref() == Some(&text)) {
        return Ok(());
    }
    let mut new = tempfile::NamedTempFile::new_in(git_dir)?;
    new.write_all(&text)?;
    new.as_file().sync_all()?;
    new.persist(git_dir.join(MARK)).map_err(|error| error.error)?;
    Ok(())
}

/// The way from one directory to another, both absolute and without links.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(from, to)| from == to).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(shared)).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

/// A path as one word of a shell's.
fn quoted(path: &Path) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'\'' => word.extend(br"'\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
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
    fn a_mark_is_moved_with_what_it_names_and_a_broken_one_is_no_answer() {
        let top = tempfile::tempdir().unwrap();
        let [vault, git_dir] = ["old/vault", "old/runs/1/git"].map(|path| top.path().join(path));
        for dir in [&vault, &git_dir] {
            std::fs::create_dir_all(dir).unwrap();
        }
        Lfs::hand_on(&vault, &git_dir).unwrap();
        assert!(Lfs::of(&git_dir).unwrap().is_none(), "nobody said so");
        mark(&vault, &vault).unwrap();
        Lfs::hand_on(&vault, &git_dir).unwrap();
        std::fs::rename(top.path().join("old"), top.path().join("new")).unwrap();
        let git_dir = top.path().join("new/runs/1/git");
        match Lfs::of(&git_dir) {
            Ok(Some(lfs)) => assert_eq!(lfs.vault, top.path().canonicalize().unwrap().join("new/vault")),
            other => assert!(matches!(other, Err(WorkspaceError::NoLfs)) && lfs_program().is_none()),
        }
        let whole = std::fs::read(git_dir.join(MARK)).unwrap();
        std::fs::write(git_dir.join(MARK), &whole[..whole.len() / 2]).unwrap();
        assert!(matches!(Lfs::of(&git_dir), Err(WorkspaceError::BrokenMark { .. })));
    }

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(quoted(Path::new("/a b/it's")), br"'/a b/it'\''s'");
    }
}
