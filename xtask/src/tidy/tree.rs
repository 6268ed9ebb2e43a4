//! The text files of the repository.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The text files of the repository by their path from the root: those that git tracks, and new ones that it
/// does not ignore. Files that are not UTF-8 are left out; they have no lines to point at.
#[derive(Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the tree below `root`.
    ///
    /// # Errors
    /// When git cannot list the files, or one of them cannot be read.
    pub fn load(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in list(root)? {
            // Tracked but deleted in the working tree, or a link to somewhere else.
            if !root.join(&path).is_file() {
                continue;
            }
            let bytes = fs_err::read(root.join(&path))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.insert(path, text);
            }
        }
        Ok(Tree { files })
    }

    /// A tree of these files, for tests.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Tree { files: files.iter().map(own).collect() }
    }

    /// The text of one file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether a file or a directory of this path is in the tree.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let directory = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.keys().any(|file| file.starts_with(&directory))
    }

    /// All files with their text, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter();
        files.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The directories directly below `crates/` that have a manifest, with the manifest's text.
    pub fn crates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter_map(|(path, text)| {
            let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
            (!name.contains('/')).then_some((name, text))
        })
    }
}

/// Whether a path is test data: recorded as it was, and judged by no rule.
#[must_use]
pub fn is_fixture(path: &str) -> bool {
    path.split('/').any(|part| part == "fixtures")
}

/// The paths that git knows or would add. A checkout that belongs to another user is read all the same:
/// listing files runs nothing of it.
fn list(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "-c", "core.fsmonitor=false"])
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .context("failed to start git, which lists the files to check")?;
    ensure!(
        output.status.success(),
        "failed to list the files of the tree: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_are_in_the_tree_and_ignored_ones_are_not() {
        let root = tempfile::tempdir().unwrap();
        let git = Command::new("git").args(["init", "-q"]).current_dir(root.path()).status();
        assert!(git.unwrap().success());
        fs_err::write(root.path().join(".gitignore"), "built\n").unwrap();
        fs_err::write(root.path().join("new.md"), "text").unwrap();
        fs_err::write(root.path().join("built"), "text").unwrap();
        fs_err::write(root.path().join("picture"), [0xff, 0xfe]).unwrap();
        let tree = Tree::load(root.path()).unwrap();
        assert_eq!(tree.text("new.md"), Some("text"));
        assert!(!tree.contains("built") && !tree.contains("picture"));
    }

    #[test]
    fn a_directory_that_is_not_a_checkout_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        assert!(Tree::load(root.path()).is_err());
    }

    #[test]
    fn directories_are_contained_too() {
        let tree = Tree::of(&[("docs/design/loop.md", "")]);
        assert!(tree.contains("docs/design") && tree.contains("docs/design/"));
        assert!(!tree.contains("docs/des"));
    }
}
