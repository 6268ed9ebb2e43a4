//! Pull requests: open, edit, bring up to date.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Ctx, Done, Refusal, issue, mergeability, refs};
use crate::state::{Deed, IssueRef, Permission, Pull};

/// What a new pull request is made of.
#[derive(Debug, Clone, Default)]
pub struct NewPull {
    /// The title.
    pub title: String,
    /// The text.
    pub body: Option<String>,
    /// The branch with the work; `owner:branch` is understood where the owner is the repository's.
    pub head: String,
    /// The branch that it is for.
    pub base: String,
    /// Whether it is not for merging yet.
    pub is_draft: bool,
    /// Whether people with write access may push to its branch.
    pub maintainer_can_modify: bool,
}

/// Opens a pull request.
///
/// # Errors
/// When a branch is none, nothing lies between them, or there is one already.
pub fn create(ctx: &mut Ctx<'_>, slug: &str, new: NewPull) -> Done<IssueRef> {
    let author = ctx.login()?;
    let repo = ctx.repo(slug, Permission::Read)?;
    let key = repo.key();
    let prefix = format!("{}:", repo.owner);
    let head = new.head.strip_prefix(&prefix).unwrap_or(&new.head).to_owned();
    let invalid = |field: &str| Refusal::field("PullRequest", field, "invalid");
    let head_sha = repo.tip(&head).cloned().ok_or_else(|| invalid("head"))?;
    let base_sha = repo.tip(&new.base).cloned().ok_or_else(|| invalid("base"))?;
    if new.title.trim().is_empty() {
        return Err(Refusal::field("PullRequest", "title", "missing_field"));
    }
    let is_same = |pull: &Pull| pull.head == head && pull.base == new.base;
    if repo.issues.values().any(|issue| issue.open_pull().is_some_and(is_same)) {
        return Err(custom(format!("A pull request already exists for {}:{head}.", repo.owner)));
    }
    let commits = ctx.git.between(&key, &base_sha, &head_sha);
    if commits.is_empty() {
        return Err(custom(format!("No commits between {} and {head}", new.base)));
    }
    let at = issue::insert(ctx, slug, new.title, new.body, &author)?;
    let id = ctx.state.fresh_id();
    ctx.issue_mut(&at)?.pull = Some(Pull {
        id,
        head,
        head_sha,
        base: new.base,
        base_sha,
        is_draft: new.is_draft,
        maintainer_can_modify: new.maintainer_can_modify,
        merged: None,
        auto_merge: None,
        reviews: Vec::new(),
        review_comments: Vec::new(),
        requested_reviewers: BTreeSet::new(),
        mergeable: None,
    });
    for commit in commits {
        ctx.log(&at, Deed::Committed(commit))?;
    }
    pin(ctx, &at)?;
    ctx.tell_issue(&at, "opened", json!({}));
    issue::mention(ctx, &at)?;
    Ok(at)
}

/// `Validation Failed` with a sentence of its own, as GitHub has it for pull requests.
fn custom(sentence: String) -> Refusal {
    Refusal::Invalid("Validation Failed".to_owned(), Some((sentence, "custom", "PullRequest")))
}

/// Keeps `refs/pull/N/head` where the head is.
pub(super) fn pin(ctx: &mut Ctx<'_>, at: &IssueRef) -> Done<()> {
    let pull = ctx.issue_mut(at)?.pull.clone().ok_or(Refusal::NotFound)?;
    let name = format!("refs/pull/{}/head", at.number);
    let repo = ctx.state.repo_mut(&at.repo).ok_or(Refusal::NotFound)?;
    repo.refs.insert(name.clone(), pull.head_sha.clone());
    ctx.git.must(&at.repo, &["update-ref", &name, &pull.head_sha]);
    Ok(())
}

/// Changes title, text or state, and the base.
///
/// # Errors
/// When the actor may not, or there is no such pull request or base.
pub fn edit(
    ctx: &mut Ctx<'_>,
    slug: &str,
    number: u64,
    edit: issue::IssueEdit,
    base: Option<String>,
) -> Done<IssueRef> {
    let repo = ctx.repo(slug, Permission::Read)?;
    repo.pull(number).ok_or(Refusal::NotFound)?;
    if let Some(base) = base {
        let tip = repo.tip(&base).cloned();
        let tip = tip.ok_or_else(|| Refusal::field("PullRequest", "base", "invalid"))?;
        let pull = ctx.repo_mut(slug, Permission::Write)?.pull_mut(number).ok_or(Refusal::NotFound)?;
        pull.base = base;
        pull.base_sha = tip;
    }
    let is_closing = edit.is_open == Some(false);
    let at = issue::edit(ctx, slug, number, edit)?;
    if is_closing {
        super::merge::forget_auto_merge(ctx, &at, Some("closed"))?;
    }
    Ok(at)
}

/// Says that it is for merging, or not yet.
///
/// # Errors
/// When the actor may not.
pub fn set_draft(ctx: &mut Ctx<'_>, slug: &str, number: u64, is_draft: bool) -> Done<IssueRef> {
    let (issue, pull) = ctx.repo(slug, Permission::Read)?.pull(number).ok_or(Refusal::NotFound)?;
    let (author, was) = (issue.author.clone(), pull.is_draft);
    ctx.may_change(slug, &author)?;
    let at = IssueRef { repo: slug.to_ascii_lowercase(), number };
    if was != is_draft {
        if let Some(pull) = ctx.issue_mut(&at)?.pull.as_mut() {
            pull.is_draft = is_draft;
        }
        let deed = if is_draft { Deed::ConvertToDraft } else { Deed::ReadyForReview };
        let action = if is_draft { "converted_to_draft" } else { "ready_for_review" };
        ctx.log(&at, deed)?;
        ctx.tell_issue(&at, action, json!({}));
    }
    Ok(at)
}

/// Merges the base into the head, if the head is where it is thought to be.
///
/// # Errors
/// When it is elsewhere, contains the base already, or conflicts with it.
pub fn update_branch(ctx: &mut Ctx<'_>, slug: &str, number: u64, expected: Option<&str>) -> Done<IssueRef> {
    let login = ctx.login()?;
    let repo = ctx.repo(slug, Permission::Write)?;
    let (key, at) = (repo.key(), repo.at(number));
    let (_, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    if expected.is_some_and(|expected| expected != pull.head_sha) {
        return Err(Refusal::unprocessable("expected head sha didn\u{2019}t match current head ref."));
    }
    let tip = repo.tip(&pull.base).cloned().ok_or(Refusal::NotFound)?;
    if !mergeability::is_behind(ctx, &key, &pull.head_sha, &tip) {
        return Err(Refusal::unprocessable("There are no new commits on the base branch."));
    }
    let tree = ctx.git.merge_tree(&key, &pull.head_sha, &tip);
    let tree = tree.ok_or_else(|| Refusal::unprocessable("merge conflict between base and head"))?;
    let message = format!("Merge branch '{}' into {}", pull.base, pull.head);
    let parents = [pull.head_sha.as_str(), tip.as_str()];
    let person = format!("{login} <{login}@users.noreply.github.com>");
    let commit = ctx.git.commit_tree(&key, &tree, &parents, &message, &person);
    let name = format!("refs/heads/{}", pull.head);
    refs::set(ctx, &key, &name, &commit)?;
    Ok(at)
}
