//! Which crate may know which: the one table of it, and the check of every manifest against it.
//!
//! The crate graph is the only rule that the compiler enforces, so the important sentences are the edges
//! that are missing. They are repeated here because a manifest is easily given one more line.

use toml::{Table, Value};

use super::tree::Tree;
use super::violation::Violation;

/// The crates below `crates/` and what their shipped code may depend on.
///
/// `orchestrator` does not know `agent`: it spends no tokens. `oneshot` knows nothing, not even `domain`.
pub const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("oneshot", &[]),
    ("record", &["domain"]),
    ("store", &["domain"]),
    ("agent", &["domain"]),
    ("executor", &["domain"]),
    ("config", &["domain"]),
    ("workspace", &["domain", "oneshot"]),
    ("notify", &["domain", "oneshot"]),
    ("forge", &["domain", "oneshot"]),
    ("gate", &["domain", "workspace", "executor"]),
    ("ralph", &["domain", "agent", "workspace", "executor", "record", "gate"]),
    (
        "orchestrator",
        &["domain", "store", "forge", "workspace", "executor", "record", "gate", "config", "notify", "view"],
    ),
    ("view", &["domain", "store", "record"]),
    ("watch", &["domain", "store", "record", "view"]),
    ("dashboard", &["domain", "store", "record", "view"]),
    (
        "cli",
        &[
            "domain",
            "oneshot",
            "record",
            "store",
            "agent",
            "executor",
            "config",
            "workspace",
            "notify",
            "forge",
            "gate",
            "ralph",
            "orchestrator",
            "view",
            "watch",
            "dashboard",
        ],
    ),
    ("testkit", &["domain", "oneshot"]),
    ("fakehub", &["testkit"]),
];

/// The crates that only tests may use: shipped code knows none of them, they may know each other.
const TESTS_ONLY: &[&str] = &["testkit", "fakehub"];

/// Checks the manifests of all crates.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Violation> {
    tree.crates().flat_map(|(name, text)| check_manifest(name, text)).collect()
}

fn check_manifest(name: &str, text: &str) -> Vec<Violation> {
    let path = format!("crates/{name}/Cargo.toml");
    let manifest: Table = match toml::from_str(text) {
        Ok(manifest) => manifest,
        Err(error) => return vec![Violation::new(&path, 1, format!("this is not TOML: {error}"))],
    };
    let mut violations = Vec::new();
    if !inherits_lints(&manifest) {
        violations.push(Violation::new(&path, 1, "a crate has `[lints] workspace = true`"));
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(krate, _)| *krate == name) else {
        let sentence =
            format!("`{name}` is not in the table of xtask/src/tidy/graph.rs: say there what it may know");
        violations.push(Violation::new(&path, 1, sentence));
        return violations;
    };
    for dependency in shipped_dependencies(&manifest) {
        if let Some(sentence) = objection(name, allowed, &dependency) {
            let line = line_of(text, &dependency);
            violations.push(Violation::new(&path, line, sentence));
        }
    }
    violations
}

/// Why this dependency must not be, if it is a crate of ours that must not be.
fn objection(name: &str, allowed: &[&str], dependency: &str) -> Option<String> {
    let other = our_name(dependency)?;
    if TESTS_ONLY.contains(&other) && !TESTS_ONLY.contains(&name) {
        return Some(format!("`{other}` is for tests: it belongs under [dev-dependencies]"));
    }
    (!allowed.contains(&other)).then(|| {
        format!("`{name}` must not know `{other}`; the allowed edges stand in xtask/src/tidy/graph.rs")
    })
}

/// The directory of a crate of ours from its package name.
fn our_name(package: &str) -> Option<&str> {
    match package {
        "herder" => Some("cli"),
        _ => package.strip_prefix("herder-"),
    }
}

/// The packages that shipped code or its build depends on, for any platform, under their own names.
#[must_use]
pub fn shipped_dependencies(manifest: &Table) -> Vec<String> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let platforms = platforms.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(platforms)
        .flat_map(|table| [table.get("dependencies"), table.get("build-dependencies")])
        .flatten()
        .filter_map(Value::as_table)
        .flat_map(|table| table.iter().map(|(key, value)| package_name(key, value)))
        .collect()
}

/// A dependency may be renamed in its manifest; its package is what counts.
fn package_name(key: &str, value: &Value) -> String {
    let package = value.get("package").and_then(Value::as_str);
    package.unwrap_or(key).to_owned()
}

fn inherits_lints(manifest: &Table) -> bool {
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    lints.and_then(Value::as_bool) == Some(true)
}

/// The line of a manifest that names a package, or the first.
#[must_use]
pub fn line_of(manifest: &str, package: &str) -> usize {
    let names = |line: &str| {
        line.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).any(|word| word == package)
    };
    manifest.lines().position(names).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, dependencies: &str) -> Vec<String> {
        let manifest =
            format!("[package]\nname = \"herder-{name}\"\n[lints]\nworkspace = true\n{dependencies}");
        check_manifest(name, &manifest).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn the_orchestrator_must_not_know_agents() {
        let found = found(
            "orchestrator",
            "[dependencies]\nherder-store.workspace = true\nherder-agent.workspace = true\n",
        );
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("crates/orchestrator/Cargo.toml:7: `orchestrator` must not know `agent`"),
            "{found:?}"
        );
    }

    #[test]
    fn a_renamed_or_platform_dependency_is_seen() {
        assert_eq!(
            found("store", "[dependencies]\nfiles = { package = \"herder-record\", path = \"../record\" }\n")
                .len(),
            1
        );
        assert_eq!(
            found("store", "[target.'cfg(unix)'.dependencies]\nherder-record.workspace = true\n").len(),
            1
        );
        assert_eq!(found("store", "[build-dependencies]\nherder-record.workspace = true\n").len(), 1);
    }

    #[test]
    fn testkit_is_a_dev_dependency() {
        assert_eq!(found("cli", "[dependencies]\nherder-testkit.workspace = true\n").len(), 1);
        assert_eq!(found("cli", "[dev-dependencies]\nherder-testkit.workspace = true\n").len(), 0);
    }

    #[test]
    fn crates_for_tests_are_dev_dependencies_of_all_but_each_other() {
        assert_eq!(found("cli", "[dependencies]\nherder-fakehub.workspace = true\n").len(), 1);
        assert_eq!(found("fakehub", "[dependencies]\nherder-testkit.workspace = true\n").len(), 0);
        assert_eq!(found("testkit", "[dependencies]\nherder-fakehub.workspace = true\n").len(), 1);
    }

    #[test]
    fn a_crate_that_nobody_described_is_found() {
        assert!(found("billing", "")[0].contains("not in the table"));
    }

    #[test]
    fn a_crate_inherits_the_lints() {
        let found = check_manifest("domain", "[package]\nname = \"herder-domain\"\n");
        assert!(found[0].sentence.contains("[lints] workspace = true"));
    }

    #[test]
    fn the_table_names_only_crates_that_it_lists() {
        let listed = |name: &&str| ALLOWED.iter().any(|(krate, _)| krate == name);
        for (krate, allowed) in ALLOWED {
            assert!(allowed.iter().all(listed), "{krate}");
        }
    }
}
