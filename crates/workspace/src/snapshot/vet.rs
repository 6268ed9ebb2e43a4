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
use crate::private::PrivateGit;
use crate::scratch::Scratch;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// So many objects may be refused one after the other.
const ROUNDS_MAX: usize = 50;

/// All that a tree holds, by path: files, links, submodules, and the trees in it.
type Listing = BTreeMap<GitPath, Entry>;

/// What a tree has at a path.
struct Entry {
    mode: String,
    is_tree: bool,
    object: String,
}

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
        refused.extend(set_back(private, parent, &tree, &complaint)?);
    }
    Err(WorkspaceError::BrokenObjects { message: format!("more than {ROUNDS_MAX} objects are refused") })
}

/// What git's check says of the objects that `tree` adds to `parent`; `None` if it is content.
fn complaint_about(private: &PrivateGit, parent: &CommitId, tree: &CommitId) -> Result<Option<String>> {
    let scratch = Scratch::within(private.bare().path(), "vet")?;
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

/// The line in which git's fsck.c names what is wrong, `error: object <id>: <what>: <why>`; its
/// warnings look the same but for the first word.
fn verdict(complaint: &str) -> Option<&str> {
    complaint.lines().find(|line| line.starts_with("error: object "))
}

fn named_object(complaint: &str) -> Option<String> {
    let rest = verdict(complaint)?.strip_prefix("error: object ")?;
    let id = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    CommitId::parse(id).ok().map(String::from)
}

/// Sets what holds the refused object back to what `parent` has. If `parent` has that very object
/// there, it came from upstream: then it is put on the list of what is not checked.
fn set_back(
    private: &PrivateGit,
    parent: &CommitId,
    tree: &CommitId,
    complaint: &str,
) -> Result<Vec<Skipped>> {
    let broken = || WorkspaceError::BrokenObjects { message: complaint.to_owned() };
    let object = named_object(complaint).ok_or_else(broken)?;
    let (now, before) = (listing(private, tree)?, listing(private, parent)?);
    let holds = |entry: &Entry| entry.object == object;
    let holders: Vec<&GitPath> = now.iter().filter(|(_, entry)| holds(entry)).map(|(path, _)| path).collect();
    if holders.is_empty() {
        return Err(broken());
    }
    let ours: Vec<&GitPath> =
        holders.into_iter().filter(|path| !before.get(*path).is_some_and(holds)).collect();
    if ours.is_empty() {
        tolerate(private, &object)?;
        return Ok(Vec::new());
    }
    let reason = verdict(complaint).unwrap_or_default();
    let mut refused = Vec::new();
    for path in ours {
        let files = files_at(&now, path);
        stage::remove(private, &files.iter().map(|(file, _)| file.to_vec()).collect::<Vec<_>>())?;
        restore(private, &files_at(&before, path))?;
        refused.extend(files.iter().map(|(file, _)| Skipped {
            path: PathBuf::from(OsStr::from_bytes(file)),
            why: WhySkipped::Refused { reason: reason.to_owned() },
        }));
    }
    Ok(refused)
}

/// The files at `path`: itself, or all below it.
fn files_at<'a>(listing: &'a Listing, path: &[u8]) -> Vec<(&'a [u8], &'a Entry)> {
    let is_there =
        |file: &[u8]| file.strip_prefix(path).is_some_and(|rest| matches!(rest.first(), None | Some(b'/')));
    let files = listing.iter().filter(|(file, entry)| !entry.is_tree && is_there(file));
    files.map(|(file, entry)| (file.as_slice(), entry)).collect()
}

fn restore(private: &PrivateGit, files: &[(&[u8], &Entry)]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let order = |(file, entry): &(&[u8], &Entry)| {
        [entry.mode.as_bytes(), b" ", entry.object.as_bytes(), b"\t", file, b"\0"].concat()
    };
    let orders: Vec<Vec<u8>> = files.iter().map(order).collect();
    private.git("update-index").args(["-z", "--index-info"]).stdin(orders.concat()).done()
}

fn tolerate(private: &PrivateGit, object: &str) -> Result<()> {
    let path = private.skip_list();
    let mut file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "{object}")?;
    Ok(())
}

/// Reads `ls-tree -r -t -z`: `<mode> <type> <object>\t<path>`.
fn listing(private: &PrivateGit, tree: &CommitId) -> Result<Listing> {
    let answer =
        private.bare().git("ls-tree").args(["-r", "-t", "-z", "--full-tree", tree.as_str()]).answer()?;
    let records = answer.split(|byte| *byte == 0).filter(|record| !record.is_empty());
    records.map(|record| entry(record).ok_or_else(|| unparsable("ls-tree", record))).collect()
}

fn entry(record: &[u8]) -> Option<(GitPath, Entry)> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let mut facts = std::str::from_utf8(&record[..tab]).ok()?.split(' ');
    let (mode, kind, object) = (facts.next()?.to_owned(), facts.next()?, facts.next()?.to_owned());
    Some((record[tab + 1..].to_vec(), Entry { mode, is_tree: kind == "tree", object }))
}
