//! Searching issues and pull requests, with the few words that clients use.

use super::node::Thing;
use crate::op::Ctx;
use crate::state::{Issue, Repo};

/// What fits `repo:`, `is:`, `type:`, `state:`, `label:`, `author:`, `head:`, `base:`; other words look into title
/// and text. Newest first.
pub fn issues(ctx: &Ctx<'_>, query: &str) -> Vec<Thing> {
    let login = ctx.actor.as_deref().unwrap_or_default();
    let words = words(query);
    let mut found = Vec::new();
    for repo in ctx.state.repos.values().filter(|repo| repo.permission(login).is_some()) {
        let fitting = repo.issues.values().filter(|issue| words.iter().all(|word| fits(repo, issue, word)));
        found.extend(fitting.map(|issue| (issue.created_at, repo.at(issue.number), issue.pull.is_some())));
    }
    found.sort();
    found.reverse();
    let thing = |(_, at, is_pull)| if is_pull { Thing::Pull(at) } else { Thing::Issue(at) };
    found.into_iter().map(thing).collect()
}

/// Words, of which quotes hold several together.
fn words(query: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in query.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => words.push(String::new()),
            c => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn fits(repo: &Repo, issue: &Issue, word: &str) -> bool {
    let pull = issue.pull.as_ref();
    let Some((name, value)) = word.split_once(':') else {
        let text = format!("{} {}", issue.title, issue.body.clone().unwrap_or_default());
        return text.to_ascii_lowercase().contains(&word.to_ascii_lowercase());
    };
    match (name, value) {
        ("repo", slug) => repo.slug().eq_ignore_ascii_case(slug),
        ("is" | "type", "issue") => pull.is_none(),
        ("is" | "type", "pr") => pull.is_some(),
        ("is" | "state", "open") => issue.is_open(),
        ("is" | "state", "closed") => !issue.is_open(),
        ("is", "merged") => pull.is_some_and(|pull| pull.merged.is_some()),
        ("label", name) => repo.label(name).is_some_and(|label| issue.labels.contains(&label.id)),
        ("author", login) => issue.author.eq_ignore_ascii_case(login),
        ("assignee", login) => issue.assignees.contains(login),
        ("head", branch) => pull.is_some_and(|pull| pull.head == branch),
        ("base", branch) => pull.is_some_and(|pull| pull.base == branch),
        _ => true,
    }
}
