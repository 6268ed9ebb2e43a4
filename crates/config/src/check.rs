//! What `doctor` says of the settings.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::agents;
use crate::file::{RepositoryConfig, UserConfig};
use crate::resolve::{Flags, resolve};

/// One thing that a person should know about the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether herder cannot work because of it.
    pub is_fatal: bool,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Finding {
    fn new(is_fatal: bool, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { is_fatal, message: message.into(), hint: hint.into() }
    }
}

/// Looks at the user's settings and at what they need of the environment. No finding: all is well.
pub fn check(env: impl Fn(&str) -> Option<OsString>) -> Vec<Finding> {
    let user = match UserConfig::load(&env) {
        Ok(user) => user,
        Err(error) => {
            let source =
                std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            return vec![Finding::new(
                true,
                format!("failed to {error}{source}"),
                "correct it; nothing was guessed",
            )];
        }
    };
    let mut findings = check_agent(&user, &env);
    if let Err(error) = user.settings(&Flags::default(), &env) {
        findings.push(Finding::new(true, format!("failed to {error}"), "correct it, or set HOME"));
    }
    findings.extend(check_notify(&user, &env));
    findings
}

fn check_agent(user: &UserConfig, env: &impl Fn(&str) -> Option<OsString>) -> Vec<Finding> {
    let options = Default::default();
    let resolved = match resolve(&options, &Flags::default(), None, &RepositoryConfig::empty(), user, env) {
        Ok(resolved) => resolved,
        Err(error) => return vec![Finding::new(true, format!("failed to {error}"), "correct config.toml")],
    };
    match agents::credential(&resolved.agent_setup, env) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let message = format!("agent `{}` has no credential", resolved.agent.value);
            vec![Finding::new(true, message, error.to_string())]
        }
    }
}

fn check_notify(user: &UserConfig, env: &impl Fn(&str) -> Option<OsString>) -> Vec<Finding> {
    let notify = &user.raw.notify;
    let mut findings = Vec::new();
    if let Some(name) = &notify.post_token_env
        && env(name).is_none_or(|value| value.is_empty())
    {
        findings.push(Finding::new(
            false,
            format!("notify.post_token_env: {name} is not set"),
            format!("set {name}"),
        ));
    }
    if let Some(program) = notify.command.first()
        && !is_program(program, env("PATH").as_deref())
    {
        let message = format!("notify.command: there is no program {program:?}");
        findings.push(Finding::new(false, message, "give its full path"));
    }
    if notify.command.is_empty() && notify.post_url.is_none() {
        findings.push(Finding::new(
            false,
            "nobody is told of a spot-check or a stuck goal",
            "set notify.command or notify.post_url in config.toml",
        ));
    }
    findings
}

fn is_program(program: &str, path: Option<&std::ffi::OsStr>) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    std::env::split_paths(path.unwrap_or_default()).any(|dir: PathBuf| dir.join(program).is_file())
}
