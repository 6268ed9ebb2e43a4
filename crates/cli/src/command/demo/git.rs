//! Git, as the demo's person uses it.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use herder_oneshot::{Environment, OneShot, OneShotError};

use crate::failure::{Failure, Kind};

/// Whoever wrote the repository of the demo.
const PERSON: (&str, &str) = ("Ada", "ada@example.com");

/// Runs git in a directory, without anybody's configuration, and gives what it printed.
pub fn git<A: AsRef<OsStr>>(directory: &Path, args: impl IntoIterator<Item = A>) -> Result<String, Failure> {
    let finished = OneShot::new("git")
        .args(args)
        .directory(directory)
        .environment(Environment::Cleared(environment()))
        .run_ok()
        .map_err(|error| failed(&error))?;
    Ok(finished.stdout.text())
}

fn environment() -> Vec<(OsString, OsString)> {
    let mut environment: Vec<(OsString, OsString)> = [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("LC_ALL", "C"),
        ("GIT_AUTHOR_NAME", PERSON.0),
        ("GIT_AUTHOR_EMAIL", PERSON.1),
        ("GIT_COMMITTER_NAME", PERSON.0),
        ("GIT_COMMITTER_EMAIL", PERSON.1),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value.into()))
    .collect();
    environment.extend(std::env::var_os("PATH").map(|path| ("PATH".into(), path)));
    environment
}

fn failed(error: &OneShotError) -> Failure {
    Failure::of(Kind::Environment, error).hint("the demo needs git; `herder doctor` looks at it")
}
