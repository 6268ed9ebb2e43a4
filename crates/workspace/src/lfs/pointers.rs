//! Which files of a commit are kept in Git LFS, and what their pointers name. A file is one if an attribute says
//! so, at whatever level: what only looks like a pointer is a file like any other.

use crate::bare::Bare;
use crate::error::Result;
use crate::git::unparsable;
use crate::id::CommitId;
use crate::lfs::Lfs;
use crate::reading::Objects;
use crate::scratch::Scratch;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The largest `.gitattributes` that is looked at here, in bytes; of a larger one git is asked.
const TEXT_MAX: u64 = 1 << 20;

/// A pointer is smaller, by its specification.
const POINTER_MAX: u64 = 1024;

/// The file with attributes.
const ATTRIBUTES: &[u8] = b".gitattributes";

/// A file that a commit keeps in Git LFS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    /// Its path from the top.
    pub(super) path: PathBuf,
    /// The SHA-256 of its content.
    pub(super) hash: String,
    /// Whether a checkout of the commit needs the content. An older commit's attributes alone do not say so.
    pub(super) is_needed: bool,
}

/// Files with the names of what they hold.
type Files = BTreeMap<Vec<u8>, CommitId>;

impl Bare {
    /// Whether files in Git LFS are written with their contents, and not as pointers.
    ///
    /// # Errors
    /// What was said of that cannot be read.
    pub fn has_contents(&self) -> Result<bool> {
        Lfs::is_marked(self.path())
    }

    /// Whether a commit keeps files in Git LFS, by its `.gitattributes` at all levels.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub fn uses_lfs(&self, commit: &CommitId) -> Result<bool> {
        let objects = Objects::of(self, commit)?;
        let mut waiting = vec![self.tree_of(commit)?];
        while let Some(tree) = waiting.pop() {
            for entry in objects.list(&tree)? {
                match entry.mode & 0o170_000 {
                    0o040_000 => waiting.push(entry.object),
                    0o100_000 if entry.name == ATTRIBUTES => {
                        let is_large = objects.size(&entry.object)? > TEXT_MAX;
                        if is_large || names_filter(&objects.content(&entry.object)?) {
                            return Ok(true);
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(false)
    }

    /// The files in Git LFS that `new` has and `old` has not, or all of them where attributes have changed.
    pub(super) fn pointers(&self, old: Option<&CommitId>, new: &CommitId) -> Result<Vec<Pointer>> {
        let uses_it = |commit: &CommitId| self.uses_lfs(commit);
        if !uses_it(new)? && !old.map(uses_it).transpose()?.unwrap_or(false) {
            return Ok(Vec::new());
        }
        let mut files = self.written(old, new)?;
        let is_attributes = |path: &Vec<u8>| path.rsplit(|byte| *byte == b'/').next() == Some(ATTRIBUTES);
        let mut by_old = HashSet::new();
        if let Some(old) = old
            && (files.keys().any(is_attributes) || self.removed(old, new)?.iter().any(is_attributes))
        {
            files = self.written(None, new)?;
            by_old = self.filtered(old, &files)?;
        }
        let by_new = self.filtered(new, &files)?;
        let objects = Objects::of(self, new)?;
        let mut found = Vec::new();
        for (path, object) in files {
            let is_needed = by_new.contains(&path);
            if !is_needed && !by_old.contains(&path) || objects.size(&object)? >= POINTER_MAX {
                continue;
            }
            if let Some(hash) = pointed_at(&objects.content(&object)?) {
                found.push(Pointer { path: OsString::from_vec(path).into(), hash, is_needed });
            }
        }
        Ok(found)
    }

    /// The files that a commit writes anew.
    fn written(&self, old: Option<&CommitId>, new: &CommitId) -> Result<Files> {
        let mut files = Files::new();
        for (mode, object, path) in self.raw_diff(old, new)? {
            if mode.starts_with("100") {
                files.insert(path, CommitId::parse(&object)?);
            }
        }
        Ok(files)
    }

    /// The paths at which a commit has nothing any more.
    fn removed(&self, old: &CommitId, new: &CommitId) -> Result<Vec<Vec<u8>>> {
        let all = self.raw_diff(Some(old), new)?.into_iter();
        Ok(all.filter(|(mode, _, _)| mode == "000000").map(|(_, _, path)| path).collect())
    }

    /// New mode, object and path of all that differs: `:<mode> <mode> <object> <object> <status>`, then the path
    /// (git-diff-tree(1), "Raw output format").
    fn raw_diff(&self, old: Option<&CommitId>, new: &CommitId) -> Result<Vec<(String, String, Vec<u8>)>> {
        let old = match old {
            Some(old) => old.to_string(),
            None => self.git("mktree").line()?,
        };
        let git = self.git("diff-tree").args(["-r", "--raw", "--no-renames", "--full-index", "-z"]);
        let answer = git.args([old.as_str(), new.as_str(), "--"]).answer()?;
        let mut fields = answer.split(|byte| *byte == 0).filter(|field| !field.is_empty());
        let mut found = Vec::new();
        while let Some(record) = fields.next() {
            let broken = || unparsable("diff-tree", record);
            let facts = std::str::from_utf8(record).map_err(|_| broken())?;
            let [_, mode, _, object, _] = facts.split(' ').collect::<Vec<_>>()[..] else {
                return Err(broken());
            };
            let path = fields.next().ok_or_else(broken)?;
            found.push((mode.to_owned(), object.to_owned(), path.to_vec()));
        }
        Ok(found)
    }

    /// Those of the files to which the attributes of a commit give the filter of Git LFS.
    fn filtered(&self, commit: &CommitId, files: &Files) -> Result<HashSet<Vec<u8>>> {
        // `--source` is younger than the oldest git that is good enough.
        let scratch = Scratch::within(self.path(), "attributes")?;
        let index = scratch.path().join("index");
        self.git("read-tree").index(&index).arg(commit.as_str()).done()?;
        let asked: Vec<u8> = files.keys().flat_map(|path| [path.as_slice(), b"\0"].concat()).collect();
        let git = self.git("check-attr").index(&index).args(["--cached", "-z", "--stdin", "filter"]);
        let answer = git.stdin(asked).answer()?;
        // Path, attribute and value of each.
        let fields: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
        let is_it = |facts: &&[&[u8]]| facts[2] == b"lfs";
        Ok(fields.chunks_exact(3).filter(is_it).map(|facts| facts[0].to_vec()).collect())
    }
}

/// Whether a text of attributes names the filter somewhere.
fn names_filter(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(|line| line.split_whitespace().skip(1)).any(|word| word == "filter=lfs")
}

/// The hash that a pointer names, if a text is one.
fn pointed_at(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let rest = text.strip_prefix("version https://git-lfs.github.com/spec/v1\n")?;
    let hash = rest.lines().find_map(|line| line.strip_prefix("oid sha256:"))?;
    super::contents::is_hash(hash).then(|| hash.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_told_from_a_file_that_only_looks_like_one() {
        let hash = "f6173070075ddbbeb694430284ad6ea11188cc7f14798c08f0bbbb0e54c574a7";
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{hash}\nsize 3000\n");
        assert_eq!(pointed_at(pointer.as_bytes()).as_deref(), Some(hash));
        for other in ["", "oid sha256:f617", &pointer.replace(hash, "--all"), &pointer[1..], &pointer[..60]] {
            assert_eq!(pointed_at(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn attributes_name_the_filter_in_a_macro_and_behind_a_quoted_path_but_not_in_a_remark() {
        for text in ["*.bin filter=lfs -text", "[attr]big filter=lfs", "\"a b\" filter=lfs"] {
            assert!(names_filter(text.as_bytes()), "{text}");
        }
        for text in ["", "# *.bin filter=lfs", "filter=lfs", "*.bin filter=lfsx"] {
            assert!(!names_filter(text.as_bytes()), "{text}");
        }
    }
}
