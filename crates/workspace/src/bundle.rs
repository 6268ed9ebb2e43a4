//! A vault in one file, for a backup, and back.

use crate::bare::Bare;
use crate::error::Result;
use crate::objects::{Guard, lock};
use crate::private::PrivateGit;
use crate::ref_files::refs_below;
use crate::vault::Vault;
use rustix::fs::FlockOperation;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What says in a bundle's head which hash function its objects are named by (gitformat-bundle(5)).
const OBJECT_FORMAT: &str = "@object-format=";

impl Vault {
    /// Writes all refs with all that they reach into one file, as of one moment; false where there is nothing
    /// yet to be written. Others may fetch into the vault meanwhile.
    ///
    /// # Errors
    /// Git cannot be run, or the file cannot be written.
    pub fn bundle(&self, file: &Path) -> Result<bool> {
        let bare = self.bare();
        if !bare.exists() || refs_below(bare, "refs")?.is_empty() {
            return Ok(false);
        }
        let _unchanged = lock(bare.path(), Guard::Packs, FlockOperation::LockShared)?;
        bare.git("bundle").args(["create", "--quiet"]).arg(file).arg("--all").done()?;
        Ok(true)
    }

    /// Makes a vault of such a file; it is complete and checked by git.
    ///
    /// # Errors
    /// The file is no whole bundle, or the directory cannot be made.
    pub fn restore(path: &Path, bundle: &Path) -> Result<Self> {
        let bare = Bare::create(path, &object_format(bundle)?)?;
        bare.fetch_whole(bundle, "+refs/*:refs/*").done()?;
        Ok(Self::at(path))
    }
}

/// The hash function that a bundle's head names; the first version of the format knows one only.
fn object_format(bundle: &Path) -> Result<String> {
    let mut head = BufReader::new(fs_err::File::open(bundle)?);
    let mut line = Vec::new();
    while head.read_until(b'\n', &mut line)? > 0 && matches!(line.first(), Some(b'#' | b'@' | b'-')) {
        let text = String::from_utf8_lossy(&line);
        if let Some(format) = text.trim_end().strip_prefix(OBJECT_FORMAT) {
            return Ok(format.to_owned());
        }
        line.clear();
    }
    Ok("sha1".to_owned())
}

impl PrivateGit {
    /// Has a private git directory that came from elsewhere borrow its objects from this vault. One that is
    /// not there is none of ours any more.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn move_lender(path: &Path, vault: &Path) -> Result<()> {
        let info = path.join("objects/info");
        if !info.is_dir() {
            return Ok(());
        }
        let mut lender = vault.join("objects").into_os_string();
        lender.push("\n");
        Ok(fs_err::write(info.join("alternates"), lender.as_encoded_bytes())?)
    }

    /// Whether it is there: it goes when its run is closed.
    pub fn exists(&self) -> bool {
        self.bare().exists()
    }
}
