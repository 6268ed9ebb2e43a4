//! Ordinary builds inside the sandbox: a build that works by hand in a fresh clone works in a run and under the gate,
//! with nothing but the caches that herder gives.
//!
//! Ignored by default, because packages come from the public registries. `cargo xtask test --suite builds` runs these.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failed test may panic")]
#![allow(dead_code, reason = "the stage is made for more than builds")]

#[path = "inside/stage.rs"]
mod stage;

use std::path::PathBuf;

use serde_json::json;
use stage::{Stage, answer};

/// What a person's environment says of toolchains and of trust in certificates.
const NEEDED: [&str; 13] = [
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "NVM_DIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_INDEX_URL",
    "PIP_FIND_LINKS",
];

/// The toolchains of whoever runs the tests: the night itself has a home without any.
fn environment() -> Vec<(&'static str, String)> {
    let mut env: Vec<_> = NEEDED.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?))).collect();
    let rustup = std::env::home_dir().map(|home| home.join(".rustup")).filter(|path| path.is_dir());
    if let (false, Some(rustup)) = (env.iter().any(|(name, _)| *name == "RUSTUP_HOME"), rustup) {
        env.push(("RUSTUP_HOME", rustup.display().to_string()));
    }
    env
}

/// Works at one goal whose agent runs a script, and tells what the script and the gate said.
fn works(gate: &str, scripts: &[&str]) {
    let mut stage = Stage::new(gate, "");
    let goals: Vec<_> = scripts
        .iter()
        .map(|script| {
            // What it says comes into the snapshot only if it fails.
            let run = format!("{{ {script}\n}} >said 2>&1 && rm said || mv said FAILED");
            stage.goal("Build", &json!([[{"run": ["sh", "-c", run]}, answer("done")]]))
        })
        .collect();
    let env = environment();
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    stage.night_with(&env);
    for goal in goals {
        let failed: Vec<PathBuf> = stage.runs(&goal).iter().map(|run| run.gate_log_path(1)).collect();
        let gates: Vec<String> =
            failed.iter().map(|log| fs_err::read_to_string(log).unwrap_or_default()).collect();
        let said = stage.repo.file_at("main", "FAILED");
        assert_eq!((said.as_deref(), stage.word(&goal)), (None, "done"), "the gate said: {gates:?}");
    }
    stage.home.assert_no_process_left();
}

#[test]
#[ignore = "builds with real toolchains; part of the suite builds"]
fn a_crate_without_dependencies_is_built_and_tested_offline() {
    let script = "set -e; cargo init -q --lib --vcs none --name tiny .; echo target >.gitignore
                  echo '#[test] fn counts() { assert_eq!(1 + 1, 2); }' >>src/lib.rs; cargo test -q --offline";
    works("test ! -f FAILED && cargo test -q --offline", &[script]);
}

#[test]
#[ignore = "needs the crates.io registry; part of the suite builds"]
fn a_crate_with_a_dependency_is_built_and_the_next_run_finds_it_in_the_cache() {
    let first = "set -e; cargo init -q --lib --vcs none --name tiny .; printf 'target\\n' >.gitignore
                 echo 'itoa = \"=1.0.15\"' >>Cargo.toml
                 echo 'pub fn text(number: u32) -> String { itoa::Buffer::new().format(number).to_owned() }' >src/lib.rs
                 cargo build -q";
    works("test ! -f FAILED && cargo build -q --locked", &[first]);
}

#[test]
#[ignore = "needs the npm registry; part of the suite builds"]
fn an_npm_package_is_installed_and_used() {
    let script = "set -e; npm init -y; npm install is-number@7.0.0; echo node_modules >.gitignore
                  echo \"if (!require('is-number')(5)) process.exit(1)\" >test.js; node test.js";
    works("test ! -f FAILED && npm ci && node test.js", &[script]);
}

#[test]
#[ignore = "needs the Python package index; part of the suite builds"]
fn a_python_package_is_installed_and_used() {
    let script = "set -e; python3 -m pip install --no-input --target lib six==1.17.0; echo lib >.gitignore
                  PYTHONPATH=lib python3 -c 'import six; print(six.__version__)'; echo six==1.17.0 >requirements.txt";
    let gate = "test ! -f FAILED && python3 -m pip install --no-input --target lib -r requirements.txt && PYTHONPATH=lib python3 -c 'import six'";
    works(gate, &[script]);
}
