//! The gates that `docs/gate.md` shows do what it says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const PAGE: &str = include_str!("../../../docs/gate.md");

/// The shell scripts of the page, by the heading that they stand under.
fn scripts() -> Vec<(&'static str, &'static str)> {
    let sections = PAGE.split("\n### ").skip(1);
    let script = |section: &'static str| {
        let (heading, rest) = section.split_once('\n')?;
        let (_, script) = rest.split_once("```sh\n")?;
        Some((heading, script.split_once("\n```")?.0))
    };
    sections.filter_map(script).collect()
}

/// Runs the script under a heading with a program in place of the real one.
fn run(heading: &str, program: &str, stands_in: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let (_, script) = scripts().into_iter().find(|(name, _)| name.starts_with(heading)).unwrap();
    install(&dir.path().join(program), &format!("#!/bin/sh\n{stands_in}\n"));
    install(&dir.path().join("check"), script);
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    // A shell of its own: no other test holds the file open for writing while it is executed.
    let mut command = Command::new("sh");
    command.arg(dir.path().join("check")).env("PATH", path).env("TMPDIR", dir.path()).output().unwrap()
}

fn install(path: &Path, text: &str) {
    fs_err::write(path, text).unwrap();
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The exit code and the last line on standard output.
fn said(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text.lines().last().unwrap_or_default().to_owned())
}

#[test]
fn every_script_on_the_page_is_one() {
    let scripts = scripts();
    assert_eq!(scripts.len(), 4);
    for (heading, script) in scripts {
        let output = Command::new("sh").args(["-n", "-c", script]).output().unwrap();
        assert!(output.status.success(), "{heading}: {output:?}");
    }
}

#[test]
fn plain_shell_names_each_check() {
    let output = run("Plain shell", "cargo", "test \"$1\" = fmt");
    let report = r#"{"ok":false,"items":[{"name":"format","ok":true},{"name":"tests","ok":false}]}"#;
    assert_eq!(said(&output), (Some(1), report.into()));
    assert_eq!(run("Plain shell", "cargo", "exit 0").status.code(), Some(0));
}

#[test]
fn cargo_names_each_test_once_and_keeps_its_exit_code() {
    let tests = "echo 'test a::b ... ok'; echo 'test a::c ... FAILED'; echo 'test a::c ... FAILED'; \
                 echo 'test src/lib.rs - d (line 3) ... FAILED'; exit 101";
    let output = run("Cargo", "cargo", tests);
    let report = r#"{"ok":false,"items":["a::c","src/lib.rs - d (line 3)"]}"#;
    assert_eq!(said(&output), (Some(101), report.into()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("test a::b ... ok"));
    let output = run("Cargo", "cargo", "echo 'error: expected one of'; exit 101");
    assert_eq!(said(&output), (Some(101), r#"{"ok":false,"items":[]}"#.into()));
    assert_eq!(said(&run("Cargo", "cargo", "exit 0")), (Some(0), r#"{"ok":true,"items":[]}"#.into()));
}
