//! Comments below issues and pull requests.

use super::issue::{one, since};
use super::{Answer, Call};
use crate::op::{Ctx, Done, Refusal, comment};
use crate::state::{Comment, Issue, Permission, Repo};

pub fn list(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let since = since(call)?;
    let (repo, issue) = one(call, ctx)?;
    let comments: Vec<&Comment> = issue
        .comments
        .iter()
        .filter(|comment| since.is_none_or(|since| comment.updated_at >= since))
        .collect();
    Ok(call.page(&comments, |comment| ctx.view().comment(repo, issue, comment)))
}

pub fn list_of_repo(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let since = since(call)?;
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let mut comments: Vec<(&Issue, &Comment)> =
        all(repo).filter(|(_, comment)| since.is_none_or(|since| comment.updated_at >= since)).collect();
    match call.query("sort") {
        Some("updated") => comments.sort_by_key(|(_, comment)| (comment.updated_at, comment.id)),
        _ => comments.sort_by_key(|(_, comment)| comment.id),
    }
    if call.query("direction") == Some("desc") {
        comments.reverse();
    }
    Ok(call.page(&comments, |(issue, comment)| ctx.view().comment(repo, issue, comment)))
}

fn all(repo: &Repo) -> impl Iterator<Item = (&Issue, &Comment)> {
    repo.issues.values().flat_map(|issue| issue.comments.iter().map(move |comment| (issue, comment)))
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("comment_id")?;
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let (issue, comment) = all(repo).find(|(_, comment)| comment.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().comment(repo, issue, comment)))
}

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let body = call.needed("IssueComment", "body")?;
    let (_, id) = comment::create(ctx, &call.slug(), call.number("issue_number")?, &body)?;
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let (issue, comment) = all(repo).find(|(_, comment)| comment.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::created(ctx.view().comment(repo, issue, comment)))
}

pub fn edit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let body = call.needed("IssueComment", "body")?;
    comment::edit(ctx, &call.slug(), call.id("comment_id")?, &body)?;
    get(call, ctx)
}

pub fn delete(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    comment::delete(ctx, &call.slug(), call.id("comment_id")?)?;
    Ok(Answer::nothing())
}
