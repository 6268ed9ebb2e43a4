//! Issues: open, edit, close, label, assign.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Ctx, Done, Refusal, label};
use crate::state::{Deed, Id, Issue, IssueRef, Permission, Reason};

/// What is asked for; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct IssueEdit {
    /// The title.
    pub title: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// Whether it is to be open.
    pub is_open: Option<bool>,
    /// Why it is closed.
    pub reason: Option<Reason>,
    /// All labels that it is to have.
    pub labels: Option<Vec<String>>,
    /// All who are to do it.
    pub assignees: Option<Vec<String>>,
}

/// Opens an issue.
///
/// # Errors
/// When the actor may not see the repository, the repository has no issues, or there is no title.
pub fn create(ctx: &mut Ctx<'_>, slug: &str, edit: IssueEdit) -> Done<IssueRef> {
    let author = ctx.login()?;
    let repo = ctx.repo(slug, Permission::Read)?;
    if !repo.has_issues {
        return Err(Refusal::Forbidden("Issues are disabled for this repo".to_owned()));
    }
    let title = edit.title.clone().filter(|title| !title.trim().is_empty());
    let title = title.ok_or_else(|| Refusal::field("Issue", "title", "missing_field"))?;
    let at = insert(ctx, slug, title, edit.body, &author)?;
    // Labels and assignees of somebody who may not set them are left out silently.
    if ctx.repo(slug, Permission::Triage).is_ok() {
        set_labels(ctx, &at, &edit.labels.unwrap_or_default())?;
        set_assignees(ctx, &at, &edit.assignees.unwrap_or_default())?;
    }
    ctx.tell_issue(&at, "opened", json!({}));
    mention(ctx, &at)?;
    Ok(at)
}

/// A new number with its bare issue.
pub(super) fn insert(
    ctx: &mut Ctx<'_>,
    slug: &str,
    title: String,
    body: Option<String>,
    author: &str,
) -> Done<IssueRef> {
    let (id, now) = (ctx.state.fresh_id(), ctx.now());
    let repo = ctx.repo_mut(slug, Permission::Read)?;
    repo.last_number += 1;
    let number = repo.last_number;
    let issue = Issue {
        id,
        number,
        title,
        body,
        author: author.to_owned(),
        closed: None,
        reason: None,
        labels: BTreeSet::new(),
        assignees: BTreeSet::new(),
        created_at: now,
        updated_at: now,
        edited: None,
        comments: Vec::new(),
        events: Vec::new(),
        parent: None,
        sub_issues: Vec::new(),
        blocked_by: Vec::new(),
        pull: None,
    };
    repo.issues.insert(number, issue);
    Ok(repo.at(number))
}

/// Changes an issue.
///
/// # Errors
/// When the actor may not, or something asked for makes no sense.
pub fn edit(ctx: &mut Ctx<'_>, slug: &str, number: u64, edit: IssueEdit) -> Done<IssueRef> {
    let author = ctx.issue(slug, number, Permission::Read)?.author.clone();
    ctx.may_change(slug, &author)?;
    let at = IssueRef { repo: slug.to_ascii_lowercase(), number };
    if let Some(title) = edit.title {
        rename(ctx, &at, title)?;
    }
    if let Some(body) = edit.body {
        rewrite(ctx, &at, body)?;
    }
    if let Some(labels) = edit.labels {
        ctx.repo(slug, Permission::Triage)?;
        set_labels(ctx, &at, &labels)?;
    }
    if let Some(assignees) = edit.assignees {
        set_assignees(ctx, &at, &assignees)?;
    }
    match edit.is_open {
        Some(true) => reopen(ctx, &at)?,
        Some(false) => close(ctx, &at, edit.reason.or(Some(Reason::Completed)), None)?,
        None => {}
    }
    Ok(at)
}

fn rename(ctx: &mut Ctx<'_>, at: &IssueRef, title: String) -> Done<()> {
    if title.trim().is_empty() {
        return Err(Refusal::field("Issue", "title", "missing_field"));
    }
    let issue = ctx.issue_mut(at)?;
    let before = std::mem::replace(&mut issue.title, title.clone());
    if before == title {
        return Ok(());
    }
    ctx.log(at, Deed::Renamed(before.clone(), title))?;
    ctx.tell_issue(at, "edited", json!({ "changes": { "title": { "from": before } } }));
    Ok(())
}

fn rewrite(ctx: &mut Ctx<'_>, at: &IssueRef, body: String) -> Done<()> {
    let (now, login) = (ctx.now(), ctx.login()?);
    let issue = ctx.issue_mut(at)?;
    let before = issue.body.replace(body.clone()).unwrap_or_default();
    if before == body {
        return Ok(());
    }
    issue.edited = Some((now, login));
    issue.updated_at = now;
    ctx.tell_issue(at, "edited", json!({ "changes": { "body": { "from": before } } }));
    mention(ctx, at)
}

/// Closes an issue, or gives a closed one another reason.
pub(super) fn close(
    ctx: &mut Ctx<'_>,
    at: &IssueRef,
    reason: Option<Reason>,
    commit: Option<String>,
) -> Done<()> {
    let (now, login) = (ctx.now(), ctx.login()?);
    let issue = ctx.issue_mut(at)?;
    let reason = reason.filter(|_| issue.pull.is_none());
    if !issue.is_open() && issue.reason == reason {
        return Ok(());
    }
    issue.reason = reason;
    issue.closed = Some((now, login));
    ctx.log(at, Deed::Closed(reason, commit))?;
    ctx.tell_issue(at, "closed", json!({}));
    Ok(())
}

/// Opens a closed issue again; a merged pull request stays.
pub(super) fn reopen(ctx: &mut Ctx<'_>, at: &IssueRef) -> Done<()> {
    let issue = ctx.issue_mut(at)?;
    if issue.is_open() {
        return Ok(());
    }
    if issue.pull.as_ref().is_some_and(|pull| pull.merged.is_some()) {
        return Err(Refusal::field("PullRequest", "state", "invalid"));
    }
    issue.closed = None;
    issue.reason = Some(Reason::Reopened).filter(|_| issue.pull.is_none());
    ctx.log(at, Deed::Reopened)?;
    ctx.tell_issue(at, "reopened", json!({}));
    Ok(())
}

/// Adds labels.
///
/// # Errors
/// When the actor may not, or there is no such issue.
pub fn add_labels(ctx: &mut Ctx<'_>, slug: &str, number: u64, names: &[String]) -> Done<IssueRef> {
    ctx.issue(slug, number, Permission::Triage)?;
    let at = IssueRef { repo: slug.to_ascii_lowercase(), number };
    for name in names {
        let id = label::find_or_create(ctx, slug, name)?;
        put_label(ctx, &at, id)?;
    }
    Ok(at)
}

/// Gives an issue exactly these labels.
///
/// # Errors
/// When the actor may not, or there is no such issue.
pub fn replace_labels(ctx: &mut Ctx<'_>, slug: &str, number: u64, names: &[String]) -> Done<IssueRef> {
    ctx.issue(slug, number, Permission::Triage)?;
    let at = IssueRef { repo: slug.to_ascii_lowercase(), number };
    set_labels(ctx, &at, names)?;
    Ok(at)
}

/// Takes a label away.
///
/// # Errors
/// When the issue has no such label: `Label does not exist`.
pub fn remove_label(ctx: &mut Ctx<'_>, slug: &str, number: u64, name: &str) -> Done<IssueRef> {
    let repo = ctx.repo(slug, Permission::Triage)?;
    let issue = repo.issues.get(&number).ok_or(Refusal::NotFound)?;
    let id = repo.label(name).map(|label| label.id).filter(|id| issue.labels.contains(id));
    let id = id.ok_or(Refusal::NotFound)?;
    let at = repo.at(number);
    drop_label(ctx, &at, id)?;
    Ok(at)
}

fn set_labels(ctx: &mut Ctx<'_>, at: &IssueRef, names: &[String]) -> Done<()> {
    let mut wanted = BTreeSet::new();
    for name in names {
        wanted.insert(label::find_or_create(ctx, &at.repo, name)?);
    }
    let had = ctx.issue_mut(at)?.labels.clone();
    for id in had.difference(&wanted) {
        drop_label(ctx, at, *id)?;
    }
    for id in &wanted {
        put_label(ctx, at, *id)?;
    }
    Ok(())
}

fn put_label(ctx: &mut Ctx<'_>, at: &IssueRef, id: Id) -> Done<()> {
    if !ctx.issue_mut(at)?.labels.insert(id) {
        return Ok(());
    }
    let (name, color, shown) = describe(ctx, at, id)?;
    ctx.log(at, Deed::Labeled(name, color))?;
    ctx.tell_issue(at, "labeled", shown);
    Ok(())
}

fn drop_label(ctx: &mut Ctx<'_>, at: &IssueRef, id: Id) -> Done<()> {
    let (name, color, shown) = describe(ctx, at, id)?;
    ctx.issue_mut(at)?.labels.remove(&id);
    ctx.log(at, Deed::Unlabeled(name, color))?;
    ctx.tell_issue(at, "unlabeled", shown);
    Ok(())
}

/// Name, colour, and what a payload says of a label.
fn describe(ctx: &Ctx<'_>, at: &IssueRef, id: Id) -> Done<(String, String, Value)> {
    let repo = ctx.state.repo(&at.repo).ok_or(Refusal::NotFound)?;
    let label = repo.labels.get(&id).ok_or(Refusal::NotFound)?;
    let shown = ctx.view().label(repo, label);
    Ok((label.name.clone(), label.color.clone(), json!({ "label": shown })))
}

/// Gives an issue exactly these people; who does not exist is left out, as GitHub does.
pub(super) fn set_assignees(ctx: &mut Ctx<'_>, at: &IssueRef, logins: &[String]) -> Done<()> {
    let known = |login: &String| ctx.state.user(login).map(|user| user.login.clone());
    let wanted: BTreeSet<String> = logins.iter().filter_map(known).collect();
    let had = std::mem::replace(&mut ctx.issue_mut(at)?.assignees, wanted.clone());
    for login in had.difference(&wanted) {
        ctx.log(at, Deed::Unassigned(login.clone()))?;
        ctx.tell_issue(at, "unassigned", json!({}));
    }
    for login in wanted.difference(&had) {
        ctx.log(at, Deed::Assigned(login.clone()))?;
        ctx.tell_issue(at, "assigned", json!({}));
    }
    Ok(())
}

/// Tells the issues that a text speaks of (`#12`) that it does.
pub(super) fn mention(ctx: &mut Ctx<'_>, from: &IssueRef) -> Done<()> {
    let body = ctx.issue_mut(from)?.body.clone().unwrap_or_default();
    let numbers = body.split(|c: char| !(c == '#' || c.is_ascii_digit())).filter_map(|word| {
        let number = word.strip_prefix('#')?;
        number.parse::<u64>().ok()
    });
    for number in numbers.collect::<BTreeSet<u64>>() {
        let to = IssueRef { repo: from.repo.clone(), number };
        let deed = Deed::CrossReferenced(from.clone());
        let is_new = ctx.state.issue(&to).is_some_and(|issue| issue.events.iter().all(|e| e.deed != deed));
        if is_new && to != *from {
            ctx.log(&to, deed)?;
        }
    }
    Ok(())
}
