//! Git's own check of a snapshot's objects, before they become a commit that others fetch.
//!
//! An agent can write a `.gitmodules` that runs a command when the work is checked out by someone
//! else; git's `fsck` knows those, and the vault and most forges refuse them. Such a file is left out
//! of the snapshot instead of spoiling it.

use super::changes::{GitPath, Skipped, WhySkipped};
use super::vetted_pack::VettedPack;
use super::{SnapshotOrder, full_message, stage, staged_tree};
use crate::clone_git::{UNSYNCED, pack_range};
use crate::error::{Result, WorkspaceError};
use crate::git::{succeeded, unparsable};
use crate::id::CommitId;
use crate::packing::{Added, Durability};
use crate::private::PrivateGit;
use crate::reading::Objects;
use crate::scratch::Scratch;
use crate::transfer::pack_in;
use crate::writing::commit;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
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

/// Writes the index as a commit on `parent` whose new objects pass git's check, and gives it with its tree:
/// `parent` itself if nothing has changed. Entries that do not pass are set back to what `parent` has, and
/// join what is `skipped`.
pub(super) fn vetted_commit(
    private: &PrivateGit,
    parent: &CommitId,
    order: &SnapshotOrder,
    skipped: &mut Vec<Skipped>,
) -> Result<(CommitId, CommitId)> {
    let before = private.bare().tree_of(parent)?;
    for _ in 0..ROUNDS_MAX {
        let tree = staged_tree::write(private, parent.object_format())?;
        if tree == before {
            return Ok((parent.clone(), tree));
        }
        let message = full_message(&order.message, skipped);
        let commit = commit(private.bare(), &tree, Some(parent), &message, &order.signature)?;
        let Some(complaint) = complaint_about(private, parent, &commit)? else {
            return Ok((commit, tree));
        };
        skipped.extend(set_back(private, parent, &tree, &complaint)?);
    }
    Err(WorkspaceError::BrokenObjects { message: format!("more than {ROUNDS_MAX} objects are refused") })
}

/// What git's check says of the objects that `commit` adds to `parent`; `None` if it is content. Then the pack
/// of them is kept, for the clone's own `.git`.
fn complaint_about(private: &PrivateGit, parent: &CommitId, commit: &CommitId) -> Result<Option<String>> {
    let scratch = Scratch::within(private.bare().path(), "vet")?;
    let Some((pack, index)) = packed(private, parent, commit, scratch.path())? else {
        return Ok(None);
    };
    let git = private.bare().git("index-pack").setting(UNSYNCED);
    let finished = git.arg(strict(private)).arg("-o").arg(index).arg(pack).finish()?;
    let complaint = finished.stderr.text();
    if finished.status.code() == Some(128) && named_object(&complaint).is_some() {
        return Ok(Some(complaint));
    }
    succeeded(finished, "index-pack")?;
    VettedPack::keep(private, parent, commit, scratch)?;
    Ok(None)
}

/// The objects that `commit` adds to `parent` as a pack, and where its index is to be.
fn packed(
    private: &PrivateGit,
    parent: &CommitId,
    commit: &CommitId,
    directory: &Path,
) -> Result<Option<(PathBuf, PathBuf)>> {
    let objects = Objects::of(private.bare(), commit)?;
    if let Some(added) = Added::by(&objects, &[commit], std::slice::from_ref(parent)) {
        let pack = added.pack_into(directory, Durability::Lazy)?;
        return Ok(pack.map(|pack| (pack.clone(), pack.with_extension("idx"))));
    }
    pack_range(private.bare(), Some(parent), commit, directory)?;
    // Git has made an index as well; what it checks gets another one.
    Ok(pack_in(directory)?.map(|pack| (pack, directory.join("vetted.idx"))))
}

/// How `git index-pack` is told to check, all but what came from upstream.
pub(crate) fn strict(private: &PrivateGit) -> OsString {
    let skip_list = private.skip_list();
    if !skip_list.is_file() {
        return "--strict".into();
    }
    let mut strict = OsString::from("--strict=skiplist=");
    strict.push(skip_list);
    strict
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
    private.git("update-index")?.args(["-z", "--index-info"]).stdin(orders.concat()).done()
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
