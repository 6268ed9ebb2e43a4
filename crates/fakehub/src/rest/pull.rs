//! Pull requests.

use serde_json::{Value, json};

use super::issue::{is_in_state, sort, wanted};
use super::{Answer, Call};
use crate::op::merge::{self, How};
use crate::op::pull::{self, NewPull};
use crate::op::{Ctx, Done, Refusal, mergeability};
use crate::state::{Issue, IssueRef, Method, Permission, Pull, Repo};

pub fn list(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let head = call.query("head").and_then(|head| head.split_once(':'));
    let is_wanted = |pull: &Pull| {
        let fits_head =
            head.is_none_or(|(owner, branch)| owner.eq_ignore_ascii_case(&repo.owner) && branch == pull.head);
        fits_head && call.query("base").is_none_or(|base| base == pull.base)
    };
    let issues = repo.issues.values().filter(|issue| issue.pull.as_ref().is_some_and(is_wanted));
    let mut issues: Vec<&Issue> = issues.filter(|issue| is_in_state(call, issue)).collect();
    sort(call, &mut issues, "desc");
    let pulls: Vec<(&Issue, &Pull)> =
        issues.into_iter().filter_map(|issue| Some((issue, issue.pull.as_ref()?))).collect();
    Ok(call.page(&pulls, |(issue, pull)| ctx.view().pull_in_list(repo, issue, pull)))
}

/// Repository, issue and pull request of the address.
pub(super) fn one<'a>(call: &Call, ctx: &'a Ctx<'_>) -> Done<(&'a Repo, &'a Issue, &'a Pull)> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let (issue, pull) = repo.pull(call.number("pull_number")?).ok_or(Refusal::NotFound)?;
    Ok((repo, issue, pull))
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let answer = show(call, ctx)?;
    // GitHub starts to work it out when somebody asks; who asks again is told.
    mergeability::work_out(ctx, &call.slug().to_ascii_lowercase(), call.number("pull_number")?);
    Ok(answer)
}

fn show(call: &Call, ctx: &Ctx<'_>) -> Done<Answer> {
    let (repo, issue, pull) = one(call, ctx)?;
    Ok(Answer::ok(ctx.view().pull(ctx.git, repo, issue, pull)))
}

/// A pull request by its place.
fn show_at(ctx: &Ctx<'_>, at: &IssueRef) -> Done<Value> {
    let repo = ctx.repo(&at.repo, Permission::Read)?;
    let (issue, pull) = repo.pull(at.number).ok_or(Refusal::NotFound)?;
    Ok(ctx.view().pull(ctx.git, repo, issue, pull))
}

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let new = NewPull {
        title: call.text("title").unwrap_or_default(),
        body: call.text("body"),
        head: call.needed("PullRequest", "head")?,
        base: call.needed("PullRequest", "base")?,
        is_draft: call.switch("draft").unwrap_or(false),
        maintainer_can_modify: call.switch("maintainer_can_modify").unwrap_or(false),
    };
    let at = pull::create(ctx, &call.slug(), new)?;
    Ok(Answer::created(show_at(ctx, &at)?))
}

pub fn edit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let number = call.number("pull_number")?;
    pull::edit(ctx, &call.slug(), number, wanted(call)?, call.text("base"))?;
    show(call, ctx)
}

pub fn commits(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, _, pull) = one(call, ctx)?;
    let all = ctx.git.between(&repo.key(), &pull.base_sha, &pull.head_sha);
    Ok(call.page(&all, |sha| ctx.view().commit(ctx.git, repo, sha)))
}

pub fn files(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, _, pull) = one(call, ctx)?;
    let key = repo.key();
    let middle = ctx.git.merge_base(&key, &pull.base_sha, &pull.head_sha).ok_or(Refusal::NotFound)?;
    let files = ctx.git.changes(&key, &middle, &pull.head_sha);
    Ok(call.page(&files, |file| ctx.view().file(repo, file, &pull.head_sha)))
}

pub fn is_merged(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (_, _, pull) = one(call, ctx)?;
    if pull.merged.is_some() { Ok(Answer::nothing()) } else { Err(Refusal::NotFound) }
}

pub fn merge(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let method = call.text("merge_method").unwrap_or_else(|| "merge".to_owned());
    let method = Method::parse(&method);
    let how = How {
        method: method.ok_or_else(|| Refusal::field("PullRequest", "merge_method", "invalid"))?,
        title: call.text("commit_title"),
        message: call.text("commit_message"),
        sha: call.text("sha"),
    };
    let sha = merge::merge(ctx, &call.slug(), call.number("pull_number")?, &how)?;
    let message = "Pull Request successfully merged";
    Ok(Answer::ok(json!({ "sha": sha, "merged": true, "message": message })))
}

pub fn update_branch(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let expected = call.text("expected_head_sha");
    pull::update_branch(ctx, &call.slug(), call.number("pull_number")?, expected.as_deref())?;
    let (repo, issue, _) = one(call, ctx)?;
    let url = ctx.view().html_url(repo, issue);
    Ok(Answer::accepted(json!({ "message": "Updating pull request branch.", "url": url })))
}
