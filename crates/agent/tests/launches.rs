//! What is started for each agent: program, arguments, environment, first input, what may be read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use herder_agent::{AgentError, Credential, Entry, Expected, Input, Invocation, Kind, Launch, Registry};
use herder_domain::agent::Reasoning;
use scene::{invocation, place};

/// A directory with a `claude` as npm lays it out: a link on PATH, a wrapper, the native binary beside it.
struct Installed {
    _dir: tempfile::TempDir,
    root: PathBuf,
    env: BTreeMap<String, String>,
}

fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn machine() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" }
}

fn installed(wrapper: &[u8]) -> Installed {
    let dir = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(dir.path()).unwrap();
    let scope = root.join("lib/node_modules/@anthropic-ai");
    put(&scope.join("claude-code/bin/claude.exe"), wrapper);
    put(&scope.join("claude-code/package.json"), br#"{"version":"2.1.330"}"#);
    put(&scope.join(format!("claude-code-linux-{}/claude", machine())), b"\x7fELF native");
    put(&scope.join(format!("claude-code-linux-{}/package.json", machine())), br#"{"version":"2.1.330"}"#);
    std::fs::create_dir(root.join("bin")).unwrap();
    std::os::unix::fs::symlink(
        "../lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe",
        root.join("bin/claude"),
    )
    .unwrap();
    let path = format!("/nonexistent:{}", root.join("bin").display());
    Installed { _dir: dir, root, env: BTreeMap::from([("PATH".into(), path)]) }
}

fn claude(entry: Entry, invocation: &Invocation<'_>) -> Launch {
    let registry = Registry::new("/bin/true".into(), [entry]).unwrap();
    registry.agent("claude").unwrap().launch(invocation).unwrap()
}

fn plain() -> Entry {
    Entry::new("claude", Kind::Claude)
}

fn value_of<'a>(launch: &'a Launch, flag: &str) -> Option<&'a str> {
    let at = launch.args.iter().position(|arg| arg == flag)?;
    launch.args.get(at + 1).map(String::as_str)
}

#[test]
fn claude_is_started_native_with_its_streams_and_an_open_input() {
    let installed = installed(b"#!/usr/bin/env node");
    let launch = claude(plain(), &invocation("do\nit", &installed.env));
    let package =
        installed.root.join(format!("lib/node_modules/@anthropic-ai/claude-code-linux-{}", machine()));
    assert_eq!(launch.program, package.join("claude"));
    assert_eq!(launch.read, [package]);
    assert_eq!(launch.args[0], "-p");
    assert_eq!(value_of(&launch, "--input-format"), Some("stream-json"));
    assert_eq!(value_of(&launch, "--output-format"), Some("stream-json"));
    assert!(launch.args.contains(&"--verbose".to_owned()));
    assert!(launch.args.contains(&"--no-session-persistence".to_owned()));
    assert_eq!(value_of(&launch, "--permission-mode"), Some("bypassPermissions"));
    assert_eq!(value_of(&launch, "--model"), Some("sonnet"));
    assert_eq!(value_of(&launch, "--max-budget-usd"), None);
    let schema: serde_json::Value =
        serde_json::from_str(value_of(&launch, "--json-schema").unwrap()).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["status", "summary"]));
    assert_eq!(launch.input, Input::KeepOpen);
    let first: serde_json::Value = serde_json::from_slice(&launch.first_input).unwrap();
    assert_eq!(first["message"]["content"][0]["text"], "do\nit");
    assert_eq!(launch.first_input.iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[test]
fn a_claude_that_is_native_itself_is_started_as_it_is() {
    let installed = installed(b"\x7fELF");
    let launch = claude(plain(), &invocation("x", &installed.env));
    let package = installed.root.join("lib/node_modules/@anthropic-ai/claude-code");
    assert_eq!(launch.program, package.join("bin/claude.exe"));
    assert_eq!(launch.read, [package]);
}

#[test]
fn reasoning_is_an_effort_or_no_thinking_at_all() {
    let installed = installed(b"\x7fELF");
    for (reasoning, effort) in [
        (Reasoning::None, None),
        (Reasoning::Low, Some("low")),
        (Reasoning::Med, Some("medium")),
        (Reasoning::High, Some("high")),
    ] {
        let launch = claude(plain(), &Invocation { reasoning, ..invocation("x", &installed.env) });
        assert_eq!(value_of(&launch, "--effort"), effort);
        let switch = launch.env.get("CLAUDE_CODE_DISABLE_THINKING").map(String::as_str);
        assert_eq!(switch, (reasoning == Reasoning::None).then_some("1"));
    }
}

#[test]
fn the_environment_is_the_allowed_one_and_the_agents_own() {
    let mut installed = installed(b"\x7fELF");
    installed.env.insert("CARGO_HOME".into(), "/cache/cargo".into());
    installed.env.insert("IS_SANDBOX".into(), "1".into());
    let credential = Credential { variable: "ANTHROPIC_API_KEY".into(), value: "sk-secret".into() };
    let entry = Entry { base_url: Some("http://127.0.0.1:1".into()), ..plain() };
    let ordinary = Invocation { credential: Some(&credential), ..invocation("x", &installed.env) };
    let launch = claude(entry.clone(), &ordinary);
    for (name, value) in [
        ("CARGO_HOME", "/cache/cargo"),
        ("HOME", "/home/agent"),
        ("TMPDIR", "/tmp/agent"),
        ("TERM", "dumb"),
        ("LANG", "C.UTF-8"),
        ("ANTHROPIC_API_KEY", "sk-secret"),
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1:1"),
        ("DISABLE_TELEMETRY", "1"),
        ("DISABLE_AUTOUPDATER", "1"),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ] {
        assert_eq!(launch.env.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(launch.env.get("IS_SANDBOX"), None);
    let root = claude(entry, &Invocation { is_root: true, ..ordinary });
    assert_eq!(root.env["IS_SANDBOX"], "1");
    for shown in [format!("{launch:?}"), format!("{credential:?}")] {
        assert!(!shown.contains("sk-secret"), "{shown}");
    }
}

#[test]
fn a_summary_is_asked_for_without_a_schema_and_a_budget_is_passed_on() {
    let installed = installed(b"\x7fELF");
    let asked = Invocation {
        expected: Expected::Text,
        model: "haiku",
        budget_usd: Some(0.5),
        ..invocation("x", &installed.env)
    };
    let launch = claude(plain(), &asked);
    assert_eq!(value_of(&launch, "--json-schema"), None);
    assert_eq!(value_of(&launch, "--model"), Some("haiku"));
    assert_eq!(value_of(&launch, "--max-budget-usd"), Some("0.5"));
}

#[test]
fn a_missing_program_is_one_sentence_with_a_hint() {
    let registry = Registry::new("/bin/true".into(), []).unwrap();
    let env = BTreeMap::from([("PATH".to_owned(), "/nonexistent".to_owned())]);
    let error = registry.agent("claude").unwrap().launch(&invocation("x", &env)).unwrap_err();
    assert!(matches!(error, AgentError::ProgramMissing { .. }));
    assert!(error.to_string().contains("npm install"), "{error}");
}

#[test]
fn a_credential_is_taken_by_name_or_asked_for_in_one_sentence() {
    let registry = Registry::new("/bin/true".into(), []).unwrap();
    let claude = registry.agent("claude").unwrap();
    let of = |known: &'static [(&str, &str)]| {
        move |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    let both = of(&[("CLAUDE_CODE_OAUTH_TOKEN", "t"), ("ANTHROPIC_API_KEY", "k")]);
    assert_eq!(claude.credential(&both).unwrap().unwrap().variable, "ANTHROPIC_API_KEY");
    let token = of(&[("CLAUDE_CODE_OAUTH_TOKEN", "t"), ("ANTHROPIC_API_KEY", " ")]);
    assert_eq!(claude.credential(&token).unwrap().unwrap().variable, "CLAUDE_CODE_OAUTH_TOKEN");
    let error = claude.credential(&of(&[])).unwrap_err().to_string();
    assert!(error.contains("ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN"), "{error}");
    assert!(error.contains("claude setup-token"), "{error}");
    assert_eq!(registry.agent("replay").unwrap().credential(&of(&[])).unwrap(), None);
}

#[test]
fn replay_is_this_program_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("herder");
    put(&own, b"\x7fELF");
    let own = std::fs::canonicalize(own).unwrap();
    let registry = Registry::new(own.clone(), []).unwrap();
    let env = BTreeMap::new();
    let asked = Invocation { place: place(dir.path(), "o/r#42"), ..invocation("x", &env) };
    let launch = registry.agent("replay").unwrap().launch(&asked).unwrap();
    assert_eq!((launch.program, launch.args), (own.clone(), vec!["replay-agent".to_owned()]));
    assert_eq!((launch.read, launch.write), (vec![own], vec![dir.path().to_path_buf()]));
    assert_eq!(launch.env["HERDER_GOAL_KEY"], "o/r#42");
    assert_eq!(launch.env["HERDER_PLACE_DIR"], dir.path().to_str().unwrap());
}
