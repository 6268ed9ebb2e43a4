//! Objects on their way from one bare repository of ours into another on the same machine: a few by this process, one
//! by one, more of them packed by one git that sees both, where a fetch starts six. No ref names them before all of
//! them are there.

use crate::bare::Bare;
use crate::clone_git::UNSYNCED;
use crate::error::Result;
use crate::id::CommitId;
use crate::packing::{Added, Durability};
use crate::reading::Objects;
use crate::scratch::Scratch;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What is to be brought.
pub(crate) struct Load<'a> {
    /// The repository that has it.
    pub(crate) from: &'a Path,
    /// These commits with their history.
    pub(crate) tips: Vec<&'a CommitId>,
    /// But for what is there with these.
    pub(crate) known: Vec<CommitId>,
    /// How `git index-pack` is to check the objects, where somebody is to.
    pub(crate) check: Option<OsString>,
}

/// Brings objects into the repository `into`; no ref is moved. They are synced, as a fetch would.
///
/// # Errors
/// An object is missing or does not pass the check, or the disk or git refuses.
pub(crate) fn bring(into: &Bare, load: Load<'_>) -> Result<()> {
    if load.check.is_none() && are_laid_in(into, &load)? {
        return Ok(());
    }
    let scratch = Scratch::within(into.path(), "bring")?;
    let packed = match &load.check {
        Some(check) => checked(into, &load, check, scratch.path())?,
        None => packed_by_git(into, &load, scratch.path())?,
    };
    let Some(pack) = packed else {
        return Ok(());
    };
    let place = into.path().join("objects/pack");
    fs_err::create_dir_all(&place)?;
    // Git looks for a pack once it sees its index: the index comes last.
    for end in ["pack", "rev", "idx"] {
        let file = pack.with_extension(end);
        if file.exists() {
            fs_err::rename(&file, place.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// Whether the load was so small that its objects were written one by one, which starts no git.
fn are_laid_in(into: &Bare, load: &Load<'_>) -> Result<bool> {
    let (Some(added), Some(tip)) = (few(load)?, load.tips.first()) else { return Ok(false) };
    added.add_to(into, &Objects::of(into, tip)?)
}

/// The load as a synced pack with an index that has passed the check. Seen from `into` alone: what is missing there is
/// missing.
fn checked(into: &Bare, load: &Load<'_>, check: &OsStr, directory: &Path) -> Result<Option<PathBuf>> {
    let index_pack =
        |index: &Path, pack: &Path| into.git("index-pack").arg(check).arg("-o").arg(index).arg(pack);
    let few = few(load)?;
    if let Some(added) = few {
        let pack = added.pack_into(directory, Durability::Synced)?;
        if let Some(pack) = &pack {
            index_pack(&pack.with_extension("idx"), pack).done()?;
        }
        return Ok(pack);
    }
    let pack = packed_by_git(into, load, directory)?;
    if let Some(pack) = &pack {
        // It has an index already.
        index_pack(&directory.join("checked.idx"), pack).setting(UNSYNCED).done()?;
    }
    Ok(pack)
}

/// The load, where it is small.
fn few(load: &Load<'_>) -> Result<Option<Added>> {
    let Some(tip) = load.tips.first() else { return Ok(None) };
    let objects = Objects::of(&Bare::at(load.from), tip)?;
    Ok(Added::by(&objects, &load.tips, &load.known))
}

/// The load as a synced pack with its index.
fn packed_by_git(into: &Bare, load: &Load<'_>, directory: &Path) -> Result<Option<PathBuf>> {
    let tips = load.tips.iter().map(|tip| format!("{tip}\n"));
    let known = load.known.iter().map(|known| format!("^{known}\n"));
    into.git("pack-objects")
        .variable("GIT_ALTERNATE_OBJECT_DIRECTORIES", in_a_list(&load.from.join("objects")))
        .args(["--revs", "--quiet", "--delta-base-offset", "--non-empty"])
        .arg(directory.join("pack"))
        .stdin(tips.chain(known).collect::<String>())
        .done()?;
    pack_in(directory)
}

/// The pack in a directory that has one at most.
pub(crate) fn pack_in(directory: &Path) -> Result<Option<PathBuf>> {
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "pack") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// A path as one entry of git's lists of directories, whatever it is called (git(1), at
/// `GIT_ALTERNATE_OBJECT_DIRECTORIES`).
fn in_a_list(path: &Path) -> OsString {
    let mut quoted = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}
