//! The unit that herder writes, read by the real systemd. The suite `systemd` runs this where systemd-analyze is.

#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use std::process::Command;

use herder_testkit::TempHome;

const HERDER: &str = env!("CARGO_BIN_EXE_herder");

/// What systemd-analyze has against a unit; nothing where it is content.
fn complaints(home: &TempHome, unit: &str) -> String {
    let path = home.write("herder.service", unit);
    let runtime = home.home().join("run");
    fs_err::create_dir_all(&runtime).unwrap();
    let mut verify = home.herder("systemd-analyze");
    verify.args(["--user", "verify", "--man=no"]).arg(path).env("XDG_RUNTIME_DIR", runtime);
    let output = verify.output().unwrap();
    assert!(output.status.success() || !output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn printed(command: &mut Command) -> String {
    let output = command.args(["service", "install", "--print"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs systemd-analyze; the suite `systemd` runs it"]
fn systemd_has_nothing_against_the_unit() {
    let home = TempHome::new();
    assert_eq!(complaints(&home, &printed(&mut home.herder(HERDER))), "");
    let odd = home.home().join("a \"100%\" $HOME");
    fs_err::create_dir_all(&odd).unwrap();
    fs_err::write(odd.join("config.toml"), "").unwrap();
    let mut command = home.herder(HERDER);
    command.env("RALPH_DIR", &odd).env("HERDER_CONFIG", odd.join("config.toml"));
    let unit = printed(&mut command);
    assert_eq!(complaints(&home, &unit), "", "{unit}");
    // It would have said so.
    let wrong = unit.replace("KillMode=process", "KillMode=some");
    assert!(complaints(&home, &wrong).contains("Failed to parse kill mode"), "{unit}");
}
