//! Git objects as plain files: copied, never linked or shared.
//!
//! A hard-linked object is one write away from corrupting the mirror, and a shared one vanishes with
//! the next prune; a copy (a reflink where the file system can) costs little more than the files of
//! the work tree do.

use crate::bare::{Alone, Bare};
use crate::contained::Dir;
use crate::error::Result;
use rustix::fs::{FlockOperation, Mode, flock};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;

/// So many packs are gathered into fewer: git looks through all of them for each object. Each is at least twice as
/// large as the next one then, so that a million objects come to twenty.
const PACKS_MAX: usize = 20;

/// Loose objects are packed when they are in so many of the 256 directories that there can be, which some 75 of them are
/// by chance: a template has all of them, and so has each clone that is copied from it.
const LOOSE_MAX: usize = 64;

/// So many refs may be a file each. Whoever writes one looks through all of them for what a killed git has left.
const REFS_MAX: usize = 64;

/// What a lock in a bare repository of ours guards.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guard {
    /// Its refs, against a second fetch.
    Refs,
    /// Its packs, against being rewritten while they are read as files.
    Packs,
}

/// Takes a lock of a bare repository of ours; it is held until the file is dropped.
pub(crate) fn lock(bare: &Path, guard: Guard, operation: FlockOperation) -> Result<File> {
    let name = match guard {
        Guard::Refs => "herder.refs-lock",
        Guard::Packs => "herder.packs-lock",
    };
    take_lock(&bare.join(name), operation)
}

/// Waits for a lock on a file of ours; it is held until the file is dropped.
pub(crate) fn take_lock(path: &Path, operation: FlockOperation) -> Result<File> {
    let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?.into_file();
    loop {
        match flock(&file, operation) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(crate::contained::at(path, errno)),
        }
    }
}

/// Copies all objects of the bare repository `from` into the git directory `to`.
///
/// # Errors
/// A file cannot be read or written.
pub(crate) fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let _unchanged = lock(from, Guard::Packs, FlockOperation::LockShared)?;
    let (from, to) = (from.join("objects"), to.join("objects"));
    copy_packs(&from.join("pack"), &to.join("pack"))?;
    for fan_out in fan_outs(&from)? {
        copy_loose(&from.join(&fan_out), &to.join(&fan_out))?;
    }
    Ok(())
}

/// Copies packs. A fetch may be adding some: only those with an index are complete.
pub(crate) fn copy_packs(from: &Path, to: &Path) -> Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let index = entry?.path();
        if index.extension() != Some(OsStr::new("idx")) {
            continue;
        }
        // Indices over several packs, bitmaps and promises of other remotes do not hold in the copy.
        for extension in ["pack", "rev", "idx"] {
            let file = index.with_extension(extension);
            let copy = to.join(file.file_name().unwrap_or_default());
            if file.exists() {
                copy_once(&file, &copy)?;
            }
        }
    }
    Ok(())
}

/// Removes the packs and loose objects of the git directory `of` that `from`, of which it is a copy, has gathered into
/// other packs.
pub(crate) fn forget_gathered(of: &Path, from: &Path) -> Result<()> {
    let _unchanged = lock(from, Guard::Packs, FlockOperation::LockShared)?;
    let (of, from) = (of.join("objects"), from.join("objects"));
    forget(&of.join("pack"), &from.join("pack"), is_pack_file)?;
    for fan_out in fan_outs(&of)? {
        forget(&of.join(&fan_out), &from.join(&fan_out), is_loose_object)?;
        remove_if_empty(&of.join(&fan_out))?;
    }
    Ok(())
}

/// Removes a directory that each copy would take along for nothing.
fn remove_if_empty(directory: &Path) -> Result<()> {
    match fs_err::remove_dir(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::DirectoryNotEmpty => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes the files in `of` that are not in `from`.
fn forget(of: &Path, from: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<()> {
    for entry in fs_err::read_dir(of)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&is_wanted) && !from.join(entry.file_name()).exists() {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The directories of loose objects.
fn fan_outs(objects: &Path) -> Result<Vec<OsString>> {
    let names = fs_err::read_dir(objects)?.map(|entry| Ok(entry?.file_name()));
    let mut names = names.collect::<std::io::Result<Vec<_>>>()?;
    names.retain(|name| name.to_str().is_some_and(is_fan_out));
    Ok(names)
}

fn copy_loose(from: &Path, to: &Path) -> Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(is_loose_object) {
            copy_once(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

/// Copies a file of objects unless it is there. One who was killed while copying has left a part of it: that
/// is as good as nothing.
fn copy_once(file: &Path, copy: &Path) -> Result<()> {
    let whole = fs_err::metadata(file)?.len();
    match std::fs::metadata(copy) {
        Ok(there) if there.len() == whole => return Ok(()),
        // Objects are read-only, so it cannot be written over.
        Ok(_) => fs_err::remove_file(copy)?,
        Err(_) => {}
    }
    fs_err::copy(file, copy)?;
    Ok(())
}

fn is_fan_out(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_loose_object(name: &str) -> bool {
    name.len() >= 38 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_pack_file(name: &str) -> bool {
    name.starts_with("pack-") && [".pack", ".idx", ".rev"].iter().any(|end| name.ends_with(end))
}

/// Gathers many refs into one file, and many packs and loose objects into few packs. Nothing is dropped, not even what no
/// ref leads to, so that who borrows objects here never misses one.
pub(crate) fn gather(bare: &Bare, alone: &Alone) -> Result<()> {
    if alone.loose() > REFS_MAX {
        bare.git("pack-refs").arg("--all").done()?;
    }
    let objects = bare.path().join("objects");
    let is_pack = |name: &str| name.ends_with(".pack");
    let is_fine =
        count(&objects.join("pack"), is_pack)? <= PACKS_MAX && fan_outs(&objects)?.len() <= LOOSE_MAX;
    if is_fine {
        return Ok(());
    }
    let _alone = lock(bare.path(), Guard::Packs, FlockOperation::LockExclusive)?;
    bare.git("repack").args(["-d", "-q", "--geometric=2"]).done()
}

fn count(directory: &Path, wanted: impl Fn(&str) -> bool) -> Result<usize> {
    match fs_err::read_dir(directory) {
        Ok(entries) => {
            Ok(entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(&wanted)).count())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Identity, Signature};
    use crate::ref_files::{read_ref, refs_below, write_ref};
    use crate::writing;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_part_of_a_pack_that_a_killed_copy_left_is_replaced() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        for directory in [&from, &to] {
            std::fs::create_dir(directory).unwrap();
        }
        for name in ["pack-1.pack", "pack-1.idx"] {
            std::fs::write(from.join(name), "whole").unwrap();
        }
        std::fs::write(to.join("pack-1.pack"), "wh").unwrap();
        std::fs::set_permissions(to.join("pack-1.pack"), std::fs::Permissions::from_mode(0o444)).unwrap();
        copy_packs(&from, &to).unwrap();
        assert_eq!(std::fs::read_to_string(to.join("pack-1.pack")).unwrap(), "whole");
        assert_eq!(std::fs::read_to_string(to.join("pack-1.idx")).unwrap(), "whole");
    }

    #[test]
    fn a_copy_keeps_nothing_of_what_its_original_has_gathered_not_even_the_directory() {
        let place = tempfile::tempdir().unwrap();
        let (from, of) = (place.path().join("from"), place.path().join("of"));
        let (gathered, there) = (format!("ab/{}", "1".repeat(38)), format!("cd/{}", "2".repeat(38)));
        for (git_dir, objects) in [(&from, vec![&there]), (&of, vec![&gathered, &there])] {
            std::fs::create_dir_all(git_dir.join("objects/pack")).unwrap();
            for object in objects {
                let path = git_dir.join("objects").join(object);
                std::fs::create_dir(path.parent().unwrap()).unwrap();
                std::fs::write(path, "").unwrap();
            }
        }
        forget_gathered(&of, &from).unwrap();
        assert!(of.join("objects").join(there).exists());
        assert_eq!(fan_outs(&of.join("objects")).unwrap(), ["cd"]);
    }

    #[test]
    fn many_refs_come_into_one_file_and_newer_ones_go_before_it() {
        let place = tempfile::tempdir().unwrap();
        let bare = Bare::create(&place.path().join("bare.git"), "sha1").unwrap();
        let tree = bare.git("mktree").object().unwrap();
        let who = Identity { name: "A".to_owned(), email: "a@x".to_owned() };
        let signature = Signature { who, at: jiff::Timestamp::UNIX_EPOCH };
        let commit = |message: &str| writing::commit(&bare, &tree, None, message, &signature).unwrap();
        let (old, new) = (commit("old"), commit("new"));
        let name = |number: usize| format!("refs/herder/wip/{number}/run/1");
        for number in 0..=REFS_MAX {
            write_ref(&bare, &name(number), &old).unwrap();
        }
        let before = refs_below(&bare, "refs").unwrap();
        let alone = bare.alone().unwrap();
        assert_eq!(alone.loose(), REFS_MAX + 1);
        gather(&bare, &alone).unwrap();
        drop(alone);
        assert_eq!(bare.alone().unwrap().loose(), 0);
        assert_eq!(refs_below(&bare, "refs").unwrap(), before);
        assert_eq!(read_ref(&bare, &name(3)).unwrap(), Some(old));

        write_ref(&bare, &name(3), &new).unwrap();
        assert_eq!(read_ref(&bare, &name(3)).unwrap(), Some(new.clone()));
        let now = refs_below(&bare, "refs").unwrap();
        assert_eq!(now.len(), before.len());
        assert!(now.contains(&(name(3), new)));
    }
}
