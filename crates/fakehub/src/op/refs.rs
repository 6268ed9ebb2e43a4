//! Branches: by REST, by push, and what follows when one moves.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Ctx, Done, Refusal, issue, merge, pull};
use crate::git::NOTHING;
use crate::state::{Deed, IssueRef, Permission, Repo};

/// Makes a ref.
///
/// # Errors
/// When it exists, its name is none, or its object is not there.
pub fn create(ctx: &mut Ctx<'_>, slug: &str, name: &str, sha: &str) -> Done<()> {
    let repo = ctx.repo(slug, Permission::Write)?;
    let key = repo.key();
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(Refusal::unprocessable(
            "Reference name must start with 'refs/' and have at least two slashes.",
        ));
    }
    if repo.refs.contains_key(name) {
        return Err(Refusal::unprocessable("Reference already exists"));
    }
    if !ctx.git.has(&key, sha) {
        return Err(Refusal::unprocessable("Object does not exist"));
    }
    set(ctx, &key, name, sha)
}

/// Moves a ref.
///
/// # Errors
/// When there is none, it would lose commits and force was not said, or its branch is protected.
pub fn update(ctx: &mut Ctx<'_>, slug: &str, name: &str, sha: &str, is_forced: bool) -> Done<()> {
    let repo = ctx.repo(slug, Permission::Write)?;
    let key = repo.key();
    let old = repo.refs.get(name).cloned();
    let old = old.ok_or_else(|| Refusal::unprocessable("Reference does not exist"))?;
    check_protection(ctx, repo, name)?;
    if !ctx.git.has(&key, sha) {
        return Err(Refusal::unprocessable("Object does not exist"));
    }
    if !is_forced && !ctx.git.contains(&key, sha, &old) {
        return Err(Refusal::unprocessable("Update is not a fast forward"));
    }
    set(ctx, &key, name, sha)
}

/// Removes a ref.
///
/// # Errors
/// When there is none, or its branch is protected.
pub fn delete(ctx: &mut Ctx<'_>, slug: &str, name: &str) -> Done<()> {
    let repo = ctx.repo(slug, Permission::Write)?;
    let key = repo.key();
    if !repo.refs.contains_key(name) {
        return Err(Refusal::unprocessable("Reference does not exist"));
    }
    check_protection(ctx, repo, name)?;
    set(ctx, &key, name, NOTHING)
}

/// The refs that the actor must not push to.
#[must_use]
pub fn refused(repo: &Repo, login: &str) -> Vec<String> {
    let is_admin = repo.permission(login) == Some(Permission::Admin);
    let binding = repo.protections.iter().filter(|(_, rule)| rule.binds_admins || !is_admin);
    let strict = binding.filter(|(_, rule)| rule.checks.is_some() || rule.approvals.is_some());
    let queued = repo.rulesets.iter().filter(|ruleset| ruleset.has_queue).map(|ruleset| &ruleset.branch);
    strict.map(|(branch, _)| branch).chain(queued).map(|branch| format!("refs/heads/{branch}")).collect()
}

fn check_protection(ctx: &Ctx<'_>, repo: &Repo, name: &str) -> Done<()> {
    if refused(repo, &ctx.login()?).iter().any(|refused| refused == name) {
        let sentence = "Changes must be made through a pull request.";
        return Err(Refusal::unprocessable(sentence));
    }
    Ok(())
}

/// Moves a ref in git and in the state, and does what follows.
pub(super) fn set(ctx: &mut Ctx<'_>, key: &str, name: &str, sha: &str) -> Done<()> {
    let repo = ctx.state.repo(key).ok_or(Refusal::NotFound)?;
    let old = repo.refs.get(name).cloned().unwrap_or_else(|| NOTHING.to_owned());
    if !ctx.git.update_ref(key, name, sha, &old) {
        return Err(Refusal::Conflict("Reference cannot be updated".to_owned()));
    }
    moved(ctx, key, name, &old, sha)
}

/// Takes over what a push has changed.
///
/// # Errors
/// When the actor is nobody.
pub fn pushed(ctx: &mut Ctx<'_>, key: &str) -> Done<()> {
    let after = ctx.git.refs(key);
    let before = ctx.state.repo(key).map(|repo| repo.refs.clone()).unwrap_or_default();
    for (name, old, new) in differences(&before, &after) {
        moved(ctx, key, &name, &old, &new)?;
    }
    Ok(())
}

fn differences(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<(String, String, String)> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let tip = |refs: &BTreeMap<String, String>, name: &String| {
        refs.get(name).cloned().unwrap_or_else(|| NOTHING.to_owned())
    };
    names
        .into_iter()
        .map(|name| (name.clone(), tip(before, name), tip(after, name)))
        .filter(|(_, old, new)| old != new)
        .collect()
}

/// What follows when a ref has moved: pull requests get new commits, are closed, or count as merged.
fn moved(ctx: &mut Ctx<'_>, key: &str, name: &str, old: &str, new: &str) -> Done<()> {
    let now = ctx.now();
    let repo = ctx.state.repo_mut(key).ok_or(Refusal::NotFound)?;
    match new {
        NOTHING => repo.refs.remove(name),
        new => repo.refs.insert(name.to_owned(), new.to_owned()),
    };
    repo.pushed_at = now;
    repo.updated_at = now;
    let commits = if old == NOTHING || new == NOTHING { vec![] } else { ctx.git.between(key, old, new) };
    ctx.tell(
        key,
        "push",
        None,
        json!({
            "ref": name, "before": old, "after": new, "created": old == NOTHING, "deleted": new == NOTHING,
            "commits": commits.iter().map(|sha| json!({ "id": sha })).collect::<Vec<_>>(),
        }),
    );
    let Some(branch) = name.strip_prefix("refs/heads/") else { return Ok(()) };
    let open = |of: fn(&crate::state::Pull) -> &String| -> Vec<IssueRef> {
        let repo = ctx.state.repo(key);
        let issues = repo.into_iter().flat_map(|repo| repo.issues.values());
        issues
            .filter(|issue| issue.open_pull().is_some_and(|pull| of(pull) == branch))
            .map(|issue| IssueRef { repo: key.to_owned(), number: issue.number })
            .collect()
    };
    let (heads, bases) = (open(|pull| &pull.head), open(|pull| &pull.base));
    for at in heads {
        head_moved(ctx, &at, old, new)?;
    }
    for at in bases {
        merge::merged_by_push(ctx, &at, new)?;
    }
    close_by_commits(ctx, key, branch, &commits)
}

fn head_moved(ctx: &mut Ctx<'_>, at: &IssueRef, old: &str, new: &str) -> Done<()> {
    if new == NOTHING {
        ctx.log(at, Deed::HeadRefDeleted)?;
        return issue::close(ctx, at, None, None);
    }
    let is_forced = old != NOTHING && !ctx.git.contains(&at.repo, new, old);
    let repo = ctx.state.repo_mut(&at.repo).ok_or(Refusal::NotFound)?;
    let base = repo.pull(at.number).and_then(|(_, pull)| repo.tip(&pull.base)).cloned();
    if let Some(pull) = repo.pull_mut(at.number) {
        new.clone_into(&mut pull.head_sha);
        pull.base_sha = base.unwrap_or_else(|| pull.base_sha.clone());
    }
    if is_forced {
        ctx.log(at, Deed::HeadRefForcePushed(old.to_owned(), new.to_owned()))?;
    } else {
        for commit in ctx.git.between(&at.repo, old, new) {
            ctx.log(at, Deed::Committed(commit))?;
        }
    }
    pull::pin(ctx, at)?;
    ctx.tell_issue(at, "synchronize", json!({ "before": old, "after": new }));
    Ok(())
}

/// `Closes #4` in a commit acts when the commit comes into the default branch.
fn close_by_commits(ctx: &mut Ctx<'_>, key: &str, branch: &str, commits: &[String]) -> Done<()> {
    let is_default = ctx.state.repo(key).is_some_and(|repo| repo.default_branch == branch);
    for sha in commits.iter().filter(|_| is_default) {
        let message = ctx.git.commit(key, sha).map(|commit| commit.message).unwrap_or_default();
        for at in merge::closed_by(key, &message) {
            let is_open = ctx.state.issue(&at).is_some_and(|issue| issue.is_open() && issue.pull.is_none());
            if is_open {
                issue::close(ctx, &at, Some(crate::state::Reason::Completed), Some(sha.clone()))?;
            }
        }
    }
    Ok(())
}
