//! What `doctor` says of the settings.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use herder_domain::cause::with_causes;
use herder_domain::finding::Finding;

use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::resolve::Flags;

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
    let notify = &user.raw.notify;
    let mut findings = Vec::new();
    if let Some(name) = &notify.post_token_env
        && env(name).is_none_or(|value| value.is_empty())
    {
        let detail = format!("notify.post_token_env: {name} is not set");
        findings.push(Finding::warning("notify", detail, format!("set {name}")));
    }
    if let Some(program) = notify.command.first()
        && !is_program(program, env("PATH").as_deref())
    {
        let detail = format!("notify.command: there is no program {program:?}");
        findings.push(Finding::warning("notify", detail, "give its full path"));
    }
    if notify.command.is_empty() && notify.post_url.is_none() {
        findings.push(Finding::warning(
            "notify",
            "nobody is told of a spot-check or a stuck goal",
            "set notify.command or notify.post_url in config.toml",
        ));
    }
    if findings.is_empty() {
        findings
            .push(Finding::ok("notify", "somebody is told of spot-checks and stuck goals; it is not tried"));
    }
    findings
}

fn is_program(program: &str, path: Option<&OsStr>) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    std::env::split_paths(path.unwrap_or_default()).any(|dir| dir.join(program).is_file())
}
