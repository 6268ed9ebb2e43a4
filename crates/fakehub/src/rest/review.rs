//! Reviews, remarks, and who is asked for them.

use serde_json::{Value, json};

use super::pull::one;
use super::{Answer, Call};
use crate::op::review::{self, Remark};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{Id, ReviewState};

pub fn list(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, issue, pull) = one(call, ctx)?;
    Ok(call.page(&pull.reviews, |review| ctx.view().review(repo, issue.number, review)))
}

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let state = match call.text("event").as_deref() {
        Some("APPROVE") => ReviewState::Approved,
        Some("REQUEST_CHANGES") => ReviewState::ChangesRequested,
        Some("COMMENT") => ReviewState::Commented,
        None => ReviewState::Pending,
        Some(_) => return Err(Refusal::field("PullRequestReview", "event", "invalid")),
    };
    let notes = call.body["comments"].as_array().into_iter().flatten().map(remark).collect();
    let body = call.text("body").unwrap_or_default();
    let number = call.number("pull_number")?;
    let (_, id) = review::submit(ctx, &call.slug(), number, state, &body, notes)?;
    show(call, ctx, id)
}

fn remark(value: &Value) -> Remark {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let line = value["line"].as_u64().or(value["position"].as_u64()).unwrap_or(1);
    Remark {
        path: text("path"),
        line,
        body: text("body"),
        in_reply_to: value["in_reply_to"].as_u64().map(Id),
    }
}

fn show(call: &Call, ctx: &Ctx<'_>, id: Id) -> Done<Answer> {
    let (repo, issue, pull) = one(call, ctx)?;
    let review = pull.reviews.iter().find(|review| review.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().review(repo, issue.number, review)))
}

pub fn dismiss(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("review_id")?;
    review::dismiss(ctx, &call.slug(), call.number("pull_number")?, id)?;
    show(call, ctx, id)
}

pub fn remarks(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, issue, pull) = one(call, ctx)?;
    Ok(call.page(&pull.review_comments, |remark| ctx.view().remark(repo, issue.number, remark)))
}

pub fn create_remark(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let number = call.number("pull_number")?;
    let id = review::remark(ctx, &call.slug(), number, remark(&call.body), None)?;
    let (repo, issue, pull) = one(call, ctx)?;
    let found = pull.review_comments.iter().find(|remark| remark.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::created(ctx.view().remark(repo, issue.number, found)))
}

pub fn asked(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (_, _, pull) = one(call, ctx)?;
    let users: Vec<Value> = pull.requested_reviewers.iter().map(|login| ctx.view().user(login)).collect();
    Ok(Answer::ok(json!({ "users": users, "teams": [] })))
}

pub fn ask(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    request(call, ctx, true).map(|answer| Answer { status: 201, ..answer })
}

pub fn ask_no_more(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    request(call, ctx, false)
}

fn request(call: &Call, ctx: &mut Ctx<'_>, asks: bool) -> Done<Answer> {
    let logins = call.texts("reviewers").unwrap_or_default();
    review::request(ctx, &call.slug(), call.number("pull_number")?, &logins, asks)?;
    let (repo, issue, pull) = one(call, ctx)?;
    Ok(Answer::ok(ctx.view().pull_in_list(repo, issue, pull)))
}
