//! `herder doctor`.

use std::path::PathBuf;

use herder_config::{Flags, RepositoryConfig, Source, Sourced, UserConfig, resolve};
use herder_domain::event::Repo;
use herder_domain::finding::{Finding, Verdict};
use herder_domain::repo::RepoId;
use herder_executor::check_disk;
use herder_orchestrator::{check_daemon, check_forges, check_repo, check_root};
use herder_record::StateDir;
use herder_store::Store;
use serde::Serialize;

use crate::agents::adapter;
use crate::call::{Call, env, env_text};
use crate::failure::{Failure, chain};
use crate::output::{Reply, Table, Tint, counted};
use crate::place;

/// A finding and where it belongs.
#[derive(Debug, Serialize)]
struct Item {
    group: &'static str,
    #[serde(flatten)]
    finding: Finding,
}

/// Looks at everything that herder needs.
pub fn doctor(call: &Call) -> Result<Reply, Failure> {
    let state = call.state()?;
    let only = only(call, &state)?;
    let config = call.config().ok();
    let database = state.database();
    let mut groups = vec![
        ("machine", machine()),
        ("settings", herder_config::check(env)),
        ("state", [herder_record::check(&state), check_disk("disk", state.root())].concat()),
        ("database", herder_store::check(&database, call.now)),
    ];
    if let Some(config) = &config {
        groups.push(("clones", clones(config, &state)));
        groups.push(("agents", agents(config)));
        let repos = registered(&state, only.as_ref());
        let repos: Vec<&Repo> = repos.iter().collect();
        groups.push(("repositories", repositories(config, &state, &repos)));
        let forges = check_forges(&state, &repos, config);
        if !forges.is_empty() {
            groups.push(("forges", forges));
        }
    }
    groups.push(("orchestrator", vec![check_daemon(&state)]));
    let items: Vec<Item> = groups
        .into_iter()
        .flat_map(|(group, found)| found.into_iter().map(move |finding| Item { group, finding }))
        .collect();
    let reply = Reply::list(&items, text(&items))?;
    Ok(match failure(&items) {
        Some(failure) => reply.but(failure),
        None => reply,
    })
}

/// The repository that `--repo` names; without it, all of them are looked at.
fn only(call: &Call, state: &StateDir) -> Result<Option<RepoId>, Failure> {
    match &call.repo {
        Some(name) if state.database().exists() => {
            place::named(&Store::open(&state.database())?, name).map(Some)
        }
        Some(name) => Err(Failure::not_found(format!("no repository is called {name:?}"))
            .hint("`herder repo add PATH` registers one")),
        None => Ok(None),
    }
}

fn failure(items: &[Item]) -> Option<Failure> {
    let errors: Vec<&Finding> =
        items.iter().map(|item| &item.finding).filter(|finding| finding.verdict == Verdict::Error).collect();
    let first = errors.first()?;
    let failure = Failure::environment(format!("herder cannot work here: {}", first.detail));
    Some(errors.iter().filter_map(|finding| finding.hint.clone()).fold(failure, Failure::hint))
}

fn machine() -> Vec<Finding> {
    std::iter::once(herder_workspace::check()).chain(herder_executor::check()).collect()
}

fn clones(config: &UserConfig, state: &StateDir) -> Vec<Finding> {
    match config.settings(&Flags::default(), env) {
        Ok(settings) => check_root(&settings.root.value, state),
        // The settings' own findings say why.
        Err(_) => Vec::new(),
    }
}

/// What is registered, in a database that the doctor does not make.
fn registered(state: &StateDir, only: Option<&RepoId>) -> Vec<Repo> {
    let database = state.database();
    let repos = match database.exists().then(|| Store::open(&database)) {
        Some(Ok(store)) => store.repos().unwrap_or_default(),
        // What is wrong with the database stands among its own findings.
        Some(Err(_)) | None => Vec::new(),
    };
    repos.into_iter().filter(|repo| only.is_none_or(|only| repo.id == *only)).collect()
}

fn repositories(config: &UserConfig, state: &StateDir, repos: &[&Repo]) -> Vec<Finding> {
    let found: Vec<Finding> = repos.iter().flat_map(|repo| check_repo(state, repo, config, env)).collect();
    match found.is_empty() {
        true => vec![Finding::ok("repositories", "none is registered; `herder repo add PATH` registers one")],
        false => found,
    }
}

/// Every agent; the one that nobody has to ask for must be there.
fn agents(config: &UserConfig) -> Vec<Finding> {
    let (options, flags, none) = (Default::default(), Flags::default(), RepositoryConfig::empty());
    let usual = resolve(&options, &flags, None, &none, config, env);
    let usual = usual.map(|resolved| resolved.agent.value).ok();
    let names = config.agents().into_iter();
    names.map(|name| agent(config, name, usual.as_deref() == Some(name))).collect()
}

fn agent(config: &UserConfig, name: &str, is_usual: bool) -> Finding {
    match agent_at_work(config, name) {
        Ok(detail) => {
            Finding::ok(name, if is_usual { format!("{detail}; it is the usual one") } else { detail })
        }
        Err(why) if is_usual => {
            Finding::error(name, why, "or name another agent: `agent = \"...\"` in config.toml")
        }
        Err(why) => Finding::warning(name, why, ""),
    }
}

/// Where an agent's program is and what it would be let in with; or why it cannot work. Whether a login is
/// accepted is known only of one that was used, which the doctor does not do: it would cost.
fn agent_at_work(config: &UserConfig, name: &str) -> Result<String, String> {
    let setup = config
        .agent(&Sourced::new(name.to_owned(), Source::Default), &env)
        .map_err(|error| format!("failed to {}", chain(&error)))?;
    let adapter = adapter(name, &setup).map_err(|error| chain(&error))?;
    let program = adapter.find(&env("PATH").unwrap_or_default()).map_err(|error| chain(&error))?;
    let credential = adapter.credential(&env_text).map_err(|error| chain(&error))?;
    let version = program.version.map(|version| format!(" {version}"));
    let version = version.unwrap_or_else(|| ", version unknown".to_owned());
    let login = match credential {
        Some(credential) => format!("{} is set, the login was not tried", credential.variable),
        None => "it needs no credential".to_owned(),
    };
    Ok(format!("{}{version}; {login}", shown(program.path)))
}

fn shown(path: PathBuf) -> String {
    path.display().to_string()
}

fn tint(verdict: &str) -> Option<Tint> {
    [(Verdict::Ok, Tint::Good), (Verdict::Warning, Tint::Attention), (Verdict::Error, Tint::Bad)]
        .into_iter()
        .find_map(|(one, tint)| (one.word() == verdict).then_some(tint))
}

/// Findings for a person, a line for each.
pub fn table<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut table = Table::plain().tinted(0, tint);
    for finding in findings {
        let hint = finding.hint.as_ref().map(|hint| format!(" -> {hint}")).unwrap_or_default();
        let detail = format!("{}{hint}", finding.detail);
        table.row([finding.verdict.word().to_owned(), finding.subject.clone(), detail]);
    }
    table.or("")
}

fn text(items: &[Item]) -> String {
    let mut text = String::new();
    for group in items.chunk_by(|one, other| one.group == other.group) {
        let name = group.first().map(|item| item.group).unwrap_or_default();
        text.push_str(&format!("{name}\n{}\n", table(group.iter().map(|item| &item.finding))));
    }
    let count = |verdict| items.iter().filter(|item| item.finding.verdict == verdict).count();
    let (errors, warnings) = (count(Verdict::Error), count(Verdict::Warning));
    text.push_str(&format!("{}\n", counted(errors, warnings)));
    text
}
