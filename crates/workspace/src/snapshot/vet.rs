//! Git's own check of a snapshot's objects, before they become a commit that others fetch.
//!
//! An agent can write a `.gitmodules` that runs a command when the work is checked out by someone
//! else; git's `fsck` knows those, and the vault and most forges refuse them. Such a file is left out
//! of the snapshot instead of spoiling it.

use super::changes::{GitPath, Skipped, WhySkipped};
use super::stage;
use crate::clone_git::pack_range;
use crate::error::{Result, WorkspaceError};
use crate::git::{succeeded, unparsable};
use crate::id::{CommitId, Identity, Signature};
use crate::merge::commit;
use crate::private::{PrivateGit, VET_SCRATCH};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// So many objects may be refused one after the other.
const ROUNDS_MAX: usize = 50;

/// An index entry as `update-index --index-info` takes it, without its path: mode and object.
type Entry = (Vec<u8>, String);

/// Writes the index as a tree whose new objects pass git's check; entries that do not are set back to
/// what `parent` has, and returned.
pub(super) fn vetted_tree(private: &PrivateGit, parent: &CommitId) -> Result<(CommitId, Vec<Skipped>)> {
    let mut refused = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let tree = private.git("write-tree").object()?;
        if tree == private.bare().tree_of(parent)? {
            return Ok((tree, refused));
        }
        let Some(complaint) = complaint_about(private, parent, &tree)? else {
            return Ok((tree, refused));
        };
        refused.extend(set_back(private, parent, &complaint)?);
    }
    Err(WorkspaceError::BrokenObjects { message: format!("more than {ROUNDS_MAX} objects are refused") })
}

/// What git's check says of the objects that `tree` adds to `parent`; `None` if it is content.
fn complaint_about(private: &PrivateGit, parent: &CommitId, tree: &CommitId) -> Result<Option<String>> {
    let scratch = tempfile::Builder::new().prefix(VET_SCRATCH).tempdir_in(private.bare().path())?;
    let who = Identity { name: "herder".to_owned(), email: "herder@localhost".to_owned() };
    let signature = Signature { who, at: jiff::Timestamp::UNIX_EPOCH };
    let probe = commit(private.bare(), tree, Some(parent), "probe", &signature)?;
    pack_range(private.bare(), Some(parent), &probe, scratch.path())?;
    let Some(pack) = pack_in(scratch.path())? else {
        return Ok(None);
    };
    let skip_list = private.skip_list();
    let strict = if skip_list.is_file() {
        let mut strict = std::ffi::OsString::from("--strict=skiplist=");
        strict.push(skip_list);
        strict
    } else {
        "--strict".into()
    };
    let index = scratch.path().join("vetted.idx");
    let git = private.bare().git("index-pack").arg(strict).arg("-o").arg(index).arg(pack);
    let finished = git.finish()?;
    let complaint = finished.stderr.text();
    if finished.status.code() == Some(128) && named_object(&complaint).is_some() {
        return Ok(Some(complaint));
    }
    succeeded(finished, "index-pack").map(|_| None)
}

fn pack_in(directory: &Path) -> Result<Option<PathBuf>> {
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "pack") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The object in `error: object <id>: <what>: <why>`, as git's fsck.c writes it.
fn named_object(complaint: &str) -> Option<String> {
    let rest = complaint.lines().find_map(|line| line.split_once("object ").map(|(_, rest)| rest))?;
    let id = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    CommitId::parse(id).ok().map(String::from)
}

/// Sets the entries that hold the refused object back to what `parent` has. If `parent` has that very
/// object, it came from upstream: then it is put on the list of what is not checked.
fn set_back(private: &PrivateGit, parent: &CommitId, complaint: &str) -> Result<Vec<Skipped>> {
    let broken = || WorkspaceError::BrokenObjects { message: complaint.to_owned() };
    let object = named_object(complaint).ok_or_else(broken)?;
    let now = paths_with(&private.git("ls-files").args(["-s", "-z"]).answer()?, &object)?;
    let listed = private.git("ls-tree").args(["-r", "-z", "--full-tree", parent.as_str()]).answer()?;
    let before = tree_entries(&listed)?;
    if now.is_empty() {
        return Err(broken());
    }
    let is_ours = |path: &GitPath| before.get(path).is_none_or(|(_, known)| *known != object);
    let ours: Vec<GitPath> = now.into_iter().filter(is_ours).collect();
    if ours.is_empty() {
        tolerate(private, &object)?;
        return Ok(Vec::new());
    }
    stage::remove(private, &ours)?;
    restore(private, &ours, &before)?;
    let reason = complaint.lines().next().unwrap_or_default().to_owned();
    let skipped = |path: &GitPath| Skipped {
        path: PathBuf::from(OsStr::from_bytes(path)),
        why: WhySkipped::Refused { reason: reason.clone() },
    };
    Ok(ours.iter().map(skipped).collect())
}

fn restore(private: &PrivateGit, paths: &[GitPath], before: &HashMap<GitPath, Entry>) -> Result<()> {
    let known = paths.iter().filter_map(|path| before.get(path).map(|entry| (path, entry)));
    let orders: Vec<Vec<u8>> = known
        .map(|(path, (mode, object))| [mode, b" ".as_slice(), object.as_bytes(), b"\t", path, b"\0"].concat())
        .collect();
    if orders.is_empty() {
        return Ok(());
    }
    private.git("update-index").args(["-z", "--index-info"]).stdin(orders.concat()).done()
}

fn tolerate(private: &PrivateGit, object: &str) -> Result<()> {
    let path = private.skip_list();
    let mut file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "{object}")?;
    Ok(())
}

/// The paths in `ls-files -s -z` (`<mode> <object> <stage>\t<path>`) that hold `object`.
fn paths_with(listed: &[u8], object: &str) -> Result<Vec<GitPath>> {
    let mut paths = Vec::new();
    for record in listed.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
        let (facts, path) = split_record(record).ok_or_else(|| unparsable("ls-files", record))?;
        if facts.split(' ').nth(1) == Some(object) {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// The entries in `ls-tree -r -z` (`<mode> <type> <object>\t<path>`).
fn tree_entries(listed: &[u8]) -> Result<HashMap<GitPath, Entry>> {
    let records = listed.split(|byte| *byte == 0).filter(|record| !record.is_empty());
    records
        .map(|record| {
            let (facts, path) = split_record(record).ok_or_else(|| unparsable("ls-tree", record))?;
            let mut facts = facts.split(' ');
            match (facts.next(), facts.next(), facts.next()) {
                (Some(mode), Some(_), Some(object)) => {
                    Ok((path, (mode.as_bytes().to_vec(), object.to_owned())))
                }
                _ => Err(unparsable("ls-tree", record)),
            }
        })
        .collect()
}

fn split_record(record: &[u8]) -> Option<(&str, GitPath)> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    Some((std::str::from_utf8(&record[..tab]).ok()?, record[tab + 1..].to_vec()))
}
