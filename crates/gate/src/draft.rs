//! A first draft of a repository's check, from what lies at its top. It is a proposal: a person reads it, tries
//! it and commits it.

use std::io;
use std::path::Path;

use fs_err as fs;

/// How much of a file is looked at, in bytes.
const READ_MAX: u64 = 1 << 20;

/// A drafted `.ralph/check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What the draft was made from, each a file's name and what it tells.
    pub found: Vec<String>,
    /// The script.
    pub script: String,
}

/// What one kind of project asks for.
#[derive(Debug, Default)]
struct Part {
    /// The file that told, and what it told.
    found: String,
    /// Commands in their order.
    commands: Vec<String>,
    /// Commands that many want besides; they are drafted as remarks.
    further: Vec<String>,
}

/// Drafts a check for the repository whose top is `top`.
///
/// # Errors
/// A file that is there cannot be read.
pub fn draft(top: &Path) -> io::Result<Draft> {
    let mut parts = Vec::new();
    for part in [make(top)?, cargo(top), node(top)?, python(top)?, go(top)] {
        parts.extend(part);
    }
    Ok(Draft { found: parts.iter().map(|part| part.found.clone()).collect(), script: script(&parts) })
}

fn script(parts: &[Part]) -> String {
    let mut text = "#!/bin/sh\n\
        # The gate: herder believes this program and nothing else. Exit code 0 means accepted.\n\
        # It runs at the top of a checkout, in a sandbox, as the base branch has it; what it prints last is\n\
        # shown to the agent when it says no.\n\
        set -eu\n"
        .to_owned();
    if parts.is_empty() {
        text.push_str(
            "\n# Nothing that herder knows was found here. Until it says what is to hold, this check refuses\n\
             # everything: a gate that lets everything through is worse than none.\n\
             echo 'no check is written yet: see .ralph/check' >&2\nexit 1\n",
        );
    }
    for part in parts {
        text.push_str(&format!("\n# {}\n", part.found));
        part.commands.iter().for_each(|command| text.push_str(&format!("{command}\n")));
        part.further.iter().for_each(|command| text.push_str(&format!("# {command}\n")));
    }
    text
}

/// The text of a file at the top, where there is one.
fn read(top: &Path, name: &str) -> io::Result<Option<String>> {
    use std::io::Read;

    let path = top.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(READ_MAX).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn has(top: &Path, name: &str) -> bool {
    top.join(name).exists()
}

fn make(top: &Path) -> io::Result<Option<Part>> {
    for name in ["GNUmakefile", "Makefile", "makefile"] {
        let Some(text) = read(top, name)? else { continue };
        let has_target = |target: &&&str| text.lines().any(|line| is_rule(line, target));
        if let Some(target) = ["check", "test"].iter().find(has_target) {
            let found = format!("{name} has the target `{target}`");
            return Ok(Some(Part { found, commands: vec![format!("make {target}")], ..Part::default() }));
        }
    }
    Ok(None)
}

/// Whether a line begins a rule for a target: `test: build`, not `test := yes`.
fn is_rule(line: &str, target: &str) -> bool {
    let Some((targets, rest)) = line.split_once(':') else { return false };
    !line.starts_with(['\t', '#'])
        && !rest.trim_start_matches(':').starts_with('=')
        && targets.split_whitespace().any(|word| word == target)
}

fn cargo(top: &Path) -> Option<Part> {
    if !has(top, "Cargo.toml") {
        return None;
    }
    let locked = if has(top, "Cargo.lock") { " --locked" } else { "" };
    Some(Part {
        found: "Cargo.toml: a Rust project".to_owned(),
        commands: vec![format!("cargo test --workspace{locked}")],
        further: vec![
            "cargo fmt --all --check".to_owned(),
            format!("cargo clippy --workspace --all-targets{locked} -- -D warnings"),
        ],
    })
}

fn node(top: &Path) -> io::Result<Option<Part>> {
    let Some(text) = read(top, "package.json")? else { return Ok(None) };
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let script = |name: &str| manifest["scripts"][name].as_str();
    // What `npm init` writes is no test.
    let is_real = |name: &&str| script(name).is_some_and(|script| !script.contains("no test specified"));
    let (install, run) = package_manager(top);
    let asked = ["lint", "typecheck", "build", "test"].into_iter().filter(is_real);
    let mut commands = vec![install.to_owned()];
    commands.extend(asked.map(|name| format!("{run} {name}")));
    if commands.len() == 1 {
        commands.push("echo 'package.json has no script that checks anything' >&2; exit 1".to_owned());
    }
    Ok(Some(Part { found: "package.json: its scripts".to_owned(), commands, ..Part::default() }))
}

/// How packages are installed as the lock file has them, and how a script is run.
fn package_manager(top: &Path) -> (&'static str, &'static str) {
    let managers = [
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile", "pnpm run"),
        ("yarn.lock", "yarn install --frozen-lockfile", "yarn run"),
        ("bun.lock", "bun install --frozen-lockfile", "bun run"),
        ("package-lock.json", "npm ci", "npm run"),
    ];
    let found = managers.into_iter().find(|(lock, ..)| has(top, lock));
    found.map_or(("npm install", "npm run"), |(_, install, run)| (install, run))
}

fn python(top: &Path) -> io::Result<Option<Part>> {
    let project = read(top, "pyproject.toml")?;
    let settings = [project.clone(), read(top, "setup.cfg")?, read(top, "requirements.txt")?];
    if project.is_none() && !has(top, "setup.py") && !has(top, "requirements.txt") {
        return Ok(None);
    }
    let uses_pytest = has(top, "pytest.ini")
        || has(top, "conftest.py")
        || has(top, "tests/conftest.py")
        || settings.iter().flatten().any(|text| text.contains("pytest"));
    let test = if uses_pytest { "pytest" } else { "unittest" };
    let commands = if has(top, "uv.lock") {
        vec![format!("uv run --locked python -m {test}")]
    } else if has(top, "poetry.lock") {
        vec!["poetry install".to_owned(), format!("poetry run python -m {test}")]
    } else {
        vec![format!("python3 -m {test}")]
    };
    let found = format!("a Python project with {test}");
    let further = vec!["python3 -m ruff check .".to_owned(), "python3 -m mypy .".to_owned()];
    Ok(Some(Part { found, commands, further }))
}

fn go(top: &Path) -> Option<Part> {
    has(top, "go.mod").then(|| Part {
        found: "go.mod: a Go module".to_owned(),
        commands: vec!["go vet ./...".to_owned(), "go test ./...".to_owned()],
        further: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails says so")]

    use super::*;

    fn drafted(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let draft = draft(dir.path()).unwrap();
        assert!(draft.script.starts_with("#!/bin/sh\n"));
        let is_command = |line: &&str| !line.is_empty() && !line.starts_with('#') && *line != "set -eu";
        (draft.found, draft.script.lines().filter(is_command).map(str::to_owned).collect())
    }

    #[test]
    fn each_kind_of_project_is_checked_in_its_own_way() {
        assert_eq!(drafted(&[("Cargo.toml", ""), ("Cargo.lock", "")]).1, ["cargo test --workspace --locked"]);
        assert_eq!(drafted(&[("go.mod", "module x")]).1, ["go vet ./...", "go test ./..."]);
        assert_eq!(drafted(&[("pyproject.toml", "[tool.pytest]")]).1, ["python3 -m pytest"]);
        assert_eq!(drafted(&[("setup.py", "")]).1, ["python3 -m unittest"]);
        let uv = [("pyproject.toml", "pytest"), ("uv.lock", "")];
        assert_eq!(drafted(&uv).1, ["uv run --locked python -m pytest"]);
        assert_eq!(drafted(&[("Makefile", "test: all\n\ttrue\n")]).1, ["make test"]);
    }

    #[test]
    fn of_a_package_only_the_scripts_that_are_there_are_run() {
        let scripts = r#"{"scripts":{"test":"vitest","lint":"eslint .","start":"node ."}}"#;
        let found = drafted(&[("package.json", scripts), ("package-lock.json", "")]).1;
        assert_eq!(found, ["npm ci", "npm run lint", "npm run test"]);
        let fresh = r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#;
        assert!(drafted(&[("package.json", fresh)]).1[1].contains("exit 1"));
        assert!(drafted(&[("package.json", "no JSON at all")]).1[1].contains("exit 1"));
    }

    #[test]
    fn a_variable_is_no_target() {
        assert!(drafted(&[("Makefile", "test := 1\ncheck = 2\n\ttest: x\n# test: y\n")]).0.is_empty());
        assert!(is_rule("all test: build", "test"));
        assert!(is_rule("test::", "test"));
        assert!(!is_rule("test ::= x", "test"));
    }

    #[test]
    fn where_nothing_is_known_everything_is_refused() {
        let (found, commands) = drafted(&[("README.md", "hello")]);
        assert!(found.is_empty());
        assert_eq!(commands.last().unwrap(), "exit 1");
    }

    #[test]
    fn several_projects_are_all_checked() {
        let (found, commands) = drafted(&[("Cargo.toml", ""), ("go.mod", "")]);
        assert_eq!((found.len(), commands.len()), (2, 3));
    }
}
