//! What is wrong with a goal where it is: its text, what it names, and what the settings allow.

use std::collections::BTreeSet;

use herder_config::{ConfigError, Flags, RepositoryConfig, resolve};
use herder_domain::goal::{Finding, Goal, GoalState, GoalText, Severity, lint};
use herder_domain::repo::{GoalRef, Number, RepoId};

use crate::call::{Call, Opened, env};
use crate::command::config::repository_config;
use crate::failure::{Failure, chain};

/// A goal to look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Where it lives, or would.
    pub repo: &'a RepoId,
    /// Its own name, where it has one.
    pub id: Option<&'a GoalRef>,
    /// Its title.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// Dependencies beside those of the text.
    pub depends: &'a [GoalRef],
    /// The story that stands beside the text.
    pub story: Option<Number>,
}

impl<'a> From<&'a Goal> for Subject<'a> {
    fn from(goal: &'a Goal) -> Self {
        Self {
            repo: &goal.id.repo,
            id: Some(&goal.id),
            title: &goal.title,
            body: &goal.body,
            depends: &goal.depends,
            story: goal.story,
        }
    }
}

/// Everything that is wrong with a goal, by line.
pub fn findings(call: &Call, opened: &Opened, subject: &Subject<'_>) -> Result<Vec<Finding>, Failure> {
    let mut found = lint(subject.repo, subject.title, subject.body);
    if let Ok(text) = GoalText::read(subject.repo, subject.title, subject.body) {
        let named: BTreeSet<&GoalRef> = text.depends.iter().chain(subject.depends).collect();
        for on in named {
            found.extend(of_dependency(opened, subject, on)?);
        }
        if let Some(story) = subject.story.or(text.story) {
            found.extend(of_story(opened, subject, story)?);
        }
        found.extend(of_options(call, opened, subject.repo, &text)?);
    }
    found.sort_by_key(|finding| finding.line);
    Ok(found)
}

/// The sentences of those that forbid to queue it.
pub fn errors_of(findings: &[Finding]) -> Vec<String> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors
        .map(|finding| match finding.line {
            Some(line) => format!("line {line}: {}", finding.message),
            None => finding.message.clone(),
        })
        .collect()
}

/// The line of the body that names a goal or a story.
fn line_of(body: &str, key: &str, number: Number) -> Option<usize> {
    let mark = number.to_string();
    let names = |line: &str| {
        line.strip_prefix(key).is_some_and(|list| list.split([',', '#']).any(|part| part.trim() == mark))
    };
    body.lines().position(names).map(|index| index + 1)
}

fn of_dependency(opened: &Opened, subject: &Subject<'_>, on: &GoalRef) -> Result<Option<Finding>, Failure> {
    let line = line_of(subject.body, "Depends:", on.number);
    let hint = "`herder goal edit` changes what it depends on";
    let finding = match opened.store.goal(on)?.map(|goal| goal.state) {
        None => {
            Finding::error("unknown-dependency", format!("it depends on {on}, which does not exist"), hint)
        }
        Some(GoalState::Cancelled) => {
            Finding::error("cancelled-dependency", format!("it depends on {on}, which was cancelled"), hint)
        }
        Some(_) if leads_back(opened, subject.id, on)? => {
            Finding::error("cycle", format!("it depends on {on}, which depends on it in turn"), hint)
        }
        Some(_) => return Ok(None),
    };
    Ok(Some(Finding { line, ..finding }))
}

/// Whether what `from` waits for leads to the goal itself.
fn leads_back(opened: &Opened, id: Option<&GoalRef>, from: &GoalRef) -> Result<bool, Failure> {
    let Some(id) = id else { return Ok(false) };
    let (mut left, mut seen) = (vec![from.clone()], BTreeSet::new());
    while let Some(next) = left.pop() {
        if next == *id {
            return Ok(true);
        }
        if let Some(goal) = opened.store.goal(&next)?.filter(|goal| !goal.state.is_settled())
            && seen.insert(next)
        {
            left.extend(goal.depends);
        }
    }
    Ok(false)
}

fn of_story(opened: &Opened, subject: &Subject<'_>, number: Number) -> Result<Option<Finding>, Failure> {
    let id = GoalRef { repo: subject.repo.clone(), number };
    if opened.store.story(&id)?.is_some() {
        return Ok(None);
    }
    let message = format!("its story {id} does not exist");
    let finding = Finding::error("unknown-story", message, "`herder story list` shows those that there are");
    Ok(Some(Finding { line: line_of(subject.body, "Story:", number), ..finding }))
}

fn of_options(
    call: &Call,
    opened: &Opened,
    repo: &RepoId,
    text: &GoalText,
) -> Result<Option<Finding>, Failure> {
    // What is wrong with a file of settings is no goal's fault.
    let user = call.config()?;
    let repository = repository_config(opened, repo).unwrap_or_else(|_| RepositoryConfig::empty());
    let resolved = resolve(&text.options, &Flags::default(), Some(repo), &repository, &user, env);
    Ok(resolved.err().map(|error| {
        let hint = "`herder config explain` shows what is allowed and who said so";
        Finding::error(rule_of(&error), format!("it cannot {}", chain(&error)), hint)
    }))
}

fn rule_of(error: &ConfigError) -> &'static str {
    if matches!(error, ConfigError::ModelNotAllowed { .. }) {
        "model-not-allowed"
    } else if matches!(error, ConfigError::AboveCeiling { .. }) {
        "above-ceiling"
    } else if matches!(error, ConfigError::UnknownAgent { .. }) {
        "unknown-agent"
    } else {
        "settings"
    }
}
