//! Git objects as plain files: copied, never linked or shared.
//!
//! A hard-linked object is one write away from corrupting the mirror, and a shared one vanishes with
//! the next prune; a copy (a reflink where the file system can) costs little more than the files of
//! the work tree do.

use crate::contained::Dir;
use crate::error::Result;
use rustix::fs::{FlockOperation, Mode, flock};
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;

/// The file in a bare repository of ours that is locked while its packs are rewritten or read as files.
const LOCK: &str = "herder.lock";

/// Takes the lock of a bare repository of ours; it is held until the file is dropped.
pub(crate) fn lock(bare: &Path, operation: FlockOperation) -> Result<File> {
    let path = bare.join(LOCK);
    let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?.into_file();
    loop {
        match flock(&file, operation) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(crate::contained::at(bare, errno)),
        }
    }
}

/// Copies all objects of the bare repository `from` into the git directory `to`.
///
/// # Errors
/// A file cannot be read or written.
pub(crate) fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let _unchanged = lock(from, FlockOperation::LockShared)?;
    let (from, to) = (from.join("objects"), to.join("objects"));
    for entry in fs_err::read_dir(&from)? {
        let name = entry?.file_name();
        if let Some(is_object) = wanted_in(&name) {
            copy_files(&from.join(&name), &to.join(&name), is_object)?;
        }
    }
    Ok(())
}

/// Which files of a directory in `objects/` are objects; `None` if none is.
fn wanted_in(directory: &OsStr) -> Option<fn(&str) -> bool> {
    let name = directory.to_str()?;
    if name == "pack" {
        return Some(is_pack_file);
    }
    let is_fan_out = name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_fan_out.then_some(is_loose_object)
}

fn is_pack_file(name: &str) -> bool {
    // Indices over several packs and promises of other remotes do not hold in the copy.
    name.starts_with("pack-") && [".pack", ".idx", ".rev"].iter().any(|end| name.ends_with(end))
}

fn is_loose_object(name: &str) -> bool {
    name.len() >= 38 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn copy_files(from: &Path, to: &Path, wanted: fn(&str) -> bool) -> Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(wanted) && !to.join(&name).exists() {
            fs_err::copy(from.join(&name), to.join(&name))?;
        }
    }
    Ok(())
}

/// Copies the packs in the plain directory `from` (ours) into `to`, where an agent may have planted
/// anything: files only, each under a new name first and then renamed.
pub(crate) fn copy_packs_into(from: &Path, to: &Dir) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(from)? {
        names.push(entry?.file_name());
    }
    // Git looks for a pack once it sees its index: the index comes last.
    names.sort_by_key(|name| name.to_str().is_some_and(|name| name.ends_with(".idx")));
    for name in names {
        if name.to_str().is_some_and(is_pack_file) && !to.has(&name) {
            let mut source = fs_err::File::open(from.join(&name))?;
            to.replace_file(&name, Mode::from_raw_mode(0o444), |file| {
                std::io::copy(&mut source, file).map(drop)
            })?;
        }
    }
    Ok(())
}
