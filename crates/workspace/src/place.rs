//! Where the directories of a repository lie: names that no host, owner or repository can abuse.

use crate::contained::{Dir, below};
use crate::error::Result;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The longest directory name made from a name, in bytes.
const NAME_MAX: usize = 80;

/// One repository's directories, from its host, owner and name.
///
/// Each part becomes exactly one directory name; two different parts never become the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    host: String,
    owner: String,
    name: String,
}

impl Place {
    /// The place of the repository `owner/name` on `host`; any text is accepted.
    pub fn new(host: &str, owner: &str, name: &str) -> Self {
        Self { host: safe_name(host), owner: safe_name(owner), name: safe_name(name) }
    }

    /// The mirror's directory in the state directory: `mirrors/<host>/<owner>/<name>.git`.
    pub fn mirror(&self, state: &Path) -> PathBuf {
        self.bare(&state.join("mirrors"))
    }

    /// The vault's directory in the state directory: `vault/<host>/<owner>/<name>.git`.
    pub fn vault(&self, state: &Path) -> PathBuf {
        self.bare(&state.join("vault"))
    }

    /// The clone's directory below `root`: `<host>/<owner>/<name>/<goal>-<attempt>`.
    pub fn clone_dir(&self, root: &Path, goal: u64, attempt: u32) -> PathBuf {
        root.join(&self.host).join(&self.owner).join(&self.name).join(format!("{goal}-{attempt}"))
    }

    fn bare(&self, parent: &Path) -> PathBuf {
        parent.join(&self.host).join(&self.owner).join(format!("{}.git", self.name))
    }
}

/// Makes the directories that lead from `root` to `path` (`path` itself not), mode 0700.
///
/// # Errors
/// `path` is not below `root`, or a directory on the way is a symbolic link.
pub fn make_parents(root: &Path, path: &Path) -> Result<()> {
    fs_err::create_dir_all(root)?;
    let relative = below(root, path)?;
    if let Some(parent) = relative.parent() {
        Dir::root(root)?.descend_made(parent)?;
    }
    Ok(())
}

/// One safe directory name for any text: ASCII letters, digits and `-_.+~`, not beginning with a dot
/// or dash, at most [`NAME_MAX`] bytes. A text that had to be changed gets the start of its SHA-256
/// appended, after a `~` that no unchanged text has there.
pub(crate) fn safe_name(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let is_first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_kept = text.chars().all(is_safe)
        && text.starts_with(is_first)
        && text.len() <= NAME_MAX
        // `app.git` would share a directory name with the bare repository of `app`.
        && !text.ends_with(".git");
    if is_kept {
        return text.to_owned();
    }
    let cut: String = text
        .chars()
        .map(|c| if is_safe(c) { c } else { '-' })
        .skip_while(|c| !is_first(*c))
        .take(NAME_MAX - 18)
        .collect();
    let digest = Sha256::digest(text.as_bytes());
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}~{hash}", if cut.is_empty() { "_" } else { &cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        let place = Place::new("github.com", "acme", "app.rs");
        assert_eq!(place.clone_dir(Path::new("/r"), 42, 3), Path::new("/r/github.com/acme/app.rs/42-3"));
        assert_eq!(place.mirror(Path::new("/s")), Path::new("/s/mirrors/github.com/acme/app.rs.git"));
        assert_eq!(place.vault(Path::new("/s")), Path::new("/s/vault/github.com/acme/app.rs.git"));
    }

    #[test]
    fn every_text_becomes_one_harmless_name() {
        let long = "x".repeat(500);
        for text in ["", ".", "..", "../../etc", "/etc", "-rf", ".git", "a/b", "a\0b", "a\nb", "é", &long] {
            let name = safe_name(text);
            assert!(!name.is_empty() && name.len() <= NAME_MAX, "{text:?} -> {name:?}");
            assert!(
                !name.starts_with(['.', '-']) && !name.contains(['/', '\0', '\n']),
                "{text:?} -> {name:?}"
            );
        }
    }

    #[test]
    fn different_texts_become_different_names() {
        let texts = ["a/b", "a-b", "a b", "a:b", "..a", ".a", "a", "a.git", "", "-", "--"];
        let names: std::collections::BTreeSet<String> = texts.iter().map(|text| safe_name(text)).collect();
        assert_eq!(names.len(), texts.len(), "{names:?}");
    }
}
