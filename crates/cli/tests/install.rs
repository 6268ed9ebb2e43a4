//! `cargo install --path crates/cli` gives a program that works. Ignored where nobody asks for it: it takes cargo's
//! locks; the suite `install` runs it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

use std::path::Path;
use std::process::Command;

use herder_testkit::TempHome;

#[test]
#[ignore = "it takes cargo's locks and builds; the suite `install` runs it"]
fn what_cargo_installs_says_its_version_and_shows_the_demo() {
    let home = TempHome::new();
    let root = home.path().join("root");
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The profile of tests: what a release is optimized by is the business of `cargo xtask release`.
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["install", "--quiet", "--locked", "--debug", "--path"]).arg(package).arg("--root").arg(&root);
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        cargo.arg("--target-dir").arg(package.join("../../target"));
    }
    let installed = cargo.output().unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let names: Vec<_> =
        fs_err::read_dir(root.join("bin")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["herder"], "one program is installed");

    let program = root.join("bin/herder");
    let said = |args: &[&str]| {
        let output = home.herder(program.to_str().unwrap()).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said(&["--version"]), format!("herder {}\n", env!("CARGO_PKG_VERSION")));
    assert!(said(&["demo", "--remove"]).contains("landed"));
    home.assert_no_process_left();
}
