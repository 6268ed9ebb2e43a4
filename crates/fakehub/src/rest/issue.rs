//! Issues, their labels, events and timelines.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::op::issue::{self, IssueEdit};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{Comment, Event, Issue, IssueRef, Permission, Reason, Repo};

pub fn list(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let since = since(call)?;
    let wanted: Vec<&str> =
        call.query("labels").map(|names| names.split(',').map(str::trim).collect()).unwrap_or_default();
    let has_labels = |issue: &Issue| {
        wanted.iter().all(|name| repo.label(name).is_some_and(|label| issue.labels.contains(&label.id)))
    };
    let is_by = |name: &str, login: &str| match call.query(name) {
        None | Some("*") => true,
        Some(asked) => asked.eq_ignore_ascii_case(login),
    };
    let assignee = |issue: &Issue| match call.query("assignee") {
        None => true,
        Some("none") => issue.assignees.is_empty(),
        Some("*") => !issue.assignees.is_empty(),
        Some(login) => issue.assignees.iter().any(|one| one.eq_ignore_ascii_case(login)),
    };
    let mut issues: Vec<&Issue> = repo
        .issues
        .values()
        .filter(|issue| is_in_state(call, issue) && has_labels(issue))
        .filter(|issue| since.is_none_or(|since| issue.updated_at >= since))
        .filter(|issue| is_by("creator", &issue.author) && assignee(issue))
        .collect();
    sort(call, &mut issues, "desc");
    Ok(call.page(&issues, |issue| ctx.view().issue(repo, issue)))
}

/// `state`, which is `open` when nothing is said.
pub(super) fn is_in_state(call: &Call, issue: &Issue) -> bool {
    match call.query("state").unwrap_or("open") {
        "all" => true,
        state => issue.state() == state,
    }
}

/// `sort` and `direction`.
pub(super) fn sort(call: &Call, issues: &mut [&Issue], direction: &str) {
    match call.query("sort").unwrap_or("created") {
        "updated" => issues.sort_by_key(|issue| (issue.updated_at, issue.number)),
        "comments" => issues.sort_by_key(|issue| (issue.comments.len(), issue.number)),
        _ => issues.sort_by_key(|issue| issue.number),
    }
    if call.query("direction").unwrap_or(direction) == "desc" {
        issues.reverse();
    }
}

/// `since`.
pub(super) fn since(call: &Call) -> Done<Option<Timestamp>> {
    let parse = |text: &str| text.parse().map_err(|_| Refusal::unprocessable("since is not a time"));
    call.query("since").map(parse).transpose()
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    show(call, ctx)
}

/// The issue of the address.
fn show(call: &Call, ctx: &Ctx<'_>) -> Done<Answer> {
    let (repo, issue) = one(call, ctx)?;
    Ok(Answer::ok(ctx.view().issue(repo, issue)))
}

/// Repository and issue of the address.
pub(super) fn one<'a>(call: &Call, ctx: &'a Ctx<'_>) -> Done<(&'a Repo, &'a Issue)> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let issue = repo.issues.get(&call.number("issue_number")?).ok_or(Refusal::NotFound)?;
    Ok((repo, issue))
}

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let at = issue::create(ctx, &call.slug(), wanted(call)?)?;
    Ok(Answer::created(ctx.view().issue_at(&at)))
}

pub fn edit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    issue::edit(ctx, &call.slug(), call.number("issue_number")?, wanted(call)?)?;
    show(call, ctx)
}

/// What a body asks for.
pub(super) fn wanted(call: &Call) -> Done<IssueEdit> {
    let is_open = match call.text("state").as_deref() {
        None => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(Refusal::field("Issue", "state", "invalid")),
    };
    let reason = call.text("state_reason").as_deref().and_then(Reason::parse);
    let title = match &call.body["title"] {
        Value::Number(number) => Some(number.to_string()),
        _ => call.text("title"),
    };
    Ok(IssueEdit {
        title,
        body: call.text("body"),
        is_open,
        reason,
        labels: call.texts("labels"),
        assignees: call.texts("assignees"),
    })
}

pub fn labels(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, issue) = one(call, ctx)?;
    Ok(call.page(&ctx.view().labels(repo, issue), Value::clone))
}

pub fn add_labels(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let number = call.number("issue_number")?;
    let names = names(call);
    let at = issue::add_labels(ctx, &call.slug(), number, &names)?;
    all_labels(ctx, &at)
}

pub fn set_labels(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let number = call.number("issue_number")?;
    let at = issue::replace_labels(ctx, &call.slug(), number, &names(call))?;
    all_labels(ctx, &at)
}

pub fn clear_labels(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    issue::replace_labels(ctx, &call.slug(), call.number("issue_number")?, &[])?;
    Ok(Answer::nothing())
}

pub fn remove_label(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let number = call.number("issue_number")?;
    let at = issue::remove_label(ctx, &call.slug(), number, call.param("name"))?;
    all_labels(ctx, &at)
}

/// `{"labels": [...]}`, or the list alone, which GitHub takes too.
fn names(call: &Call) -> Vec<String> {
    let bare = call.body.as_array().map(|list| {
        list.iter()
            .filter_map(|entry| entry.as_str().or_else(|| entry["name"].as_str()))
            .map(str::to_owned)
            .collect()
    });
    call.texts("labels").or(bare).unwrap_or_default()
}

fn all_labels(ctx: &Ctx<'_>, at: &IssueRef) -> Done<Answer> {
    let repo = ctx.repo(&at.repo, Permission::Read)?;
    let issue = repo.issues.get(&at.number).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(Value::Array(ctx.view().labels(repo, issue))))
}

pub fn add_assignees(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (_, issue) = one(call, ctx)?;
    let mut all: Vec<String> = issue.assignees.iter().cloned().collect();
    all.extend(call.texts("assignees").unwrap_or_default());
    assign(call, ctx, all)?;
    Ok(Answer { status: 201, ..show(call, ctx)? })
}

pub fn remove_assignees(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (_, issue) = one(call, ctx)?;
    let gone = call.texts("assignees").unwrap_or_default();
    let rest = issue.assignees.iter().filter(|login| !gone.contains(login)).cloned().collect();
    assign(call, ctx, rest)?;
    show(call, ctx)
}

fn assign(call: &Call, ctx: &mut Ctx<'_>, all: Vec<String>) -> Done<IssueRef> {
    let edit = IssueEdit { assignees: Some(all), ..IssueEdit::default() };
    issue::edit(ctx, &call.slug(), call.number("issue_number")?, edit)
}

pub fn events(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, issue) = one(call, ctx)?;
    let events: Vec<&Event> = issue.events.iter().filter(|event| event.deed.is_issue_event()).collect();
    Ok(call.page(&events, |event| ctx.view().event(ctx.git, repo, issue, event)))
}

pub fn repo_events(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let all = repo.issues.values().flat_map(|issue| issue.events.iter().map(move |event| (issue, event)));
    let mut events: Vec<(&Issue, &Event)> = all.filter(|(_, event)| event.deed.is_issue_event()).collect();
    events.sort_by_key(|(_, event)| std::cmp::Reverse(event.id));
    Ok(call.page(&events, |(issue, event)| {
        let mut shown = ctx.view().event(ctx.git, repo, issue, event);
        shown["issue"] = ctx.view().issue(repo, issue);
        shown
    }))
}

/// A line of a timeline, which is an event or a comment.
enum Line<'a> {
    Event(&'a Event),
    Comment(&'a Comment),
}

pub fn timeline(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let (repo, issue) = one(call, ctx)?;
    let events = issue.events.iter().map(|event| (event.at, event.id, Line::Event(event)));
    let comments = issue.comments.iter();
    let comments = comments.map(|comment| (comment.created_at, comment.id, Line::Comment(comment)));
    let mut lines: Vec<_> = events.chain(comments).collect();
    lines.sort_by_key(|(at, id, _)| (*at, *id));
    Ok(call.page(&lines, |(_, _, line)| match line {
        Line::Event(event) => ctx.view().event(ctx.git, repo, issue, event),
        Line::Comment(comment) => {
            let mut shown = ctx.view().comment(repo, issue, comment);
            shown["event"] = json!("commented");
            shown["actor"] = shown["user"].clone();
            shown
        }
    }))
}
