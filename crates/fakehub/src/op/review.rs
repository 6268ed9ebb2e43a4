//! Reviews: asked for, handed in, taken back.

use serde_json::json;

use super::{Ctx, Done, Refusal};
use crate::state::{Deed, Id, IssueRef, Permission, Review, ReviewComment, ReviewState};

/// A remark at a line.
#[derive(Debug, Clone, Default)]
pub struct Remark {
    /// The file.
    pub path: String,
    /// The line in the new file.
    pub line: u64,
    /// The text.
    pub body: String,
    /// The remark that it answers.
    pub in_reply_to: Option<Id>,
}

/// Hands in a review.
///
/// # Errors
/// When a request for changes has no text, or somebody judges their own work.
pub fn submit(
    ctx: &mut Ctx<'_>,
    slug: &str,
    number: u64,
    state: ReviewState,
    body: &str,
    remarks: Vec<Remark>,
) -> Done<(IssueRef, Id)> {
    let (author, now) = (ctx.login()?, ctx.now());
    let repo = ctx.repo(slug, Permission::Read)?;
    let (issue, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    let (at, commit) = (repo.at(number), pull.head_sha.clone());
    let is_own = issue.author.eq_ignore_ascii_case(&author);
    match state {
        ReviewState::Approved if is_own => return Err(own("approve")),
        ReviewState::ChangesRequested if is_own => return Err(own("request changes on")),
        ReviewState::ChangesRequested if body.is_empty() => {
            return Err(Refusal::unprocessable("Unprocessable Entity"));
        }
        ReviewState::Approved
        | ReviewState::ChangesRequested
        | ReviewState::Commented
        | ReviewState::Dismissed
        | ReviewState::Pending => {}
    }
    let id = ctx.state.fresh_id();
    let review =
        Review { id, author: author.clone(), state, body: body.to_owned(), commit, submitted_at: now };
    if let Some(pull) = ctx.issue_mut(&at)?.pull.as_mut() {
        pull.reviews.push(review);
        pull.requested_reviewers.remove(&author);
    }
    for note in remarks {
        remark(ctx, slug, number, note, Some(id))?;
    }
    ctx.log(&at, Deed::Reviewed(id))?;
    let look = ctx.view();
    let repo = ctx.state.repo(&at.repo).ok_or(Refusal::NotFound)?;
    let (_, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    let shown = pull.reviews.last().map(|review| look.review(repo, number, review));
    ctx.tell(
        &at.repo,
        "pull_request_review",
        Some("submitted"),
        json!({ "review": shown, "number": number }),
    );
    Ok((at, id))
}

fn own(verb: &str) -> Refusal {
    let sentence = format!("Can not {verb} your own pull request");
    Refusal::Invalid("Unprocessable Entity".to_owned(), Some((sentence, "custom", "PullRequestReview")))
}

/// Writes a remark at a line.
///
/// # Errors
/// When there is no such pull request.
pub fn remark(ctx: &mut Ctx<'_>, slug: &str, number: u64, note: Remark, review: Option<Id>) -> Done<Id> {
    let (author, now, id) = (ctx.login()?, ctx.now(), ctx.state.fresh_id());
    let repo = ctx.repo(slug, Permission::Read)?;
    let (_, pull) = repo.pull(number).ok_or(Refusal::NotFound)?;
    let (at, commit) = (repo.at(number), pull.head_sha.clone());
    let Remark { path, line, body, in_reply_to } = note;
    let remark = ReviewComment { id, review, author, body, path, line, commit, in_reply_to, created_at: now };
    if let Some(pull) = ctx.issue_mut(&at)?.pull.as_mut() {
        pull.review_comments.push(remark);
    }
    ctx.touch(&at)?;
    Ok(id)
}

/// Takes a review's weight away.
///
/// # Errors
/// When the actor may not, or there is no such review.
pub fn dismiss(ctx: &mut Ctx<'_>, slug: &str, number: u64, id: Id) -> Done<IssueRef> {
    let repo = ctx.repo_mut(slug, Permission::Write)?;
    let at = repo.at(number);
    let pull = repo.pull_mut(number).ok_or(Refusal::NotFound)?;
    let review = pull.reviews.iter_mut().find(|review| review.id == id).ok_or(Refusal::NotFound)?;
    review.state = ReviewState::Dismissed;
    ctx.touch(&at)?;
    Ok(at)
}

/// Asks people for a review, or asks them no more.
///
/// # Errors
/// When one of them may not see the repository.
pub fn request(ctx: &mut Ctx<'_>, slug: &str, number: u64, logins: &[String], asks: bool) -> Done<IssueRef> {
    let repo = ctx.repo(slug, Permission::Write)?;
    let at = repo.at(number);
    repo.pull(number).ok_or(Refusal::NotFound)?;
    let is_stranger = |login: &&String| {
        repo.permission(login).is_none_or(|has| has < Permission::Read) || ctx.state.user(login).is_none()
    };
    if logins.iter().any(|login| is_stranger(&login)) {
        let sentence = "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.";
        return Err(Refusal::unprocessable(sentence));
    }
    for login in logins {
        let Some(pull) = ctx.issue_mut(&at)?.pull.as_mut() else { continue };
        let changed = if asks {
            pull.requested_reviewers.insert(login.clone())
        } else {
            pull.requested_reviewers.remove(login)
        };
        if changed {
            let deed = if asks { Deed::ReviewRequested } else { Deed::ReviewRequestRemoved };
            ctx.log(&at, deed(login.clone()))?;
            let action = if asks { "review_requested" } else { "review_request_removed" };
            ctx.tell_issue(&at, action, json!({}));
        }
    }
    Ok(at)
}
