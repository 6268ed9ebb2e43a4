//! The merge queue: pull requests wait in line, each tested on top of all before it.

use serde_json::json;

use super::{Ctx, Done, Refusal, merge, refs};
use crate::git::NOTHING;
use crate::op::mergeability::{self, MergeState};
use crate::state::{Deed, Health, IssueRef, Permission, QueueEntry};

/// Puts a pull request at the end of the line.
///
/// # Errors
/// When its base has no queue, it stands there already, or something is in its way.
pub fn enqueue(ctx: &mut Ctx<'_>, slug: &str, number: u64, expected: Option<&str>) -> Done<IssueRef> {
    let (login, now) = (ctx.login()?, ctx.now());
    ctx.repo(slug, Permission::Write)?.pull(number).ok_or(Refusal::NotFound)?;
    mergeability::work_out(ctx, &slug.to_ascii_lowercase(), number);
    let repo = ctx.repo(slug, Permission::Write)?;
    let (issue, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    let (at, key, base) = (repo.at(number), repo.key(), pull.base.clone());
    let refuse = |why: &str| Err(Refusal::unprocessable(format!("Pull request {why}")));
    if !repo.has_queue(&base) {
        return refuse("Merge queue is not enabled for this branch");
    }
    if expected.is_some_and(|sha| sha != pull.head_sha) {
        return refuse("Head branch was modified. Review and try again.");
    }
    if repo.queues.get(&base).is_some_and(|queue| queue.iter().any(|entry| entry.number == number)) {
        return refuse("Pull request is already in the queue");
    }
    match mergeability::merge_state(ctx.git, repo, issue, pull) {
        MergeState::Clean | MergeState::Unstable | MergeState::Behind => {}
        MergeState::Blocked => return refuse("Pull request is not mergeable: required checks are missing"),
        MergeState::Dirty => return refuse("Pull request has merge conflicts"),
        MergeState::Draft => return refuse("Pull request is a draft"),
        MergeState::Unknown => return refuse("Pull request is not mergeable"),
    }
    let id = ctx.state.fresh_id();
    let entry = QueueEntry { id, number, by: login, at: now, group: String::new() };
    let repo = ctx.repo_mut(slug, Permission::Write)?;
    repo.queues.entry(base.clone()).or_default().push(entry);
    ctx.log(&at, Deed::AddedToMergeQueue)?;
    ctx.tell_issue(&at, "enqueued", json!({}));
    form_groups(ctx, &key, &base)?;
    Ok(at)
}

/// Takes a pull request out of the line.
///
/// # Errors
/// When it does not stand there.
pub fn dequeue(ctx: &mut Ctx<'_>, slug: &str, number: u64) -> Done<IssueRef> {
    let repo = ctx.repo(slug, Permission::Write)?;
    let (at, key) = (repo.at(number), repo.key());
    let (_, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    let base = pull.base.clone();
    if !repo.queues.get(&base).is_some_and(|queue| queue.iter().any(|entry| entry.number == number)) {
        return Err(Refusal::unprocessable("Pull request is not in the merge queue"));
    }
    remove(ctx, &at, &base, "manually removed")?;
    drop_group(ctx, &key, &base, number)?;
    form_groups(ctx, &key, &base)?;
    Ok(at)
}

fn remove(ctx: &mut Ctx<'_>, at: &IssueRef, base: &str, why: &str) -> Done<()> {
    let repo = ctx.state.repo_mut(&at.repo).ok_or(Refusal::NotFound)?;
    let queue = repo.queues.entry(base.to_owned()).or_default();
    queue.retain(|entry| entry.number != at.number);
    ctx.log(at, Deed::RemovedFromMergeQueue(why.to_owned()))?;
    ctx.tell_issue(at, "dequeued", json!({ "reason": why }));
    Ok(())
}

/// Makes the commits that are to be tested: each on top of the one before it.
fn form_groups(ctx: &mut Ctx<'_>, key: &str, base: &str) -> Done<()> {
    let repo = ctx.state.repo(key).ok_or(Refusal::NotFound)?;
    let mut upon = repo.tip(base).cloned().ok_or(Refusal::NotFound)?;
    for entry in repo.queues.get(base).cloned().unwrap_or_default() {
        let at = IssueRef { repo: key.to_owned(), number: entry.number };
        let Some((issue, pull)) = ctx.state.repo(key).and_then(|repo| repo.pull(entry.number)) else {
            continue;
        };
        let commit = ctx.git.commit(key, &entry.group);
        if commit.is_some_and(|commit| commit.parents.first() == Some(&upon)) {
            upon = entry.group; // it stands on what it stood on before
            continue;
        }
        let message = format!("Merge pull request #{} from {}\n\n{}", entry.number, pull.head, issue.title);
        let Some(tree) = ctx.git.merge_tree(key, &upon, &pull.head_sha) else {
            remove(ctx, &at, base, "merge conflict")?;
            continue;
        };
        let person = "github-merge-queue <noreply@github.com>";
        let parents = [upon.as_str(), pull.head_sha.as_str()];
        let group = ctx.git.commit_tree(key, &tree, &parents, &message, person);
        name_group(ctx, key, base, entry.number, &upon, &group)?;
        upon = group;
    }
    Ok(())
}

/// Gives a group its branch and tells the hooks that it wants to be checked.
fn name_group(ctx: &mut Ctx<'_>, key: &str, base: &str, number: u64, upon: &str, group: &str) -> Done<()> {
    let repo = ctx.state.repo_mut(key).ok_or(Refusal::NotFound)?;
    let queue = repo.queues.entry(base.to_owned()).or_default();
    if let Some(entry) = queue.iter_mut().find(|entry| entry.number == number) {
        group.clone_into(&mut entry.group);
    }
    drop_group(ctx, key, base, number)?;
    let name = format!("{}{upon}", group_refs(base, number));
    refs::set(ctx, key, &name, group)?;
    let payload = json!({ "merge_group": {
        "head_sha": group, "head_ref": name, "base_sha": upon, "base_ref": format!("refs/heads/{base}"),
    } });
    ctx.tell(key, "merge_group", Some("checks_requested"), payload);
    Ok(())
}

/// What the names of a pull request's groups begin with; the base that a group stands on follows.
fn group_refs(base: &str, number: u64) -> String {
    format!("refs/heads/gh-readonly-queue/{base}/pr-{number}-")
}

/// Removes the branch of a group that is not wanted any more.
fn drop_group(ctx: &mut Ctx<'_>, key: &str, base: &str, number: u64) -> Done<()> {
    let prefix = group_refs(base, number);
    let repo = ctx.state.repo(key).ok_or(Refusal::NotFound)?;
    let old: Vec<String> = repo.refs.keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
    for name in old {
        refs::set(ctx, key, &name, NOTHING)?;
    }
    Ok(())
}

/// Looks at the first in line: green is merged, red is put out. Whether something changed.
pub(super) fn advance(ctx: &mut Ctx<'_>, key: &str, base: &str) -> Done<bool> {
    let repo = ctx.state.repo(key).ok_or(Refusal::NotFound)?;
    let first = repo.queues.get(base).and_then(|queue| queue.first()).cloned();
    let Some(entry) = first.filter(|entry| !entry.group.is_empty()) else { return Ok(false) };
    let checks = repo.checks_at(&entry.group);
    let required = repo.required_checks(base).contexts;
    let of = |name: &String| checks.get(name).copied().unwrap_or(Health::Open);
    let worst = required.iter().map(of).max().unwrap_or(Health::Good);
    let at = repo.at(entry.number);
    let actor = ctx.actor.replace(entry.by.clone());
    match worst {
        Health::Open => {
            ctx.actor = actor;
            return Ok(false);
        }
        Health::Bad => remove(ctx, &at, base, "failed checks")?,
        Health::Good => {
            let repo = ctx.state.repo_mut(key).ok_or(Refusal::NotFound)?;
            repo.queues.entry(base.to_owned()).or_default().remove(0);
            ctx.log(&at, Deed::RemovedFromMergeQueue("merged".to_owned()))?;
            merge::finish(ctx, &at, &entry.group)?;
            refs::set(ctx, key, &format!("refs/heads/{base}"), &entry.group)?;
        }
    }
    drop_group(ctx, key, base, entry.number)?;
    form_groups(ctx, key, base)?;
    ctx.actor = actor;
    Ok(true)
}
