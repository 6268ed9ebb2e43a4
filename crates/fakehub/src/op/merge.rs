//! Merging: at once, and by itself when all is green.

use serde_json::json;

use super::{Ctx, Done, Refusal, issue, mergeability, refs};
use crate::git::NOTHING;
use crate::op::mergeability::MergeState;
use crate::state::{AutoMerge, Deed, IssueRef, Merged, Method, Permission, Pull, Reason, Repo};

/// How something is to be merged.
#[derive(Debug, Clone)]
pub struct How {
    /// By which kind of commit.
    pub method: Method,
    /// First line, when given.
    pub title: Option<String>,
    /// The rest, when given.
    pub message: Option<String>,
    /// Where the head has to be.
    pub sha: Option<String>,
}

/// Merges now, or says why not.
///
/// # Errors
/// 405 when something is in the way, 409 when the head is not where it was thought to be.
pub fn merge(ctx: &mut Ctx<'_>, slug: &str, number: u64, how: &How) -> Done<String> {
    let login = ctx.login()?;
    ctx.repo(slug, Permission::Write)?.pull(number).ok_or(Refusal::NotFound)?;
    let at = IssueRef { repo: slug.to_ascii_lowercase(), number };
    mergeability::work_out(ctx, &at.repo, number);
    let repo = ctx.repo(slug, Permission::Write)?;
    let (issue, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    if how.sha.as_ref().is_some_and(|sha| *sha != pull.head_sha) {
        let sentence = "Head branch was modified. Review and try the merge again.";
        return Err(Refusal::Conflict(sentence.to_owned()));
    }
    let is_admin = repo.permission(&login) == Some(Permission::Admin);
    let may_bypass = is_admin
        && repo.protections.get(&pull.base).is_none_or(|rule| !rule.binds_admins)
        && repo.rulesets.iter().all(|ruleset| ruleset.branch != pull.base);
    if repo.has_queue(&pull.base) {
        let sentence = "Changes must be made through the merge queue";
        return Err(Refusal::NotAllowed(sentence.to_owned()));
    }
    let refusal = match mergeability::merge_state(ctx.git, repo, issue, pull) {
        MergeState::Clean | MergeState::Unstable => None,
        MergeState::Draft => Some("Pull Request is still a draft".to_owned()),
        MergeState::Dirty | MergeState::Unknown => Some("Pull Request is not mergeable".to_owned()),
        MergeState::Blocked | MergeState::Behind if may_bypass => None,
        MergeState::Blocked => Some(mergeability::missing(repo, pull).join(" ")),
        MergeState::Behind => Some("Head branch is not up to date with the base branch".to_owned()),
    };
    match refusal {
        Some(sentence) => Err(Refusal::NotAllowed(sentence)),
        None => carry_out(ctx, &at, how),
    }
}

/// Makes the commit and moves the base.
pub(super) fn carry_out(ctx: &mut Ctx<'_>, at: &IssueRef, how: &How) -> Done<String> {
    let repo = ctx.state.repo(&at.repo).ok_or(Refusal::NotFound)?;
    let (issue, pull) = repo.pull(at.number).ok_or(Refusal::NotFound)?;
    let base = format!("refs/heads/{}", pull.base);
    let tip = repo.tip(&pull.base).cloned().ok_or(Refusal::NotFound)?;
    let title = how.title.clone().unwrap_or_else(|| match how.method {
        Method::Merge => format!("Merge pull request #{} from {}/{}", at.number, repo.owner, pull.head),
        Method::Squash | Method::Rebase => format!("{} (#{})", issue.title, at.number),
    });
    let rest = how.message.clone().unwrap_or_else(|| match how.method {
        Method::Merge => issue.title.clone(),
        Method::Squash | Method::Rebase => String::new(),
    });
    let message = format!("{title}\n\n{rest}");
    let person = format!("{0} <{0}@users.noreply.github.com>", ctx.login()?);
    let commit = write(ctx, &at.repo, &tip, pull, how.method, (&message, &person))?;
    finish(ctx, at, &commit)?;
    refs::set(ctx, &at.repo, &base, &commit)?;
    Ok(commit)
}

/// The commit that brings a pull request into this tip.
fn write(
    ctx: &Ctx<'_>,
    key: &str,
    tip: &str,
    pull: &Pull,
    method: Method,
    (message, person): (&str, &str),
) -> Done<String> {
    let conflict = || Refusal::NotAllowed("Pull Request is not mergeable".to_owned());
    match method {
        Method::Merge | Method::Squash => {
            let tree = ctx.git.merge_tree(key, tip, &pull.head_sha).ok_or_else(conflict)?;
            let parents = [tip, pull.head_sha.as_str()];
            let count = if method == Method::Merge { 2 } else { 1 };
            Ok(ctx.git.commit_tree(key, &tree, &parents[..count], message.trim_end(), person))
        }
        Method::Rebase => {
            let mut upon = tip.to_owned();
            for sha in ctx.git.between(key, tip, &pull.head_sha) {
                let commit = ctx.git.commit(key, &sha).ok_or_else(conflict)?;
                let tree = ctx.git.merge_tree(key, &upon, &sha).ok_or_else(conflict)?;
                upon = ctx.git.commit_tree(key, &tree, &[&upon], &commit.message, person);
            }
            Ok(upon)
        }
    }
}

/// Everything that being merged means but the base's new tip.
pub(super) fn finish(ctx: &mut Ctx<'_>, at: &IssueRef, commit: &str) -> Done<()> {
    let (now, login) = (ctx.now(), ctx.login()?);
    let issue = ctx.issue_mut(at)?;
    let body = issue.body.clone().unwrap_or_default();
    issue.closed = Some((now, login.clone()));
    let pull = issue.pull.as_mut().ok_or(Refusal::NotFound)?;
    pull.merged = Some(Merged { sha: commit.to_owned(), by: login, at: now });
    pull.auto_merge = None;
    let (head, base, head_sha) = (pull.head.clone(), pull.base.clone(), pull.head_sha.clone());
    ctx.log(at, Deed::Merged(commit.to_owned()))?;
    ctx.log(at, Deed::Closed(None, None))?;
    ctx.tell_issue(at, "closed", json!({}));
    let repo = ctx.state.repo(&at.repo).ok_or(Refusal::NotFound)?;
    let (is_default, deletes) = (repo.default_branch == base, repo.deletes_merged_branches);
    for target in closed_by(&at.repo, &body).into_iter().filter(|_| is_default) {
        let may = ctx.repo(&target.repo, Permission::Write).is_ok();
        let is_open = ctx.state.issue(&target).is_some_and(|issue| issue.is_open() && issue.pull.is_none());
        if may && is_open {
            issue::close(ctx, &target, Some(Reason::Completed), Some(commit.to_owned()))?;
        }
    }
    let head = format!("refs/heads/{head}");
    if deletes && ctx.state.repo(&at.repo).is_some_and(|repo| repo.refs.get(&head) == Some(&head_sha)) {
        ctx.log(at, Deed::HeadRefDeleted)?;
        refs::set(ctx, &at.repo, &head, NOTHING)?;
    }
    Ok(())
}

/// A pull request whose head came into its base by a push counts as merged.
pub(super) fn merged_by_push(ctx: &mut Ctx<'_>, at: &IssueRef, tip: &str) -> Done<()> {
    let Some(pull) = ctx.state.issue(at).and_then(|issue| issue.open_pull()).cloned() else { return Ok(()) };
    if tip != NOTHING && ctx.git.contains(&at.repo, tip, &pull.head_sha) {
        return finish(ctx, at, tip);
    }
    Ok(())
}

/// The issues that a text closes: `closes #4`, `Fixes owner/repo#5`, as
/// <https://docs.github.com/issues/tracking-your-work-with-issues/linking-a-pull-request-to-an-issue> lists them.
#[must_use]
pub fn closed_by(key: &str, text: &str) -> Vec<IssueRef> {
    const WORDS: [&str; 9] =
        ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let target = |pair: &[&str]| {
        let verb = pair[0].trim_end_matches(':').trim_start_matches(['(', '*', '-']).to_ascii_lowercase();
        let (repo, rest) = pair[1].split_once('#').filter(|_| WORDS.contains(&verb.as_str()))?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let repo = if repo.is_empty() { key.to_owned() } else { repo.to_ascii_lowercase() };
        Some(IssueRef { repo, number: digits.parse().ok()? })
    };
    words.windows(2).filter_map(target).collect()
}

/// Has a pull request merge by itself.
///
/// # Errors
/// In GitHub's own sentences, when that is not allowed or there is nothing to wait for. (The double `Pull request`
/// is GitHub's.)
pub fn enable_auto_merge(ctx: &mut Ctx<'_>, slug: &str, number: u64, how: How) -> Done<IssueRef> {
    let (login, now) = (ctx.login()?, ctx.now());
    let repo = ctx.repo(slug, Permission::Write)?;
    let (issue, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    let at = repo.at(number);
    let refuse = |why: &str| Err(Refusal::unprocessable(format!("Pull request {why}")));
    if !repo.allows_auto_merge {
        return refuse("Auto merge is not allowed for this repository");
    }
    if !issue.is_open() {
        return refuse("Pull request is closed");
    }
    if how.sha.as_ref().is_some_and(|sha| *sha != pull.head_sha) {
        return refuse("Head branch was modified. Review and try again.");
    }
    if !is_guarded(repo, &pull.base) {
        return refuse("Protected branch rules not configured for this branch");
    }
    match mergeability::merge_state(ctx.git, repo, issue, pull) {
        MergeState::Clean => return refuse("Pull request is in clean status"),
        MergeState::Unstable => return refuse("Pull request is in unstable status"),
        MergeState::Draft => return refuse("Pull request is in draft state"),
        MergeState::Blocked | MergeState::Behind | MergeState::Dirty | MergeState::Unknown => {}
    }
    let How { method, title, message, .. } = how;
    let auto_merge = AutoMerge { by: login, at: now, method, title, message };
    if let Some(pull) = ctx.issue_mut(&at)?.pull.as_mut() {
        pull.auto_merge = Some(auto_merge);
    }
    ctx.log(&at, Deed::AutoMergeEnabled)?;
    ctx.tell_issue(&at, "auto_merge_enabled", json!({}));
    Ok(at)
}

/// Has it wait for a person again.
///
/// # Errors
/// When it did so anyway.
pub fn disable_auto_merge(ctx: &mut Ctx<'_>, slug: &str, number: u64) -> Done<IssueRef> {
    let repo = ctx.repo(slug, Permission::Write)?;
    let (_, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    if pull.auto_merge.is_none() {
        return Err(Refusal::unprocessable("Can't disable auto-merge for this pull request."));
    }
    let at = repo.at(number);
    forget_auto_merge(ctx, &at, None)?;
    Ok(at)
}

pub(super) fn forget_auto_merge(ctx: &mut Ctx<'_>, at: &IssueRef, why: Option<&str>) -> Done<()> {
    let pull = ctx.issue_mut(at)?.pull.as_mut();
    if pull.and_then(|pull| pull.auto_merge.take()).is_none() {
        return Ok(());
    }
    ctx.log(at, Deed::AutoMergeDisabled(why.map(str::to_owned)))?;
    ctx.tell_issue(at, "auto_merge_disabled", json!({ "reason": why.unwrap_or_default() }));
    Ok(())
}

fn is_guarded(repo: &Repo, branch: &str) -> bool {
    repo.protections.contains_key(branch) || repo.rulesets.iter().any(|ruleset| ruleset.branch == branch)
}
