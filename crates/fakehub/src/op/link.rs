//! What ties issues to each other: parts, and what has to be closed first.

use super::{Ctx, Done, Refusal};
use crate::state::{Deed, Id, IssueRef, Permission};

/// Sub-issues of one issue at most, as the documentation says.
const MOST_PARTS: usize = 100;

/// Makes an issue a part of another.
///
/// # Errors
/// When one of them is none, the part has a parent already (and it is not to be replaced), or they would go in a
/// circle.
pub fn add_sub_issue(ctx: &mut Ctx<'_>, slug: &str, number: u64, part: Id, replaces: bool) -> Done<IssueRef> {
    ctx.issue(slug, number, Permission::Triage)?;
    let whole = IssueRef { repo: slug.to_ascii_lowercase(), number };
    let part = visible(ctx, part)?;
    let has_parent = ctx.issue_mut(&part)?.parent.clone();
    if has_parent.as_ref() == Some(&whole) {
        return Err(refused("Issue may not contain duplicate sub-issues"));
    }
    if part == whole || is_above(ctx, &part, &whole) {
        return Err(refused("Sub issue may not create a circular dependency"));
    }
    if ctx.issue_mut(&whole)?.sub_issues.len() >= MOST_PARTS {
        return Err(refused("Parent cannot have more than 100 sub-issues"));
    }
    match has_parent {
        Some(old) if replaces => detach(ctx, &old, &part)?,
        Some(_) => return Err(refused("Sub issue may only have one parent")),
        None => {}
    }
    ctx.issue_mut(&whole)?.sub_issues.push(part.clone());
    ctx.issue_mut(&part)?.parent = Some(whole.clone());
    ctx.log(&whole, Deed::SubIssueAdded(part.clone()))?;
    ctx.log(&part, Deed::ParentIssueAdded(whole.clone()))?;
    Ok(part)
}

/// Makes a part an issue of its own.
///
/// # Errors
/// When it is no part of this issue.
pub fn remove_sub_issue(ctx: &mut Ctx<'_>, slug: &str, number: u64, part: Id) -> Done<IssueRef> {
    ctx.issue(slug, number, Permission::Triage)?;
    let whole = IssueRef { repo: slug.to_ascii_lowercase(), number };
    let part = visible(ctx, part)?;
    if !ctx.issue_mut(&whole)?.sub_issues.contains(&part) {
        return Err(Refusal::NotFound);
    }
    detach(ctx, &whole, &part)?;
    Ok(whole)
}

/// Puts a part behind or before another of the same issue.
///
/// # Errors
/// When one of them is no part of it.
pub fn move_sub_issue(
    ctx: &mut Ctx<'_>,
    slug: &str,
    number: u64,
    part: Id,
    neighbour: Id,
    is_after: bool,
) -> Done<IssueRef> {
    ctx.issue(slug, number, Permission::Triage)?;
    let whole = IssueRef { repo: slug.to_ascii_lowercase(), number };
    let (part, neighbour) = (visible(ctx, part)?, visible(ctx, neighbour)?);
    let parts = &mut ctx.issue_mut(&whole)?.sub_issues;
    let from = parts.iter().position(|other| *other == part).ok_or(Refusal::NotFound)?;
    parts.remove(from);
    let to = parts.iter().position(|other| *other == neighbour).ok_or(Refusal::NotFound)?;
    parts.insert(to + usize::from(is_after), part);
    Ok(whole)
}

/// Makes an issue wait for another.
///
/// # Errors
/// When one of them is none, they wait already, or they would wait for each other.
pub fn add_blocked_by(ctx: &mut Ctx<'_>, slug: &str, number: u64, other: Id) -> Done<IssueRef> {
    ctx.issue(slug, number, Permission::Triage)?;
    let at = IssueRef { repo: slug.to_ascii_lowercase(), number };
    let other = visible(ctx, other)?;
    if other == at || waits_for(ctx, &other, &at) {
        return Err(refused("Issue dependencies may not create a circular dependency"));
    }
    let blocked_by = &mut ctx.issue_mut(&at)?.blocked_by;
    if blocked_by.contains(&other) {
        return Err(refused("Issue may not contain duplicate dependencies"));
    }
    blocked_by.push(other.clone());
    ctx.log(&at, Deed::BlockedByAdded(other.clone()))?;
    ctx.log(&other, Deed::BlockingAdded(at.clone()))?;
    Ok(at)
}

/// Lets an issue wait no more for another.
///
/// # Errors
/// When it did not.
pub fn remove_blocked_by(ctx: &mut Ctx<'_>, slug: &str, number: u64, other: Id) -> Done<IssueRef> {
    ctx.issue(slug, number, Permission::Triage)?;
    let at = IssueRef { repo: slug.to_ascii_lowercase(), number };
    let other = visible(ctx, other)?;
    let blocked_by = &mut ctx.issue_mut(&at)?.blocked_by;
    let before = blocked_by.len();
    blocked_by.retain(|one| *one != other);
    if blocked_by.len() == before {
        return Err(Refusal::NotFound);
    }
    ctx.log(&at, Deed::BlockedByRemoved(other.clone()))?;
    ctx.log(&other, Deed::BlockingRemoved(at.clone()))?;
    Ok(at)
}

/// The issues that wait for this one.
#[must_use]
pub fn blocking(ctx: &Ctx<'_>, at: &IssueRef) -> Vec<IssueRef> {
    let repos = ctx.state.repos.values();
    repos
        .flat_map(|repo| repo.issues.values().map(move |issue| (repo, issue)))
        .filter(|(_, issue)| issue.blocked_by.contains(at))
        .map(|(repo, issue)| repo.at(issue.number))
        .collect()
}

fn detach(ctx: &mut Ctx<'_>, whole: &IssueRef, part: &IssueRef) -> Done<()> {
    ctx.issue_mut(whole)?.sub_issues.retain(|other| other != part);
    ctx.issue_mut(part)?.parent = None;
    ctx.log(whole, Deed::SubIssueRemoved(part.clone()))?;
    ctx.log(part, Deed::ParentIssueRemoved(whole.clone()))
}

/// The place of an issue by its id, if the actor may see it and it is no pull request.
fn visible(ctx: &Ctx<'_>, id: Id) -> Done<IssueRef> {
    let at = ctx.state.find_issue(id).ok_or(Refusal::NotFound)?;
    let issue = ctx.issue(&at.repo, at.number, Permission::Read)?;
    if issue.pull.is_some() { Err(Refusal::NotFound) } else { Ok(at) }
}

fn is_above(ctx: &Ctx<'_>, upper: &IssueRef, lower: &IssueRef) -> bool {
    let parent = |at: &IssueRef| ctx.state.issue(at).and_then(|issue| issue.parent.clone());
    std::iter::successors(parent(lower), parent).any(|at| at == *upper)
}

fn waits_for(ctx: &Ctx<'_>, waiting: &IssueRef, other: &IssueRef) -> bool {
    let Some(issue) = ctx.state.issue(waiting) else { return false };
    issue.blocked_by.iter().any(|next| next == other || waits_for(ctx, next, other))
}

fn refused(sentence: &str) -> Refusal {
    Refusal::unprocessable(format!("An error occurred while processing your request. {sentence}"))
}
