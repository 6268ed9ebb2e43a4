//! The trees that an index comes to, written in this process as the loose objects that git would write.

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::id::CommitId;
use crate::index_file::{Entry, IndexFile, Kind};
use crate::packing::Durability;
use crate::reading::{Objects, to_gix};
use crate::writing::{name_of, object, write_loose};
use gix_hash::ObjectId;
use std::os::unix::ffi::OsStrExt;

/// Directories in directories that are followed here, each of which takes of the stack. How deep they go is an agent's to
/// choose, up to some two thousand.
const DEEPEST: usize = 200;

/// The index of a repository, and where its trees go.
struct Writing<'a> {
    bare: &'a Bare,
    index: &'a IndexFile,
    objects: Objects,
    format: &'a str,
}

/// Writes the trees of an index whose objects have names in `format` and gives the top one; nothing where that is git's:
/// an index with conflicts, with entries that are more than a tree holds, or with very deep directories.
///
/// What is written is not synced. Trees that are there are not written again.
///
/// # Errors
/// A file that a new tree names is not there, or the disk refuses.
pub(crate) fn write_trees(bare: &Bare, index: &IndexFile, format: &str) -> Result<Option<CommitId>> {
    let depth =
        |entry: &Entry| index.path(entry).as_os_str().as_bytes().iter().filter(|byte| **byte == b'/').count();
    if !index.entries().iter().all(|entry| entry.is_plain() && depth(entry) <= DEEPEST) {
        return Ok(None);
    }
    let writing = Writing { bare, index, objects: Objects::in_format(bare, format)?, format };
    writing.tree(index.entries(), 0).map(Some)
}

impl Writing<'_> {
    /// The tree of entries whose paths agree in their first `depth` bytes, those of its directory.
    ///
    /// An index is sorted by whole paths, so what lies in one directory is together, and where a tree has it.
    fn tree(&self, entries: &[Entry], depth: usize) -> Result<CommitId> {
        let (mut text, mut files, mut rest) = (Vec::new(), Vec::new(), entries);
        while let Some((first, others)) = rest.split_first() {
            let path = &self.path(first)[depth..];
            let Some(slash) = path.iter().position(|byte| *byte == b'/') else {
                let object = self.index.object(first);
                if first.kind != Kind::Submodule {
                    files.push(named(object)?);
                }
                line(&mut text, mode(first.kind), path, object);
                rest = others;
                continue;
            };
            let directory = &self.path(first)[..=depth + slash];
            let end = rest.partition_point(|entry| self.path(entry).starts_with(directory));
            let tree = self.tree(&rest[..end], directory.len())?;
            line(&mut text, "40000", &path[..slash], to_gix(&tree)?.as_bytes());
            rest = &rest[end..];
        }
        self.written(&text, &files)
    }

    /// The name of a tree, which is there then. Git, too, writes none that names what is not there.
    fn written(&self, text: &[u8], files: &[ObjectId]) -> Result<CommitId> {
        let object = object("tree", text);
        let id = name_of(&object, self.format)?;
        if self.objects.has(&to_gix(&id)?) {
            return Ok(id);
        }
        if let Some(missing) = files.iter().find(|file| !self.objects.has(file)) {
            return Err(WorkspaceError::BrokenObjects { message: format!("{missing} is not there") });
        }
        write_loose(self.bare, id.as_str(), &object, Durability::Lazy)?;
        Ok(id)
    }

    fn path(&self, entry: &Entry) -> &[u8] {
        self.index.path(entry).as_os_str().as_bytes()
    }
}

fn named(bytes: &[u8]) -> Result<ObjectId> {
    let broken = |_| WorkspaceError::BrokenObjects { message: format!("a name of {} bytes", bytes.len()) };
    ObjectId::try_from(bytes).map_err(broken)
}

fn line(text: &mut Vec<u8>, mode: &str, name: &[u8], object: &[u8]) {
    for part in [mode.as_bytes(), b" ", name, b"\0", object] {
        text.extend_from_slice(part);
    }
}

/// As a tree has it.
fn mode(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "100644",
        Kind::Executable => "100755",
        Kind::Link => "120000",
        Kind::Submodule => "160000",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    struct Scene {
        _dir: tempfile::TempDir,
        bare: Bare,
        index: PathBuf,
        format: &'static str,
    }

    impl Scene {
        fn new(format: &'static str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let bare = Bare::create(&dir.path().join("a.git"), format).unwrap();
            Self { index: dir.path().join("index"), bare, format, _dir: dir }
        }

        fn blob(&self, text: &str) -> CommitId {
            self.bare.git("hash-object").args(["-w", "--stdin"]).stdin(text).object().unwrap()
        }

        /// Puts lines of `git update-index --index-info` into the index.
        fn put(&self, lines: &str) {
            let git = self.bare.git("update-index").setting("index.version=2").index(&self.index);
            git.arg("--index-info").stdin(lines).done().unwrap();
        }

        fn ours(&self) -> Result<Option<CommitId>> {
            let index = IndexFile::read(&self.index, self.format).unwrap();
            write_trees(&self.bare, &index, self.format)
        }

        fn gits(&self) -> CommitId {
            self.bare.git("write-tree").index(&self.index).object().unwrap()
        }
    }

    /// Names that sort one way as files and another way as directories, and those that are merely odd.
    const PATHS: [&str; 14] = [
        "a",
        "a-b/c",
        "a.txt",
        "a0",
        "b/a/c",
        "b/a.c",
        "b/a0",
        "b-",
        "b0/x",
        "deep/1/2/3/4",
        "deep/1/2/x",
        "name with space",
        "z/\u{e4}",
        "z0",
    ];

    #[test]
    fn trees_are_those_that_git_would_write_after_each_change() {
        for format in ["sha1", "sha256"] {
            let scene = Scene::new(format);
            let blobs = ["one", "two", "three"].map(|text| scene.blob(text));
            let modes = ["100644", "100755", "120000"];
            for (number, path) in PATHS.iter().enumerate() {
                // A submodule's commit lies elsewhere.
                let line = match number {
                    5 => format!("160000 {}\t{path}\n", "1".repeat(blobs[0].as_str().len())),
                    _ => format!("{} {}\t{path}\n", modes[number % 3], blobs[number % blobs.len()]),
                };
                scene.put(&line);
                let ours = scene.ours().unwrap().unwrap();
                scene.bare.git("ls-tree").args(["-r", "-t", ours.as_str()]).done().unwrap();
                assert_eq!(ours, scene.gits(), "{format}: with {path}");
            }
            let zero = "0".repeat(blobs[0].as_str().len());
            scene.put(&format!("0 {zero}\tdeep/1/2/3/4\n0 {zero}\ta-b/c\n"));
            assert_eq!(scene.ours().unwrap().unwrap(), scene.gits());
            scene.bare.git("fsck").args(["--strict", "--no-dangling"]).done().unwrap();
        }
    }

    #[test]
    fn an_empty_index_is_the_empty_tree() {
        let scene = Scene::new("sha1");
        let one = scene.blob("one");
        scene.put(&format!("100644 {one}\tx\n"));
        scene.put(&format!("0 {}\tx\n", "0".repeat(40)));
        assert_eq!(scene.ours().unwrap().unwrap().as_str(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn conflicts_are_left_to_git_and_a_file_that_is_not_there_is_an_error() {
        let scene = Scene::new("sha1");
        let one = scene.blob("one");
        scene.put(&format!("100644 {one} 1\tx\n100644 {one} 2\tx\n"));
        assert_eq!(scene.ours().unwrap(), None);
        let scene = Scene::new("sha1");
        let deep = |levels| "d/".repeat(levels);
        scene.put(&format!("100644 {}\t{}x\n", scene.blob("one"), deep(DEEPEST)));
        assert_eq!(scene.ours().unwrap().unwrap(), scene.gits());
        scene.put(&format!("100644 {}\t{}x\n", scene.blob("one"), deep(DEEPEST + 1)));
        assert_eq!(scene.ours().unwrap(), None);
        let scene = Scene::new("sha1");
        scene.put(&format!("100644 {}\tdeep/x\n", "2".repeat(40)));
        assert!(matches!(scene.ours(), Err(WorkspaceError::BrokenObjects { .. })));
    }
}
