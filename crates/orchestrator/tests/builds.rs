//! Ordinary builds inside the sandbox: a build that works by hand in a fresh clone works in a run and under the gate,
//! with nothing but the caches that herder gives.
//!
//! Ignored by default, because packages come from the public registries. `cargo xtask test --suite builds` runs these.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failed test may panic")]
#![allow(dead_code, reason = "the stage is made for more than builds")]

#[path = "inside/stage.rs"]
mod stage;

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

/// Works at one goal after another whose agents run these scripts; the work of each lands before the next begins.
fn works(gate: &str, scripts: &[&str]) {
    let mut stage = Stage::new(&format!("test ! -f FAILED && {gate}"), "[budget]\niterations = 2\n");
    let env = environment();
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for script in scripts {
        // What it says comes into the snapshot only if it fails.
        let tell = "sh -exc \"$1\" >.git/said 2>&1 || mv .git/said FAILED";
        let goal = stage.goal("Build", &json!([[{"run": ["sh", "-c", tell, "-", script]}, answer("done")]]));
        stage.night_with(&env);
        if stage.word(&goal) == "spot-check" {
            // Lock files are new, and a change of them is for a person to look at.
            stage.approve(&goal);
            stage.night_with(&env);
        }
        let run = stage.runs(&goal).remove(0);
        let gates: Vec<String> =
            run.gate_logs().iter().filter_map(|log| fs_err::read_to_string(log).ok()).collect();
        assert_eq!(stage.word(&goal), "done", "the gate said: {gates:?}");
    }
    stage.home.assert_no_process_left();
}

#[test]
#[ignore = "builds with real toolchains; part of the suite builds"]
fn a_crate_without_dependencies_is_built_and_tested_offline() {
    let script = "cargo init -q --lib --vcs none --name tiny .; echo target >.gitignore
                  echo '#[test] fn counts() { assert_eq!(1 + 1, 2); }' >>src/lib.rs; cargo test -q --offline";
    works("cargo test -q --offline", &[script]);
}

#[test]
#[ignore = "needs the crates.io registry; part of the suite builds"]
fn a_crate_with_a_dependency_is_built_and_the_next_run_finds_it_in_the_cache() {
    let first = "cargo init -q --lib --vcs none --name tiny .; printf 'target\\n' >.gitignore
                 echo 'itoa = \"=1.0.15\"' >>Cargo.toml
                 echo 'pub fn text(number: u32) -> String { itoa::Buffer::new().format(number).to_owned() }' >src/lib.rs
                 cargo build -q";
    let second = "test ! -e target; echo '// more' >>src/lib.rs; cargo build -q --locked --offline";
    works("cargo build -q --locked", &[first, second]);
}

#[test]
#[ignore = "needs the npm registry; part of the suite builds"]
fn an_npm_package_is_installed_and_used() {
    let script = "npm init -y; npm install is-number@7.0.0; echo node_modules >.gitignore
                  echo \"if (!require('is-number')(5)) process.exit(1)\" >test.js; node test.js";
    works("npm ci && node test.js", &[script]);
}

#[test]
#[ignore = "needs the Python package index; part of the suite builds"]
fn a_python_package_is_installed_and_used() {
    let script = "python3 -m pip install --no-input --target lib six==1.17.0; echo lib >.gitignore
                  PYTHONPATH=lib python3 -c 'import six; print(six.__version__)'; echo six==1.17.0 >requirements.txt";
    let gate = "python3 -m pip install --no-input --target lib -r requirements.txt && PYTHONPATH=lib python3 -c 'import six'";
    works(gate, &[script]);
}
