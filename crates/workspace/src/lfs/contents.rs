//! The contents of a repository's files in its vault.

use super::pointers::Pointer;
use crate::error::{Result, WorkspaceError};
use crate::vault::Vault;
use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The directory of the contents in a vault, where git-lfs puts them.
const CONTENTS: &str = "lfs";

/// The file among the contents that names the commit for which all are there.
const COMPLETE: &str = "herder.complete";

/// Contents by their hash, as git-lfs lays them out.
#[derive(Debug)]
pub(super) struct Contents {
    dir: PathBuf,
}

impl Contents {
    /// Those in a vault.
    pub(super) fn of(vault: &Path) -> Self {
        Self { dir: vault.join(CONTENTS) }
    }

    /// Their directory, as git-lfs is told of it.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file that says for which commit all are there.
    pub(super) fn complete(&self) -> PathBuf {
        self.dir.join(COMPLETE)
    }

    /// Where a content lies.
    fn place(&self, hash: &str) -> PathBuf {
        let (first, second) = (hash.get(..2).unwrap_or_default(), hash.get(2..4).unwrap_or_default());
        self.dir.join("objects").join(first).join(second).join(hash)
    }

    /// Whether a pointer's content is here.
    pub(super) fn has(&self, pointer: &Pointer) -> bool {
        self.place(&pointer.hash).is_file()
    }

    /// All of them, by their hash.
    pub(super) fn all(&self) -> Result<BTreeMap<String, PathBuf>> {
        let (mut found, mut waiting) = (BTreeMap::new(), vec![self.dir.join("objects")]);
        while let Some(dir) = waiting.pop() {
            let entries = match fs_err::read_dir(&dir) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if kind.is_dir() {
                    waiting.push(path);
                } else if is_hash(name) {
                    found.insert(name.to_owned(), path);
                }
            }
        }
        Ok(found)
    }
}

/// Whether a text is the SHA-256 of something.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Vault {
    /// The contents of Git LFS, with their files, that perhaps nobody else has: all that are here but those of the
    /// newest commits of base branches, which can be fetched anew.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn own_contents(&self) -> Result<BTreeMap<String, PathBuf>> {
        let mut own = Contents::of(self.bare().path()).all()?;
        if own.is_empty() {
            return Ok(own);
        }
        let mut fetchable = HashSet::new();
        for commit in self.taken()? {
            fetchable.extend(self.bare().pointers(None, &commit)?.into_iter().map(|pointer| pointer.hash));
        }
        own.retain(|hash, _| !fetchable.contains(hash));
        Ok(own)
    }

    /// Puts contents where they belong: the files of a directory that are named by their hash.
    ///
    /// # Errors
    /// A file has another name, or the disk refuses.
    pub fn take_contents(&self, from: &Path) -> Result<()> {
        let contents = Contents::of(self.bare().path());
        for entry in fs_err::read_dir(from)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(hash) = name.to_str().filter(|name| is_hash(name)) else {
                let text = name.to_string_lossy().into_owned();
                return Err(WorkspaceError::BadName { text, what: "the hash of a content" });
            };
            let place = contents.place(hash);
            fs_err::create_dir_all(place.parent().unwrap_or(contents.dir()))?;
            fs_err::rename(entry.path(), place)?;
        }
        Ok(())
    }
}
