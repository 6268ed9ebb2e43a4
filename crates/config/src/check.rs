//! What `doctor` says of the settings.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use herder_domain::cause::with_causes;
use herder_domain::finding::Finding;
use herder_domain::way::{Means, Secret, Way};

use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::resolve::Flags;
use crate::settings::expanded;

/// Looks at the user's settings and at what they need of the environment. An agent's credential is the
/// business of whoever looks at agents.
pub fn check(env: impl Fn(&str) -> Option<OsString>) -> Vec<Finding> {
    let user = match UserConfig::load(&env) {
        Ok(user) => user,
        Err(error) => return vec![unusable(&error, "correct it; nothing was guessed")],
    };
    let mut findings = vec![check_file(&user)];
    if let Err(error) = user.vet(&Flags::default(), &env) {
        findings.push(unusable(&error, "correct config.toml; where it says so, set HOME"));
    }
    findings.extend(check_notify(&user, &env));
    findings
}

fn unusable(error: &ConfigError, hint: &str) -> Finding {
    Finding::error("config", format!("failed to {}", with_causes(error)), hint)
}

fn check_file(user: &UserConfig) -> Finding {
    let file = user.file().display();
    match user.file().exists() {
        true => Finding::ok("config", format!("{file} is understood")),
        false => Finding::ok("config", format!("there is no {file}, so that the defaults hold")),
    }
}

fn check_notify(user: &UserConfig, env: &impl Fn(&str) -> Option<OsString>) -> Vec<Finding> {
    // What cannot be read at all is said already.
    let Ok(ways) = user.ways(&|path| expanded(path, env)) else { return Vec::new() };
    if ways.is_empty() {
        return vec![Finding::warning(
            "notify",
            "nobody is told of a spot-check or a stuck goal",
            "set notify.command, or a table [notify.to.NAME], in config.toml",
        )];
    }
    let mut findings: Vec<Finding> = ways.iter().filter_map(|way| check_way(way, env)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok(
            "notify",
            "somebody is told of spot-checks and stuck goals; `herder notify test` tries it",
        ));
    }
    findings
}

/// What a way lacks.
fn check_way(way: &Way, env: &impl Fn(&str) -> Option<OsString>) -> Option<Finding> {
    let warning = |detail, hint: String| {
        Some(Finding::warning("notify", format!("the way {:?}: {detail}", way.name), hint))
    };
    for secret in way.means.secrets() {
        let is_there = match secret {
            Secret::Variable(name) => env(name).is_some_and(|value| !value.is_empty()),
            Secret::File(path) => path.is_file(),
        };
        if !is_there {
            return warning(format!("{secret} is not there"), "set it, or make it".to_owned());
        }
    }
    match &way.means {
        Means::Command(words) | Means::Desktop(words) => {
            let program = words.first().filter(|program| !is_program(program, env("PATH").as_deref()))?;
            warning(
                format!("there is no program {program:?}"),
                "install it, or give its full path".to_owned(),
            )
        }
        Means::Post(_) | Means::Mail(_) => None,
    }
}

fn is_program(program: &str, path: Option<&OsStr>) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    std::env::split_paths(path.unwrap_or_default()).any(|dir| dir.join(program).is_file())
}
