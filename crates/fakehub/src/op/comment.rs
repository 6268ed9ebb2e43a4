//! Comments below issues and pull requests.

use serde_json::json;

use super::{Ctx, Done, Refusal};
use crate::state::{Comment, Id, IssueRef, Permission};

/// Writes a comment.
///
/// # Errors
/// When there is no such issue, or the text is empty.
pub fn create(ctx: &mut Ctx<'_>, slug: &str, number: u64, body: &str) -> Done<(IssueRef, Id)> {
    let author = ctx.login()?;
    let at = IssueRef { repo: ctx.repo(slug, Permission::Read)?.key(), number };
    ctx.issue(slug, number, Permission::Read)?;
    check(body)?;
    let (id, now) = (ctx.state.fresh_id(), ctx.now());
    let comment = Comment { id, author, body: body.to_owned(), created_at: now, updated_at: now };
    ctx.issue_mut(&at)?.comments.push(comment);
    ctx.touch(&at)?;
    tell(ctx, &at, id, "created");
    Ok((at, id))
}

/// Changes a comment.
///
/// # Errors
/// When there is none, or the actor may not.
pub fn edit(ctx: &mut Ctx<'_>, slug: &str, id: Id, body: &str) -> Done<IssueRef> {
    let at = find(ctx, slug, id)?;
    check(body)?;
    let now = ctx.now();
    let issue = ctx.issue_mut(&at)?;
    let comment = issue.comments.iter_mut().find(|comment| comment.id == id).ok_or(Refusal::NotFound)?;
    comment.body = body.to_owned();
    comment.updated_at = now;
    ctx.touch(&at)?;
    tell(ctx, &at, id, "edited");
    Ok(at)
}

/// Removes a comment.
///
/// # Errors
/// When there is none, or the actor may not.
pub fn delete(ctx: &mut Ctx<'_>, slug: &str, id: Id) -> Done<IssueRef> {
    let at = find(ctx, slug, id)?;
    tell(ctx, &at, id, "deleted");
    ctx.issue_mut(&at)?.comments.retain(|comment| comment.id != id);
    ctx.touch(&at)?;
    Ok(at)
}

/// The issue of a comment that the actor may change.
fn find(ctx: &Ctx<'_>, slug: &str, id: Id) -> Done<IssueRef> {
    let repo = ctx.repo(slug, Permission::Read)?;
    let found = repo.issues.values().find_map(|issue| {
        let comment = issue.comments.iter().find(|comment| comment.id == id)?;
        Some((repo.at(issue.number), comment.author.clone()))
    });
    let (at, author) = found.ok_or(Refusal::NotFound)?;
    let login = ctx.login()?;
    let need = if login.eq_ignore_ascii_case(&author) { Permission::Read } else { Permission::Write };
    ctx.repo(slug, need)?;
    Ok(at)
}

fn check(body: &str) -> Done<()> {
    if body.trim().is_empty() { Err(Refusal::field("IssueComment", "body", "missing_field")) } else { Ok(()) }
}

fn tell(ctx: &mut Ctx<'_>, at: &IssueRef, id: Id, action: &str) {
    let look = ctx.view();
    let (Some(repo), Some(issue)) = (ctx.state.repo(&at.repo), ctx.state.issue(at)) else { return };
    let Some(comment) = issue.comments.iter().find(|comment| comment.id == id) else { return };
    let payload = json!({ "issue": look.issue(repo, issue), "comment": look.comment(repo, issue, comment) });
    ctx.tell(&at.repo, "issue_comment", Some(action), payload);
}
