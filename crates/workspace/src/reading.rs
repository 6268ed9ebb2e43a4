//! What commits, trees and files hold, read in this process by gitoxide's object database: to start git for
//! such a question takes a hundred times as long as to answer it.
//!
//! Only in bare repositories of ours, whose objects git has written. What a person's repository holds is git's
//! to say: it may lack objects that it would fetch, and keep others in another place.

use crate::bare::{Bare, TreeEntry};
use crate::error::{Result, WorkspaceError};
use crate::id::CommitId;
use crate::opened::open;
use gix_hash::ObjectId;
use gix_object::tree::EntryMode;
use gix_object::{CommitRefIter, Data, Find, Kind, TagRefIter, TreeRefIter};
use gix_odb::Header;
use std::path::PathBuf;

/// So many commits are looked at here; what lies further back is asked of git, which knows shortcuts.
const NEAR: usize = 64;

/// The objects of one repository, its own and those that it borrows.
pub(crate) struct Objects {
    odb: gix_odb::Handle,
}

/// What is needed to know of a commit.
pub(crate) struct CommitFacts {
    pub(crate) tree: CommitId,
    pub(crate) parents: Vec<CommitId>,
    pub(crate) message: String,
}

/// One entry of a tree.
pub(crate) struct Listed {
    pub(crate) name: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) object: CommitId,
}

impl Objects {
    /// Those of a repository whose objects have names like `name`.
    pub(crate) fn of(bare: &Bare, name: &CommitId) -> Result<Self> {
        let odb = open(&bare.path().join("objects"), to_gix(name)?.kind())?;
        Ok(Self { odb })
    }

    /// Those of a repository whose objects have names of `format` (`sha1`, `sha256`).
    pub(crate) fn in_format(bare: &Bare, format: &str) -> Result<Self> {
        let kind = if format == "sha256" { gix_hash::Kind::Sha256 } else { gix_hash::Kind::Sha1 };
        Ok(Self { odb: open(&bare.path().join("objects"), kind)? })
    }

    /// Whether an object is there.
    pub(crate) fn has(&self, id: &ObjectId) -> bool {
        gix_object::Exists::exists(&self.odb, id)
    }

    pub(crate) fn find<'b>(&self, id: &ObjectId, buffer: &'b mut Vec<u8>) -> Result<Data<'b>> {
        let found = self.odb.try_find(id, buffer).map_err(|error| unreadable(id, error))?;
        found.ok_or_else(|| unreadable(id, "it is not there"))
    }

    /// The commit that `id` is or, as a tag, points at; `None` if nothing of that name is there.
    pub(crate) fn commit(&self, id: &CommitId) -> Result<Option<(CommitId, CommitFacts)>> {
        let (mut id, mut buffer) = (to_gix(id)?, Vec::new());
        loop {
            let Some(found) = self.odb.try_find(&id, &mut buffer).map_err(|error| unreadable(&id, error))?
            else {
                return Ok(None);
            };
            id = match found.kind {
                Kind::Commit => return Ok(Some((from_gix(id)?, facts(&id, &found)?))),
                Kind::Tag => target(&id, &found)?,
                Kind::Tree | Kind::Blob => return Ok(None),
            };
        }
    }

    fn tree_of(&self, id: &CommitId) -> Result<ObjectId> {
        let (mut id, mut buffer) = (to_gix(id)?, Vec::new());
        loop {
            let found = self.find(&id, &mut buffer)?;
            id = match found.kind {
                Kind::Tree => return Ok(id),
                Kind::Commit => tree_in(&id, &found)?,
                Kind::Tag => target(&id, &found)?,
                Kind::Blob => return Err(unreadable(&id, "it is a file")),
            };
        }
    }

    fn entry(&self, commit: &CommitId, path: &str) -> Result<Option<TreeEntry>> {
        let (tree, mut top, mut buffer) = (self.tree_of(commit)?, Vec::new(), Vec::new());
        let top = self.find(&tree, &mut top)?;
        let top = TreeRefIter::from_bytes(top.data, top.object_hash);
        let found = top
            .lookup_entry_by_path(&self.odb, &mut buffer, path)
            .map_err(|error| unreadable(&tree, error))?;
        let Some(found) = found else { return Ok(None) };
        let mode = u32::from(found.mode.value());
        let size = match found.mode.is_blob_or_symlink() {
            true => Some(self.size_of(&found.oid)?),
            false => None,
        };
        Ok(Some(TreeEntry { path: PathBuf::from(path), mode, size, object: found.oid.to_string() }))
    }

    /// What lies in a tree, not deeper.
    pub(crate) fn list(&self, tree: &CommitId) -> Result<Vec<Listed>> {
        let (id, mut buffer) = (self.tree_of(tree)?, Vec::new());
        let found = self.find(&id, &mut buffer)?;
        let listed = |entry: gix_object::tree::EntryRef<'_>| {
            let (name, mode) = (entry.filename.to_vec(), u32::from(entry.mode.value()));
            Ok(Listed { name, mode, object: from_gix(entry.oid.to_owned())? })
        };
        TreeRefIter::from_bytes(found.data, found.object_hash)
            .map(|entry| entry.map_err(|error| unreadable(&id, error)).and_then(listed))
            .collect()
    }

    /// Name, mode and id of what lies in a tree, not deeper.
    pub(crate) fn entries(&self, tree: &ObjectId) -> Result<Vec<(Vec<u8>, EntryMode, ObjectId)>> {
        let mut buffer = Vec::new();
        let found = self.find(tree, &mut buffer)?;
        let entries = TreeRefIter::from_bytes(found.data, found.object_hash);
        let parts = |entry: gix_object::tree::EntryRef<'_>| {
            (entry.filename.to_vec(), entry.mode, entry.oid.to_owned())
        };
        entries.map(|entry| entry.map(parts).map_err(|error| unreadable(tree, error))).collect()
    }

    /// What a file holds.
    pub(crate) fn content(&self, file: &CommitId) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        self.find(&to_gix(file)?, &mut content)?;
        Ok(content)
    }

    /// How large a file is, in bytes.
    pub(crate) fn size(&self, file: &CommitId) -> Result<u64> {
        self.size_of(&to_gix(file)?)
    }

    pub(crate) fn size_of(&self, id: &ObjectId) -> Result<u64> {
        let header = self.odb.try_header(id).map_err(|error| unreadable(id, error))?;
        header.map(|header| header.size()).ok_or_else(|| unreadable(id, "it is not there"))
    }

    /// The commits from `to` back to `from`, newest first, where one follows the other without a merge and
    /// they are few; `None` where git has to say which they are.
    pub(crate) fn line_between(&self, from: &CommitId, to: &CommitId) -> Result<Option<Vec<CommitFacts>>> {
        let (mut at, mut line) = (to.clone(), Vec::new());
        while at != *from {
            let Some((_, facts)) = self.commit(&at)? else { return Ok(None) };
            let [parent] = facts.parents.as_slice() else { return Ok(None) };
            at = parent.clone();
            line.push(facts);
            if line.len() > NEAR {
                return Ok(None);
            }
        }
        Ok(Some(line))
    }
}

impl Bare {
    /// Whether `old` is `new` or one of its ancestors.
    ///
    /// # Errors
    /// A commit is missing, or git cannot be run.
    pub fn is_ancestor(&self, old: &CommitId, new: &CommitId) -> Result<bool> {
        if Objects::of(self, new)?.line_between(old, new)?.is_some() {
            return Ok(true);
        }
        self.git("merge-base").args(["--is-ancestor", old.as_str(), new.as_str()]).yes_or_no()
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// The commit is missing or cannot be read.
    pub fn tree_of(&self, commit: &CommitId) -> Result<CommitId> {
        from_gix(Objects::of(self, commit)?.tree_of(commit)?)
    }

    /// The entry at `path` in a commit, if there is one.
    ///
    /// # Errors
    /// The commit is missing or cannot be read.
    pub fn entry(&self, commit: &CommitId, path: &str) -> Result<Option<TreeEntry>> {
        Objects::of(self, commit)?.entry(commit, path.trim_end_matches('/'))
    }

    /// The name of the object at `path` in a commit, if there is one: what has another name differs.
    ///
    /// # Errors
    /// The commit is missing or cannot be read.
    pub fn object_at(&self, commit: &CommitId, path: &str) -> Result<Option<String>> {
        Ok(self.entry(commit, path)?.map(|entry| format!("{:o} {}", entry.mode, entry.object)))
    }

    /// Whether a commit has something at `path`.
    ///
    /// # Errors
    /// The commit is missing or cannot be read.
    pub fn has_path(&self, commit: &CommitId, path: &str) -> Result<bool> {
        self.entry(commit, path).map(|entry| entry.is_some())
    }

    /// The content of a file in a commit; `None` if there is none or it is not a file.
    ///
    /// # Errors
    /// It has more than `max` bytes, or the commit is missing or cannot be read.
    pub fn read_file(&self, commit: &CommitId, path: &str, max: u64) -> Result<Option<Vec<u8>>> {
        let objects = Objects::of(self, commit)?;
        let entry = objects.entry(commit, path.trim_end_matches('/'))?;
        let Some(entry) = entry.filter(TreeEntry::is_file) else {
            return Ok(None);
        };
        let size = entry.size.unwrap_or(0);
        if size > max {
            return Err(WorkspaceError::FileTooLarge { path: path.to_owned(), size, max });
        }
        objects.content(&CommitId::parse(&entry.object)?).map(Some)
    }
}

fn facts(id: &ObjectId, commit: &Data<'_>) -> Result<CommitFacts> {
    let parts = CommitRefIter::from_bytes(commit.data, commit.object_hash);
    let message = parts.message().map_err(|error| unreadable(id, error))?;
    Ok(CommitFacts {
        tree: from_gix(tree_in(id, commit)?)?,
        parents: parts.parent_ids().map(from_gix).collect::<Result<_>>()?,
        message: message.to_string(),
    })
}

fn tree_in(id: &ObjectId, commit: &Data<'_>) -> Result<ObjectId> {
    let mut parts = CommitRefIter::from_bytes(commit.data, commit.object_hash);
    parts.tree_id().map_err(|error| unreadable(id, error))
}

fn target(id: &ObjectId, tag: &Data<'_>) -> Result<ObjectId> {
    let parts = TagRefIter::from_bytes(tag.data, tag.object_hash);
    parts.target_id().map_err(|error| unreadable(id, error))
}

pub(crate) fn to_gix(id: &CommitId) -> Result<ObjectId> {
    ObjectId::from_hex(id.as_str().as_bytes())
        .map_err(|_| WorkspaceError::BadCommitId { text: id.as_str().to_owned() })
}

fn from_gix(id: ObjectId) -> Result<CommitId> {
    CommitId::parse(&id.to_hex().to_string())
}

fn unreadable(id: &ObjectId, reason: impl std::fmt::Display) -> WorkspaceError {
    WorkspaceError::Unreadable { object: id.to_hex().to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Identity, Signature};
    use crate::writing::commit;

    /// A repository with files, a link, a directory and a submodule, loose or packed.
    fn repository(format: &str, is_packed: bool) -> (tempfile::TempDir, Bare, CommitId) {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::create(&dir.path().join("a.git"), format).unwrap();
        let blob = |text: &str| bare.git("hash-object").args(["-w", "--stdin"]).stdin(text).object().unwrap();
        let (one, two) = (blob("one\n"), blob(&"two\n".repeat(1_000)));
        let inner = format!("100755 blob {two}\tcheck\n100644 blob {one}\tname with \u{e4}\n");
        let inner = bare.git("mktree").stdin(inner).object().unwrap();
        let pin = "1".repeat(one.as_str().len());
        let all = format!(
            "040000 tree {inner}\t.ralph\n100644 blob {one}\tfile\n120000 blob {one}\tlink\n160000 commit {pin}\tsub\n"
        );
        let tree = bare.git("mktree").arg("--missing").stdin(all).object().unwrap();
        let tip = follow(&bare, &tree, None, "Begin");
        if is_packed {
            bare.git("update-ref").args(["refs/heads/main", tip.as_str()]).done().unwrap();
            bare.git("repack").args(["-a", "-d", "-q"]).done().unwrap();
            bare.git("prune-packed").done().unwrap();
        }
        (dir, bare, tip)
    }

    fn follow(bare: &Bare, tree: &CommitId, parent: Option<&CommitId>, message: &str) -> CommitId {
        let who = Identity { name: "Ada".into(), email: "a@b".into() };
        commit(bare, tree, parent, message, &Signature { who, at: jiff::Timestamp::UNIX_EPOCH }).unwrap()
    }

    #[test]
    fn what_is_read_is_what_git_says() {
        for (format, is_packed) in [("sha1", false), ("sha1", true), ("sha256", false), ("sha256", true)] {
            let (_dir, bare, tip) = repository(format, is_packed);
            let tree = bare.git("rev-parse").arg(format!("{tip}^{{tree}}")).object().unwrap();
            assert_eq!(bare.tree_of(&tip).unwrap(), tree);
            assert_eq!(bare.tree_of(&tree).unwrap(), tree);
            for path in
                ["file", "link", ".ralph", ".ralph/", ".ralph/check", ".ralph/name with \u{e4}", "sub"]
            {
                let asked = path.trim_end_matches('/');
                let git = bare.git("ls-tree").args(["-l", "-z", "--full-tree", tip.as_str(), "--", asked]);
                let said = String::from_utf8(git.answer().unwrap()).unwrap();
                let (facts, name) = said.trim_end_matches('\0').split_once('\t').unwrap();
                let facts: Vec<&str> = facts.split_ascii_whitespace().collect();
                let entry = bare.entry(&tip, path).unwrap().unwrap();
                assert_eq!(entry.path.to_str().unwrap(), name);
                assert_eq!(format!("{:06o}", entry.mode), facts[0]);
                assert_eq!(entry.object, facts[2], "{path} {format} {is_packed}");
                assert_eq!(entry.size.map_or("-".to_owned(), |size| size.to_string()), facts[3]);
            }
            for path in ["", "nothing", "file/below", "../file", "/file", ".ralph/nothing"] {
                assert_eq!(bare.entry(&tip, path).unwrap(), None, "{path:?}");
            }
            let two = "two\n".repeat(1_000).into_bytes();
            assert_eq!(bare.read_file(&tip, ".ralph/check", 4_000).unwrap(), Some(two));
            assert!(bare.read_file(&tip, ".ralph/check", 3_999).is_err());
            assert_eq!(bare.read_file(&tip, "link", 100).unwrap(), None);
        }
    }

    #[test]
    fn a_missing_commit_is_an_error_and_no_answer() {
        let (_dir, bare, tip) = repository("sha1", false);
        let missing = CommitId::parse(&"2".repeat(40)).unwrap();
        assert!(bare.tree_of(&missing).is_err() && bare.entry(&missing, "file").is_err());
        assert!(bare.is_ancestor(&tip, &missing).is_err());
    }

    #[test]
    fn ancestors_near_and_far_and_beyond_merges_are_found() {
        let (_dir, bare, first) = repository("sha1", false);
        let tree = bare.tree_of(&first).unwrap();
        let mut tips = vec![first.clone()];
        for number in 0..NEAR + 10 {
            tips.push(follow(&bare, &tree, tips.last(), &format!("Commit {number}")));
        }
        let last = tips.last().unwrap();
        for old in [&tips[0], &tips[5], &tips[NEAR + 8], last] {
            assert!(bare.is_ancestor(old, last).unwrap());
        }
        assert!(!bare.is_ancestor(last, &first).unwrap());
        let side = follow(&bare, &tree, Some(&first), "Side");
        assert!(!bare.is_ancestor(&side, last).unwrap());
        let merge = bare.git("commit-tree").args([tree.as_str(), "-p", last.as_str(), "-p", side.as_str()]);
        let merge = ["AUTHOR", "COMMITTER"].into_iter().fold(merge, |git, role| {
            git.variable(&format!("GIT_{role}_NAME"), "Ada").variable(&format!("GIT_{role}_EMAIL"), "a@b")
        });
        let merge = merge.stdin("Merge\n").object().unwrap();
        assert!(bare.is_ancestor(&side, &merge).unwrap() && bare.is_ancestor(&first, &merge).unwrap());
        let objects = Objects::of(&bare, &merge).unwrap();
        assert!(objects.line_between(last, &merge).unwrap().is_none(), "git is asked about merges");
    }
}
