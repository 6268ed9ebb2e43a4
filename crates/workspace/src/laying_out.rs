//! A small directory of a commit, a `.ralph/`, as files, without starting git: plain files and directories as
//! the commit has them. For what is more than that there is git.

use crate::error::Result;
use crate::id::CommitId;
use crate::reading::{Listed, Objects};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// So many files and directories are written here.
const ENTRIES_MAX: usize = 500;

/// The largest file that is held in memory, in bytes.
const FILE_MAX: u64 = 8 << 20;

/// What is to be made, in order: directories before what is in them.
enum Made {
    Directory(PathBuf),
    File { path: PathBuf, object: CommitId, mode: u32 },
}

/// Writes the files of a tree to the empty directory `dest`; false, and nothing is written, where that is git's:
/// links, submodules, attributes, names that no tree should have, and what is large.
pub(crate) fn lay_out(objects: &Objects, tree: &CommitId, dest: &Path) -> Result<bool> {
    let mut all = Vec::new();
    if !gather(objects, tree, Path::new(""), &mut all)? {
        return Ok(false);
    }
    for made in all {
        match made {
            // Nothing that is there is entered or written over, whatever a tree says twice.
            Made::Directory(path) => fs_err::create_dir(dest.join(path))?,
            Made::File { path, object, mode } => {
                let mut options = fs_err::OpenOptions::new();
                options.write(true).create_new(true).options_mut().mode(mode);
                options.open(dest.join(path))?.write_all(&objects.content(&object)?)?;
            }
        }
    }
    Ok(true)
}

fn gather(objects: &Objects, tree: &CommitId, place: &Path, all: &mut Vec<Made>) -> Result<bool> {
    for Listed { name, mode, object } in objects.list(tree)? {
        let Some(name) = plain(&name) else { return Ok(false) };
        let path = place.join(name);
        match mode {
            0o040_000 => {
                all.push(Made::Directory(path.clone()));
                if !gather(objects, &object, &path, all)? {
                    return Ok(false);
                }
            }
            0o100_644 | 0o100_755 if objects.size(&object)? > FILE_MAX => return Ok(false),
            // What the umask leaves of it, as with git.
            0o100_644 => all.push(Made::File { path, object, mode: 0o666 }),
            0o100_755 => all.push(Made::File { path, object, mode: 0o777 }),
            _ => return Ok(false),
        }
        if all.len() > ENTRIES_MAX {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A name of a file that is only that.
fn plain(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.+ ".contains(c);
    let is_special = ["", ".", ".."].contains(&name) || name.to_ascii_lowercase().starts_with(".git");
    (!is_special && name.chars().all(is_plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare::Bare;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    fn repository() -> (tempfile::TempDir, Bare) {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::create(&dir.path().join("a.git"), "sha1").unwrap();
        (dir, bare)
    }

    fn blob(bare: &Bare, text: &str) -> CommitId {
        bare.git("hash-object").args(["-w", "--stdin"]).stdin(text).object().unwrap()
    }

    fn files(top: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(top).unwrap() {
            let path = entry.unwrap().path();
            let mode = path.symlink_metadata().unwrap().permissions().mode();
            if path.is_dir() {
                let below = files(&path)
                    .into_iter()
                    .map(|(name, file)| (Path::new(path.file_name().unwrap()).join(name), file));
                found.extend(below);
            } else {
                found.insert(path.file_name().unwrap().into(), (mode, std::fs::read(&path).unwrap()));
            }
        }
        found
    }

    #[test]
    fn files_are_those_that_git_would_write() {
        let (dir, bare) = repository();
        let (one, two) = (blob(&bare, "#!/bin/sh\r\nexit 0\n"), blob(&bare, "two\n"));
        let inner = bare.git("mktree").stdin(format!("100644 blob {two}\ta name\n")).object().unwrap();
        let tree = format!("100755 blob {one}\tcheck\n040000 tree {inner}\tlib\n100644 blob {two}\tx.toml\n");
        let tree = bare.git("mktree").stdin(tree).object().unwrap();
        let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
        std::fs::create_dir(&ours).unwrap();
        assert!(lay_out(&Objects::of(&bare, &tree).unwrap(), &tree, &ours).unwrap());
        bare.checkout(&tree, &theirs).unwrap();
        assert_eq!(files(&ours), files(&theirs));
        assert_eq!(files(&ours).len(), 3);
    }

    #[test]
    fn what_is_no_plain_file_is_left_to_git_and_nothing_is_written() {
        let (dir, bare) = repository();
        let one = blob(&bare, "/etc");
        for entry in [
            "120000 blob {one}\tlink",
            "160000 commit 1111111111111111111111111111111111111111\tsub",
            "100644 blob {one}\t.gitattributes",
            "100644 blob {one}\t.GIT",
            "100644 blob {one}\t..",
            "100644 blob {one}\tb\u{e4}",
        ] {
            let odd = entry.replace("{one}", one.as_str());
            let first = format!("100644 blob {one}\t-first\n{odd}\n");
            let inner = bare.git("mktree").arg("--missing").stdin(first).object().unwrap();
            let tree = bare.git("mktree").stdin(format!("040000 tree {inner}\tdeep\n")).object().unwrap();
            let dest = dir.path().join("dest");
            std::fs::create_dir(&dest).unwrap();
            assert!(!lay_out(&Objects::of(&bare, &tree).unwrap(), &tree, &dest).unwrap(), "{entry}");
            std::fs::remove_dir(&dest).unwrap();
        }
    }
}
