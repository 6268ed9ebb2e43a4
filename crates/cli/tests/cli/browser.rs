//! A night in a real browser: it is looked at while it goes on, a run is followed, a spot-check approved, and the
//! numbers are read.
//!
//! Ignored by default: `cargo xtask test --suite browser` brings playwright-core and axe-core. Screenshots are kept in
//! `browser` of cargo's directory for tests (`target/tmp`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::dashboard::Beside;
use crate::scene::Scene;

/// Waits until somebody has looked, between its first words and its last.
const SLOW: &str = "## Objective\nTake your time.\n\n```replay\n[{\"say\": \"the first words\"}, \
    {\"run\": \"i=0; until [ -e go ] || [ $i -gt 1200 ]; do i=$((i+1)); sleep 0.1; done; rm -f go\"}, \
    {\"say\": \"the last words\"}, {\"write\": {\"path\": \"hello\", \"text\": \"hi\"}}, {\"cost_usd\": 0.5}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Took my time.\"}}]\n```\n";

/// Is done at once.
const QUICK: &str = "## Objective\nSay more.\n\n```replay\n[{\"write\": {\"path\": \"hello\", \"text\": \"hi\"}}, \
    {\"write\": {\"path\": \"more\", \"text\": \"more\"}}, \
    {\"cost_usd\": 0.25}, {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

/// Gets stuck at once.
const SPENT: &str = "## Objective\nSpend.\n\n```replay\n[\"budget_spent\"]\n```\n";

fn given(name: &str) -> std::ffi::OsString {
    std::env::var_os(name).unwrap_or_else(|| panic!("the suite gives {name}"))
}

/// A directory for screenshots, empty.
fn shots() -> PathBuf {
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let _ = std::fs::remove_dir_all(&shots);
    std::fs::create_dir_all(&shots).unwrap();
    shots
}

#[test]
#[ignore = "needs chromium, node and npm: cargo xtask test --suite browser"]
fn a_night_is_looked_at_followed_approved_and_counted() {
    let scene = Scene::new();
    scene.ok(&["story", "create", "--title", "Greetings"]);
    scene.goal_of(QUICK, "To be looked at", &["--queue", "--spot-check", "--story", "1"]);
    let stuck = scene.goal_of(SPENT, "Too dear", &["--queue"]);
    let slow = scene.goal_of(SLOW, "Takes its time", &["--queue", "--story", "1"]);
    scene.goal("Behind it", &["--queue", "--depends", &stuck.to_string()]);
    let beside = Beside::begin(&scene);
    let go = scene.home.home().join(".ralphs").join(scene.full("acme/app")).join(format!("{slow}-1/go"));
    let mut browse = Command::new("node");
    browse.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/browser/night.js"));
    browse.env("PLAYWRIGHT", given("HERDER_TEST_PLAYWRIGHT")).env("AXE", given("HERDER_TEST_AXE"));
    browse.env("ADDRESS", beside.address()).env("CHROMIUM", "/usr/bin/chromium").env("SHOTS", shots());
    browse.env("GO", go).env("LOOKED_AT", "To be looked at").env("HOME", scene.home.home());
    let said = browse.stdin(Stdio::null()).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let read: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(read["troubles"], serde_json::json!([]), "{read:#}");
    let all = &scene.json(&["stats"])["all"];
    assert_eq!(read["runs"], all["runs"].to_string(), "{read}");
    assert_eq!(read["goals"], "2 of 3", "{read}");
    let (cost, unknown) = (all["known_cost_usd"].as_f64().unwrap(), &all["unknown_costs"]);
    let cost = if unknown == 0 { format!("${cost:.2}") } else { format!("${cost:.2} + {unknown} unknown") };
    assert_eq!(read["cost"], cost, "{read}");
    scene.ok(&["down"]);
    drop(beside);
    scene.home.assert_no_process_left();
}
