//! Every relative link of a page leads somewhere.

use std::sync::LazyLock;

use regex::Regex;

use super::tree::{Tree, is_fixture};
use super::violation::Violation;

/// `[text](target)` or `[name]: target`; a title behind the target is left out.
static LINK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\]\(\s*<?([^)\s>]+)|^\s*\[[^\]^]+\]:\s+<?(\S+?)>?\s*$").ok());

/// Checks the links of every page of the repository but test data.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Violation> {
    let pages = tree.files().filter(|(path, _)| path.ends_with(".md") && !is_fixture(path));
    pages.flat_map(|(path, text)| check_page(tree, path, text)).collect()
}

fn check_page(tree: &Tree, page: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (line, target) in targets(text) {
        let file = target.split('#').next().unwrap_or_default();
        let is_elsewhere = file.is_empty() || target.contains("://") || target.starts_with("mailto:");
        if !is_elsewhere && !resolve(page, file).is_some_and(|path| tree.contains(&path)) {
            violations.push(Violation::new(page, line, format!("the link to `{target}` leads nowhere")));
        }
    }
    violations
}

/// The targets of all links outside fenced blocks, with their lines.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let Some(pattern) = LINK.as_ref() else {
        return Vec::new();
    };
    let mut is_inside = false;
    let mut targets = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
        } else if !is_inside {
            let found = pattern.captures_iter(line);
            let found = found.filter_map(|captures| captures.get(1).or_else(|| captures.get(2)));
            targets.extend(found.map(|target| (index + 1, target.as_str())));
        }
    }
    targets
}

/// The path from the root that a link on a page means; `None` when it leaves the repository.
fn resolve(page: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree =
            Tree::of(&[("docs/design/loop.md", text), ("docs/design/states.md", ""), ("README.md", "")]);
        check(&tree).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn links_that_resolve_are_left_alone() {
        assert!(
            lines("[a](states.md) [b](states.md#effects) [c](../../README.md) [d](../design/)").is_empty()
        );
        assert!(lines("[a](https://example.org/x) [b](#here) <mailto:a@b.c>").is_empty());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        assert_eq!(lines("fine\n[a](stages.md)"), [2]);
        assert_eq!(lines("[a](../../../outside.md)"), [1]);
        assert_eq!(lines("[a][b]\n\n[b]: nowhere.md"), [3]);
    }

    #[test]
    fn fenced_text_has_no_links() {
        assert!(lines("```\n[a](stages.md)\n```\n").is_empty());
    }

    #[test]
    fn the_pattern_compiles() {
        assert!(LINK.is_some());
    }
}
