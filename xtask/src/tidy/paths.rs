//! No path of one person's machine in a file of the project.

use std::sync::LazyLock;

use regex::Regex;

use super::tree::{Tree, is_fixture};
use super::violation::Violation;

/// An absolute path into a home directory, or into a directory in which machines commonly build. What comes
/// before must not be part of a longer path: a relative one is somebody's directory.
static MACHINE_PATH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^A-Za-z0-9_.~*/}-])(/(?:work|root|home/[A-Za-z0-9_-]+)/[^\s]?)").ok()
});

/// Finds such paths in every text file but test data and the lock file.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Violation> {
    let judged = tree.files().filter(|(path, _)| !is_fixture(path) && *path != "Cargo.lock");
    judged.flat_map(|(path, text)| check_text(path, text)).collect()
}

fn check_text(path: &str, text: &str) -> Vec<Violation> {
    let Some(pattern) = MACHINE_PATH.as_ref() else {
        return vec![Violation::new(path, 1, "the pattern for paths of a machine is broken")];
    };
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| Some((index + 1, pattern.captures(line)?.get(1)?)))
        .map(|(line, found)| {
            let sentence = format!("`{}` is a path of one machine; nobody else has it", found.as_str());
            Violation::new(path, line, sentence)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples are put together here, so that this file obeys its own rule.
    fn lines(parts: &[&str]) -> Vec<usize> {
        let text = parts.join("/");
        let tree = Tree::of(&[("docs/a.md", &text)]);
        check(&tree).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        assert_eq!(lines(&["first\nsee ", "work", "main"]), [2]);
        assert_eq!(lines(&["\"", "root", ".ssh"]), [1]);
        assert_eq!(lines(&["(", "home", "someone", "x)"]), [1]);
    }

    #[test]
    fn parts_of_other_paths_are_left_alone() {
        assert!(lines(&["src", "work", "main.rs"]).is_empty());
        assert!(lines(&["https:", "", "example.org", "root", "a"]).is_empty());
        assert!(lines(&["$HOME", "root", "a"]).is_empty());
        assert!(lines(&["rooted at ", "home is fine"]).is_empty());
    }

    #[test]
    fn fixtures_keep_what_was_recorded() {
        let text = ["", "root", "x"].join("/");
        let tree = Tree::of(&[("crates/a/tests/fixtures/b.jsonl", &text)]);
        assert!(check(&tree).is_empty());
    }
}
