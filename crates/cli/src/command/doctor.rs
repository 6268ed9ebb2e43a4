//! `herder doctor`.

use std::ffi::OsString;

use herder_config::{Source, Sourced, UserConfig};
use herder_executor::Verdict;
use herder_record::StateDir;
use herder_store::Store;
use serde::Serialize;

use crate::agents::adapter;
use crate::call::{Call, env, env_text};
use crate::failure::{Failure, chain};
use crate::output::{Reply, Table};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    subject: String,
    verdict: Verdict,
    detail: String,
    hint: Option<String>,
}

impl Finding {
    fn good(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Good, detail: detail.into(), hint: None }
    }

    fn bad(subject: impl Into<String>, is_fatal: bool, detail: impl Into<String>, hint: &str) -> Self {
        let verdict = if is_fatal { Verdict::Missing } else { Verdict::Reduced };
        let hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
        Self { subject: subject.into(), verdict, detail: detail.into(), hint }
    }
}

/// Looks at everything that herder needs.
pub fn doctor(call: &Call) -> Result<Reply, Failure> {
    let state = call.state()?;
    let mut found = vec![git()];
    found.extend(executor());
    found.extend(record(&state));
    found.push(store(&state));
    found.extend(config());
    if let Ok(config) = call.config() {
        found.extend(agents(&config));
    }
    let missing: Vec<&Finding> = found.iter().filter(|finding| finding.verdict == Verdict::Missing).collect();
    let failure = missing.first().map(|first| {
        let failure = Failure::environment(format!("herder cannot work here: {}", first.detail));
        missing.iter().filter_map(|finding| finding.hint.clone()).fold(failure, Failure::hint)
    });
    let reply = Reply::list(&found, text(&found))?;
    Ok(match failure {
        Some(failure) => reply.but(failure),
        None => reply,
    })
}

fn git() -> Finding {
    match herder_workspace::check() {
        Ok(version) => Finding::good("git", format!("git {version}")),
        Err(error) => Finding::bad("git", true, chain(&error), "install git 2.38 or later"),
    }
}

fn executor() -> Vec<Finding> {
    let found = herder_executor::check().into_iter();
    found
        .map(|finding| Finding {
            subject: finding.subject.to_owned(),
            verdict: finding.verdict,
            detail: finding.detail,
            hint: None,
        })
        .collect()
}

fn record(state: &StateDir) -> Vec<Finding> {
    let found = herder_record::check(state);
    if found.is_empty() {
        return vec![Finding::good("state", state.root().display().to_string())];
    }
    found.into_iter().map(|found| Finding::bad("state", found.is_fatal, found.message, &found.hint)).collect()
}

fn store(state: &StateDir) -> Finding {
    let path = state.database();
    if !path.exists() {
        return Finding::good("database", format!("{} is made when it is needed first", path.display()));
    }
    let health = match Store::open(&path) {
        Ok(store) => store.check(),
        Err(error) => return Finding::bad("database", true, format!("failed to {error}"), error.hint()),
    };
    match health {
        Ok(health) if health.problems.is_empty() => {
            let detail =
                format!("schema {}, {} events, {} bytes", health.schema, health.events, health.bytes);
            Finding::good("database", detail)
        }
        Ok(health) => Finding::bad("database", false, health.problems.join("; "), "keep a copy of it"),
        Err(error) => Finding::bad("database", true, error.to_string(), error.hint()),
    }
}

fn config() -> Vec<Finding> {
    let found = herder_config::check(env);
    if found.is_empty() {
        return vec![Finding::good("config", "config.toml is understood, and what it names is there")];
    }
    found
        .into_iter()
        .map(|found| Finding::bad("config", found.is_fatal, found.message, &found.hint))
        .collect()
}

/// Every agent; the one that nobody has to ask for must be there.
fn agents(config: &UserConfig) -> Vec<Finding> {
    let usual = herder_config::resolve(
        &Default::default(),
        &Default::default(),
        None,
        &herder_config::RepositoryConfig::empty(),
        config,
        env,
    );
    let usual = usual.map(|resolved| resolved.agent.value).ok();
    let names = config.agents().into_iter();
    names.map(|name| agent(config, name, usual.as_deref() == Some(name))).collect()
}

fn agent(config: &UserConfig, name: &str, is_usual: bool) -> Finding {
    let subject = format!("agent {name}");
    let bad = |detail: String| Finding::bad(subject.clone(), is_usual, detail, "");
    let setup = match config.agent(&Sourced::new(name.to_owned(), Source::Default), &env) {
        Ok(setup) => setup,
        Err(error) => return bad(format!("failed to {error}")),
    };
    let adapter = match adapter(name, &setup) {
        Ok(adapter) => adapter,
        Err(error) => return bad(error.to_string()),
    };
    let path: OsString = env("PATH").unwrap_or_default();
    let program = match adapter.find(&path) {
        Ok(program) => program,
        Err(error) => return bad(error.to_string()),
    };
    if let Err(error) = adapter.credential(&env_text) {
        return bad(error.to_string());
    }
    let version = program.version.map(|version| format!(" {version}")).unwrap_or_default();
    Finding::good(subject.clone(), format!("{}{version}", program.path.display()))
}

fn text(found: &[Finding]) -> String {
    let mut table = Table::new(&["", "part", "finding"]);
    for finding in found {
        let word = match finding.verdict {
            Verdict::Good => "ok",
            Verdict::Reduced => "less",
            Verdict::Missing => "MISSING",
        };
        let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        table.row([word.to_owned(), finding.subject.clone(), format!("{}{hint}", finding.detail)]);
    }
    table.or("")
}
