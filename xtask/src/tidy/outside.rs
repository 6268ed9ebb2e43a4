//! Which crate alone may use which library: the laws that a dependency of another project would break.

use toml::Table;

use super::graph::{line_of, shipped_dependencies};
use super::tree::Tree;
use super::violation::Violation;

/// Libraries that belong to one law, with the crates that may ship them.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &["dashboard", "testkit"]),
    ("clap", &["cli"]),
    ("landlock", &["executor"]),
    ("minijinja", &["ralph"]),
    ("rusqlite", &["store"]),
    ("tokio", &["dashboard", "testkit"]),
    ("ureq", &["forge", "notify", "fakehub"]),
];

/// All that `domain` may use: with any other it could do more than compute.
const DOMAIN: &[&str] = &["jiff", "serde", "serde_json", "thiserror"];

/// Checks the manifests of all crates; tests may use what they like.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (krate, text) in tree.crates() {
        // A manifest that does not parse is reported by the rule about the graph.
        let manifest: Table = toml::from_str(text).unwrap_or_default();
        let path = format!("crates/{krate}/Cargo.toml");
        for package in shipped_dependencies(&manifest) {
            if let Some(sentence) = objection(krate, &package) {
                violations.push(Violation::new(&path, line_of(text, &package), sentence));
            }
        }
    }
    violations
}

fn objection(krate: &str, package: &str) -> Option<String> {
    let is_ours = package.starts_with("herder");
    if krate == "domain" && !is_ours && !DOMAIN.contains(&package) {
        return Some(format!("`domain` only computes; it has no use for `{package}`"));
    }
    let (_, homes) = HOMES.iter().find(|(library, _)| *library == package)?;
    (!homes.contains(&krate)).then(|| {
        let homes = homes.join("` or `");
        format!("`{package}` belongs to `{homes}`; `{krate}` asks that crate instead")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(krate: &str, text: &str) -> Vec<String> {
        let path = format!("crates/{krate}/Cargo.toml");
        let tree = Tree::of(&[(&path, text)]);
        check(&tree).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn sql_has_one_home() {
        assert_eq!(found("store", "[dependencies]\nrusqlite = \"0\"\n"), Vec::<String>::new());
        assert_eq!(
            found("watch", "[dependencies]\nrusqlite = \"0\"\n"),
            ["crates/watch/Cargo.toml:2: `rusqlite` belongs to `store`; `watch` asks that crate instead"]
        );
    }

    #[test]
    fn domain_uses_nothing_that_reaches_outside() {
        assert_eq!(found("domain", "[dependencies]\nfs-err = \"3\"\njiff = \"0\"\n").len(), 1);
    }

    #[test]
    fn tests_may_use_what_they_like() {
        assert_eq!(found("watch", "[dev-dependencies]\nrusqlite = \"0\"\n"), Vec::<String>::new());
    }
}
