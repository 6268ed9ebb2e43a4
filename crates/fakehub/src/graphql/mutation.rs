//! Where deeds begin: each names its function of `op`.

use serde_json::{Value, json};

use super::node::{Answer, Args, Found, Session, Thing};
use super::query;
use crate::op::issue::IssueEdit;
use crate::op::merge::How;
use crate::op::{Ctx, Done, Refusal, comment, issue, label, link, merge, pull, queue, refs, review};
use crate::state::{Id, IssueRef, Method, Reason, ReviewState};

/// What a deed hands back: the type, and the things in it.
type Payload = (&'static str, Vec<(&'static str, Thing)>);

/// A field of `Mutation`.
pub fn field(session: &Session<'_, '_>, field: &str, args: &Args<'_>) -> Answer {
    let mut ctx = session.ctx.borrow_mut();
    let ctx: &mut Ctx<'_> = &mut ctx;
    let input = args.get("input");
    super::admit(ctx.actor.as_deref())?;
    let done = of_issues(ctx, field, &input)
        .or_else(|| of_pulls(ctx, field, &input))
        .or_else(|| of_things(ctx, field, &input));
    let Some(done) = done else { return Ok(Found::Unknown) };
    let (kind, things) = done?;
    let plain = json!({ "clientMutationId": input["clientMutationId"] });
    Ok(Found::Thing(Thing::Plain(kind, plain, things)))
}

fn text(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(str::to_owned)
}

/// The issue or pull request that an id of the input names.
fn place(ctx: &Ctx<'_>, input: &Value, name: &str) -> Done<IssueRef> {
    let named = query::node(ctx, input[name].as_str().unwrap_or_default())?;
    if let Thing::Issue(at) | Thing::Pull(at) = named { Ok(at) } else { Err(Refusal::NotFound) }
}

/// The REST id of an issue that the input names.
fn id(ctx: &Ctx<'_>, input: &Value, name: &str) -> Done<Id> {
    let at = place(ctx, input, name)?;
    ctx.state.issue(&at).map(|issue| issue.id).ok_or(Refusal::NotFound)
}

/// The repository that the input names.
fn repo(ctx: &Ctx<'_>, input: &Value) -> Done<String> {
    let named = query::node(ctx, input["repositoryId"].as_str().unwrap_or_default())?;
    if let Thing::Repo(key) = named { Ok(key) } else { Err(Refusal::NotFound) }
}

/// Logins or label names of ids.
fn names(ctx: &Ctx<'_>, ids: &Value) -> Done<Option<Vec<String>>> {
    let Some(ids) = ids.as_array() else { return Ok(None) };
    let name = |id: &Value| {
        let named = query::node(ctx, id.as_str().unwrap_or_default())?;
        if let Thing::Person(login) = named {
            return Ok(login);
        }
        let Thing::Label(key, id) = named else { return Err(Refusal::NotFound) };
        let label = ctx.state.repo(&key).and_then(|repo| repo.labels.get(&id));
        label.map(|label| label.name.clone()).ok_or(Refusal::NotFound)
    };
    ids.iter().map(name).collect::<Done<Vec<String>>>().map(Some)
}

/// An issue or pull request by its place.
fn thing(ctx: &Ctx<'_>, at: &IssueRef) -> Thing {
    super::issue::thing(ctx, at).unwrap_or_else(|| Thing::Issue(at.clone()))
}

fn of_issues(ctx: &mut Ctx<'_>, field: &str, input: &Value) -> Option<Done<Payload>> {
    Some(match field {
        "createIssue" => create_issue(ctx, input),
        "updateIssue" => update_issue(ctx, input),
        "closeIssue" => set_open(ctx, input, "issueId", false)
            .map(|at| ("CloseIssuePayload", vec![("issue", Thing::Issue(at))])),
        "reopenIssue" => set_open(ctx, input, "issueId", true)
            .map(|at| ("ReopenIssuePayload", vec![("issue", Thing::Issue(at))])),
        "addSubIssue" => add_sub_issue(ctx, input),
        "removeSubIssue" => remove_sub_issue(ctx, input),
        "addBlockedBy" => dependency(ctx, input, "AddBlockedByPayload", link::add_blocked_by),
        "removeBlockedBy" => dependency(ctx, input, "RemoveBlockedByPayload", link::remove_blocked_by),
        "addComment" => add_comment(ctx, input),
        "updateIssueComment" => update_comment(ctx, input),
        "deleteIssueComment" => delete_comment(ctx, input),
        _ => return None,
    })
}

fn create_issue(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let key = repo(ctx, input)?;
    let edit = IssueEdit {
        title: text(input, "title"),
        body: text(input, "body"),
        labels: names(ctx, &input["labelIds"])?,
        assignees: names(ctx, &input["assigneeIds"])?,
        ..IssueEdit::default()
    };
    let at = issue::create(ctx, &key, edit)?;
    Ok(("CreateIssuePayload", vec![("issue", Thing::Issue(at))]))
}

fn update_issue(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let at = place(ctx, input, "id")?;
    let edit = IssueEdit {
        title: text(input, "title"),
        body: text(input, "body"),
        is_open: text(input, "state").map(|state| state == "OPEN"),
        reason: None,
        labels: names(ctx, &input["labelIds"])?,
        assignees: names(ctx, &input["assigneeIds"])?,
    };
    let at = issue::edit(ctx, &at.repo, at.number, edit)?;
    Ok(("UpdateIssuePayload", vec![("issue", Thing::Issue(at))]))
}

fn set_open(ctx: &mut Ctx<'_>, input: &Value, name: &str, is_open: bool) -> Done<IssueRef> {
    let at = place(ctx, input, name)?;
    let reason = text(input, "stateReason").as_deref().and_then(Reason::parse);
    let edit = IssueEdit { is_open: Some(is_open), reason, ..IssueEdit::default() };
    issue::edit(ctx, &at.repo, at.number, edit)
}

fn add_sub_issue(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let whole = place(ctx, input, "issueId")?;
    let part = id(ctx, input, "subIssueId")?;
    let replaces = input["replaceParent"].as_bool().unwrap_or(false);
    let part = link::add_sub_issue(ctx, &whole.repo, whole.number, part, replaces)?;
    Ok(("AddSubIssuePayload", vec![("issue", Thing::Issue(whole)), ("subIssue", Thing::Issue(part))]))
}

fn remove_sub_issue(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let (whole, part) = (place(ctx, input, "issueId")?, place(ctx, input, "subIssueId")?);
    let gone = id(ctx, input, "subIssueId")?;
    link::remove_sub_issue(ctx, &whole.repo, whole.number, gone)?;
    Ok(("RemoveSubIssuePayload", vec![("issue", Thing::Issue(whole)), ("subIssue", Thing::Issue(part))]))
}

type Tie = fn(&mut Ctx<'_>, &str, u64, Id) -> Done<IssueRef>;

fn dependency(ctx: &mut Ctx<'_>, input: &Value, kind: &'static str, tie: Tie) -> Done<Payload> {
    let (at, other) = (place(ctx, input, "issueId")?, place(ctx, input, "blockingIssueId")?);
    let blocking = id(ctx, input, "blockingIssueId")?;
    tie(ctx, &at.repo, at.number, blocking)?;
    Ok((kind, vec![("issue", Thing::Issue(at)), ("blockingIssue", Thing::Issue(other))]))
}

fn add_comment(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let at = place(ctx, input, "subjectId")?;
    let body = text(input, "body").unwrap_or_default();
    let (at, id) = comment::create(ctx, &at.repo, at.number, &body)?;
    let edge = Thing::Plain(
        "IssueCommentEdge",
        json!({ "cursor": "Y3Vyc29y" }),
        vec![("node", Thing::Comment(at.clone(), id))],
    );
    Ok(("AddCommentPayload", vec![("subject", thing(ctx, &at)), ("commentEdge", edge)]))
}

/// The comment that the input names.
fn named_comment(ctx: &Ctx<'_>, input: &Value) -> Done<(IssueRef, Id)> {
    let named = query::node(ctx, input["id"].as_str().unwrap_or_default())?;
    if let Thing::Comment(at, id) = named { Ok((at, id)) } else { Err(Refusal::NotFound) }
}

fn update_comment(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let (at, id) = named_comment(ctx, input)?;
    comment::edit(ctx, &at.repo, id, &text(input, "body").unwrap_or_default())?;
    Ok(("UpdateIssueCommentPayload", vec![("issueComment", Thing::Comment(at, id))]))
}

fn delete_comment(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let (at, id) = named_comment(ctx, input)?;
    comment::delete(ctx, &at.repo, id)?;
    Ok(("DeleteIssueCommentPayload", Vec::new()))
}

fn of_pulls(ctx: &mut Ctx<'_>, field: &str, input: &Value) -> Option<Done<Payload>> {
    let of = |kind: &'static str| move |at: IssueRef| (kind, vec![("pullRequest", Thing::Pull(at))]);
    Some(match field {
        "createPullRequest" => create_pull(ctx, input).map(of("CreatePullRequestPayload")),
        "updatePullRequest" => update_pull(ctx, input).map(of("UpdatePullRequestPayload")),
        "closePullRequest" => set_open(ctx, input, "pullRequestId", false).map(of("ClosePullRequestPayload")),
        "reopenPullRequest" => {
            set_open(ctx, input, "pullRequestId", true).map(of("ReopenPullRequestPayload"))
        }
        "mergePullRequest" => merge_pull(ctx, input).map(of("MergePullRequestPayload")),
        "enablePullRequestAutoMerge" => place(ctx, input, "pullRequestId")
            .and_then(|at| merge::enable_auto_merge(ctx, &at.repo, at.number, how(input)))
            .map(of("EnablePullRequestAutoMergePayload")),
        "disablePullRequestAutoMerge" => place(ctx, input, "pullRequestId")
            .and_then(|at| merge::disable_auto_merge(ctx, &at.repo, at.number))
            .map(of("DisablePullRequestAutoMergePayload")),
        "updatePullRequestBranch" => place(ctx, input, "pullRequestId")
            .and_then(|at| {
                let expected = text(input, "expectedHeadOid");
                pull::update_branch(ctx, &at.repo, at.number, expected.as_deref())
            })
            .map(of("UpdatePullRequestBranchPayload")),
        "convertPullRequestToDraft" => place(ctx, input, "pullRequestId")
            .and_then(|at| pull::set_draft(ctx, &at.repo, at.number, true))
            .map(of("ConvertPullRequestToDraftPayload")),
        "markPullRequestReadyForReview" => place(ctx, input, "pullRequestId")
            .and_then(|at| pull::set_draft(ctx, &at.repo, at.number, false))
            .map(of("MarkPullRequestReadyForReviewPayload")),
        "enqueuePullRequest" => enqueue(ctx, input),
        "dequeuePullRequest" => place(ctx, input, "id")
            .and_then(|at| queue::dequeue(ctx, &at.repo, at.number))
            .map(|_| ("DequeuePullRequestPayload", Vec::new())),
        "addPullRequestReview" => add_review(ctx, input),
        "requestReviews" => request_reviews(ctx, input).map(of("RequestReviewsPayload")),
        _ => return None,
    })
}

fn create_pull(ctx: &mut Ctx<'_>, input: &Value) -> Done<IssueRef> {
    let key = repo(ctx, input)?;
    let bare = |name: &str| {
        let name = text(input, name).unwrap_or_default();
        name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned()
    };
    let new = pull::NewPull {
        title: text(input, "title").unwrap_or_default(),
        body: text(input, "body"),
        head: bare("headRefName"),
        base: bare("baseRefName"),
        is_draft: input["draft"].as_bool().unwrap_or(false),
        maintainer_can_modify: input["maintainerCanModify"].as_bool().unwrap_or(true),
    };
    pull::create(ctx, &key, new)
}

fn update_pull(ctx: &mut Ctx<'_>, input: &Value) -> Done<IssueRef> {
    let at = place(ctx, input, "pullRequestId")?;
    let edit = IssueEdit {
        title: text(input, "title"),
        body: text(input, "body"),
        is_open: text(input, "state").map(|state| state == "OPEN"),
        reason: None,
        labels: names(ctx, &input["labelIds"])?,
        assignees: names(ctx, &input["assigneeIds"])?,
    };
    pull::edit(ctx, &at.repo, at.number, edit, text(input, "baseRefName"))
}

fn how(input: &Value) -> How {
    let method = text(input, "mergeMethod").as_deref().and_then(Method::parse);
    How {
        method: method.unwrap_or(Method::Merge),
        title: text(input, "commitHeadline"),
        message: text(input, "commitBody"),
        sha: text(input, "expectedHeadOid"),
    }
}

fn merge_pull(ctx: &mut Ctx<'_>, input: &Value) -> Done<IssueRef> {
    let at = place(ctx, input, "pullRequestId")?;
    merge::merge(ctx, &at.repo, at.number, &how(input))?;
    Ok(at)
}

fn enqueue(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let at = place(ctx, input, "pullRequestId")?;
    let expected = text(input, "expectedHeadOid");
    queue::enqueue(ctx, &at.repo, at.number, expected.as_deref())?;
    let repo = ctx.state.repo(&at.repo).ok_or(Refusal::NotFound)?;
    let base = repo.pull(at.number).map(|(_, pull)| pull.base.clone()).ok_or(Refusal::NotFound)?;
    let entry = repo.queues.get(&base).into_iter().flatten().find(|entry| entry.number == at.number);
    let entry = entry.map(|entry| ("mergeQueueEntry", Thing::QueueEntry(at.repo.clone(), base, entry.id)));
    Ok(("EnqueuePullRequestPayload", entry.into_iter().collect()))
}

fn add_review(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let at = place(ctx, input, "pullRequestId")?;
    let state = match text(input, "event").as_deref() {
        Some("APPROVE") => ReviewState::Approved,
        Some("REQUEST_CHANGES") => ReviewState::ChangesRequested,
        Some("COMMENT") => ReviewState::Commented,
        _ => ReviewState::Pending,
    };
    let body = text(input, "body").unwrap_or_default();
    let (at, id) = review::submit(ctx, &at.repo, at.number, state, &body, Vec::new())?;
    Ok(("AddPullRequestReviewPayload", vec![("pullRequestReview", Thing::Review(at, id))]))
}

fn request_reviews(ctx: &mut Ctx<'_>, input: &Value) -> Done<IssueRef> {
    let at = place(ctx, input, "pullRequestId")?;
    let logins = names(ctx, &input["userIds"])?.unwrap_or_default();
    review::request(ctx, &at.repo, at.number, &logins, true)
}

fn of_things(ctx: &mut Ctx<'_>, field: &str, input: &Value) -> Option<Done<Payload>> {
    Some(match field {
        "addLabelsToLabelable" => change_labels(ctx, input, true),
        "removeLabelsFromLabelable" => change_labels(ctx, input, false),
        "addAssigneesToAssignable" => change_assignees(ctx, input, true),
        "removeAssigneesFromAssignable" => change_assignees(ctx, input, false),
        "createLabel" => create_label(ctx, input),
        "createRef" => create_ref(ctx, input),
        "updateRef" => update_ref(ctx, input),
        "deleteRef" => delete_ref(ctx, input),
        _ => return None,
    })
}

fn change_labels(ctx: &mut Ctx<'_>, input: &Value, adds: bool) -> Done<Payload> {
    let at = place(ctx, input, "labelableId")?;
    let labels = names(ctx, &input["labelIds"])?.unwrap_or_default();
    if adds {
        issue::add_labels(ctx, &at.repo, at.number, &labels)?;
        return Ok(("AddLabelsToLabelablePayload", vec![("labelable", thing(ctx, &at))]));
    }
    for label in labels {
        issue::remove_label(ctx, &at.repo, at.number, &label)?;
    }
    Ok(("RemoveLabelsFromLabelablePayload", vec![("labelable", thing(ctx, &at))]))
}

fn change_assignees(ctx: &mut Ctx<'_>, input: &Value, adds: bool) -> Done<Payload> {
    let at = place(ctx, input, "assignableId")?;
    let named = names(ctx, &input["assigneeIds"])?.unwrap_or_default();
    let mut all = ctx.issue_mut(&at)?.assignees.clone();
    for login in named {
        if adds {
            all.insert(login)
        } else {
            all.remove(&login)
        };
    }
    let edit = IssueEdit { assignees: Some(all.into_iter().collect()), ..IssueEdit::default() };
    issue::edit(ctx, &at.repo, at.number, edit)?;
    let kind = if adds { "AddAssigneesToAssignablePayload" } else { "RemoveAssigneesFromAssignablePayload" };
    Ok((kind, vec![("assignable", thing(ctx, &at))]))
}

fn create_label(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let key = repo(ctx, input)?;
    let edit = label::LabelEdit {
        name: text(input, "name"),
        color: text(input, "color"),
        description: text(input, "description"),
    };
    let id = label::create(ctx, &key, edit)?;
    Ok(("CreateLabelPayload", vec![("label", Thing::Label(key, id))]))
}

fn create_ref(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let key = repo(ctx, input)?;
    let (name, sha) = (text(input, "name").unwrap_or_default(), text(input, "oid").unwrap_or_default());
    refs::create(ctx, &key, &name, &sha)?;
    Ok(("CreateRefPayload", vec![("ref", Thing::Ref(key, name))]))
}

/// Repository and name behind the id of a ref, which has no number.
fn named_ref(ctx: &Ctx<'_>, input: &Value) -> Done<(String, String)> {
    let text = text(input, "refId").unwrap_or_default();
    let parts = text.strip_prefix("REF_").and_then(|rest| rest.split_once('_'));
    let (id, name) = parts.ok_or(Refusal::NotFound)?;
    let repo = ctx.state.repos.values().find(|repo| repo.id.to_string() == id).ok_or(Refusal::NotFound)?;
    Ok((repo.key(), name.to_owned()))
}

fn update_ref(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let (key, name) = named_ref(ctx, input)?;
    let is_forced = input["force"].as_bool().unwrap_or(false);
    refs::update(ctx, &key, &name, &text(input, "oid").unwrap_or_default(), is_forced)?;
    Ok(("UpdateRefPayload", vec![("ref", Thing::Ref(key, name))]))
}

fn delete_ref(ctx: &mut Ctx<'_>, input: &Value) -> Done<Payload> {
    let (key, name) = named_ref(ctx, input)?;
    refs::delete(ctx, &key, &name)?;
    Ok(("DeleteRefPayload", Vec::new()))
}
