//! Sub-issues and dependencies.

use super::issue::one;
use super::{Answer, Call};
use crate::op::{Ctx, Done, Refusal, link};
use crate::state::{Id, IssueRef, Permission};

/// A number of the body that must be there.
fn needed(call: &Call, name: &str) -> Done<Id> {
    let found = call.body[name].as_u64().map(Id);
    found.ok_or_else(|| Refusal::field("Issue", name, "missing_field"))
}

/// Those of these issues that the asker may see.
fn shown(call: &Call, ctx: &Ctx<'_>, places: &[IssueRef]) -> Answer {
    let is_visible = |at: &&IssueRef| ctx.issue(&at.repo, at.number, Permission::Read).is_ok();
    let visible: Vec<&IssueRef> = places.iter().filter(is_visible).collect();
    call.page(&visible, |at| {
        let mut shown = ctx.view().issue_at(at);
        shown["repository"] = ctx.state.repo(&at.repo).map(|repo| ctx.view().repo(repo, None)).into();
        shown
    })
}

pub fn sub_issues(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (_, issue) = one(call, ctx)?;
    Ok(shown(call, ctx, &issue.sub_issues))
}

pub fn add_sub_issue(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (number, part) = (call.number("issue_number")?, needed(call, "sub_issue_id")?);
    let replaces = call.switch("replace_parent").unwrap_or(false);
    let at = link::add_sub_issue(ctx, &call.slug(), number, part, replaces)?;
    Ok(Answer::created(ctx.view().issue_at(&at)))
}

pub fn remove_sub_issue(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (number, part) = (call.number("issue_number")?, needed(call, "sub_issue_id")?);
    let at = link::remove_sub_issue(ctx, &call.slug(), number, part)?;
    Ok(Answer::ok(ctx.view().issue_at(&at)))
}

pub fn move_sub_issue(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (number, part) = (call.number("issue_number")?, needed(call, "sub_issue_id")?);
    let after = call.body["after_id"].as_u64();
    let neighbour = after.or(call.body["before_id"].as_u64()).map(Id);
    let neighbour = neighbour.ok_or_else(|| Refusal::unprocessable("Need one of: after_id, before_id"))?;
    let at = link::move_sub_issue(ctx, &call.slug(), number, part, neighbour, after.is_some())?;
    Ok(Answer::ok(ctx.view().issue_at(&at)))
}

pub fn parent(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (_, issue) = one(call, ctx)?;
    let at = issue.parent.clone().ok_or(Refusal::NotFound)?;
    ctx.issue(&at.repo, at.number, Permission::Read)?;
    Ok(Answer::ok(ctx.view().issue_at(&at)))
}

pub fn blocked_by(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (_, issue) = one(call, ctx)?;
    Ok(shown(call, ctx, &issue.blocked_by))
}

pub fn blocking(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, issue) = one(call, ctx)?;
    Ok(shown(call, ctx, &link::blocking(ctx, &repo.at(issue.number))))
}

pub fn add_blocked_by(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let other = needed(call, "issue_id")?;
    let at = link::add_blocked_by(ctx, &call.slug(), call.number("issue_number")?, other)?;
    Ok(Answer::created(ctx.view().issue_at(&at)))
}

pub fn remove_blocked_by(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let other = call.id("issue_id")?;
    let at = link::remove_blocked_by(ctx, &call.slug(), call.number("issue_number")?, other)?;
    Ok(Answer::ok(ctx.view().issue_at(&at)))
}
