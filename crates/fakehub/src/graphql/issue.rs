//! Issues, labels, comments, and what pull requests share with issues.

use serde_json::{Value, json};

use super::event;
use super::node::{Answer, Args, Found, Thing};
use super::person;
use crate::op::{Ctx, Refusal, link};
use crate::state::{Id, Issue, IssueRef, NodeKind, Permission, Repo};

/// Repository and issue, if the asker may see them.
pub fn find<'a>(ctx: &'a Ctx<'_>, at: &IssueRef) -> Result<(&'a Repo, &'a Issue), Refusal> {
    let repo = ctx.repo(&at.repo, Permission::Read)?;
    let issue = repo.issues.get(&at.number).ok_or(Refusal::NotFound)?;
    Ok((repo, issue))
}

/// An issue or a pull request by its place.
pub fn thing(ctx: &Ctx<'_>, at: &IssueRef) -> Option<Thing> {
    let issue = ctx.state.issue(at)?;
    Some(if issue.pull.is_some() { Thing::Pull(at.clone()) } else { Thing::Issue(at.clone()) })
}

/// A field of an issue.
pub fn field(ctx: &Ctx<'_>, at: &IssueRef, field: &str, args: &Args<'_>) -> Answer {
    let (repo, issue) = find(ctx, at)?;
    let places = |places: &[IssueRef]| places.iter().cloned().map(Thing::Issue).collect::<Vec<_>>();
    let closed = |at: &&IssueRef| ctx.state.issue(at).is_some_and(|issue| !issue.is_open());
    Ok(match field {
        "id" => Found::Leaf(json!(issue.id.node(NodeKind::Issue))),
        "state" => Found::Leaf(json!(issue.state().to_ascii_uppercase())),
        "stateReason" => Found::Leaf(json!(issue.reason.map(|reason| reason.word().to_ascii_uppercase()))),
        "parent" => Found::from(issue.parent.clone().map(Thing::Issue)),
        "subIssues" => Found::All("IssueConnection", places(&issue.sub_issues)),
        "blockedBy" => Found::All("IssueConnection", places(&issue.blocked_by)),
        "blocking" => Found::All("IssueConnection", places(&link::blocking(ctx, at))),
        "subIssuesSummary" => {
            let (total, done) = (issue.sub_issues.len(), issue.sub_issues.iter().filter(closed).count());
            let percent = (done * 100).checked_div(total).unwrap_or(0);
            let shown = json!({ "total": total, "completed": done, "percentCompleted": percent });
            Found::Thing(Thing::Plain("SubIssuesSummary", shown, Vec::new()))
        }
        "closedByPullRequestsReferences" => {
            let closes = |other: &&Issue| {
                let body = other.body.as_deref().unwrap_or_default();
                other.pull.is_some() && crate::op::merge::closed_by(&at.repo, body).contains(at)
            };
            let pulls = repo.issues.values().filter(closes).map(|other| Thing::Pull(repo.at(other.number)));
            Found::All("PullRequestConnection", pulls.collect())
        }
        "timelineItems" => Found::All("IssueTimelineItemsConnection", event::timeline(issue, at, args)),
        _ => shared(ctx, repo, issue, field),
    })
}

/// A field that issues and pull requests have both.
pub fn shared(ctx: &Ctx<'_>, repo: &Repo, issue: &Issue, field: &str) -> Found {
    let at = repo.at(issue.number);
    let path = ctx.view().html_url(repo, issue);
    let login = ctx.actor.as_deref().unwrap_or_default();
    let value = match field {
        "databaseId" => json!(issue.id.0),
        "fullDatabaseId" => json!(issue.id.to_string()),
        "number" => json!(issue.number),
        "title" | "titleHTML" => json!(issue.title),
        "body" | "bodyText" => json!(issue.body.clone().unwrap_or_default()),
        "url" | "permalink" => json!(path),
        "resourcePath" => json!(path.trim_start_matches(&ctx.view().web())),
        "closed" => json!(!issue.is_open()),
        "closedAt" => json!(issue.closed.as_ref().map(|(at, _)| at.to_string())),
        "createdAt" | "publishedAt" => json!(issue.created_at.to_string()),
        "updatedAt" => json!(issue.updated_at.to_string()),
        "lastEditedAt" => json!(issue.edited.as_ref().map(|(at, _)| at.to_string())),
        "includesCreatedEdit" => json!(issue.edited.is_some()),
        "locked" => json!(false),
        "authorAssociation" => json!(ctx.view().association(repo, &issue.author)),
        "viewerDidAuthor" => json!(issue.author.eq_ignore_ascii_case(login)),
        "viewerCanUpdate" => json!(ctx.may_change(&at.repo, &issue.author).is_ok()),
        "author" => return Found::Thing(Thing::Person(issue.author.clone())),
        "editor" => return Found::from(issue.edited.clone().map(|(_, by)| Thing::Person(by))),
        "repository" => return Found::Thing(Thing::Repo(repo.key())),
        "assignees" => return Found::All("UserConnection", person::all(&issue.assignees)),
        "labels" => {
            let mut labels: Vec<_> = issue.labels.iter().filter_map(|id| repo.labels.get(id)).collect();
            labels.sort_by(|one, other| one.name.cmp(&other.name));
            let labels = labels.into_iter().map(|label| Thing::Label(repo.key(), label.id));
            return Found::All("LabelConnection", labels.collect());
        }
        "comments" => {
            let comments = issue.comments.iter().map(|comment| Thing::Comment(at.clone(), comment.id));
            return Found::All("IssueCommentConnection", comments.collect());
        }
        _ => return Found::Unknown,
    };
    Found::Leaf(value)
}

/// A field of a label.
pub fn label(ctx: &Ctx<'_>, key: &str, id: Id, field: &str) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let label = repo.labels.get(&id).ok_or(Refusal::NotFound)?;
    let path = format!("/labels/{}", crate::view::encode(&label.name));
    let value = match field {
        "id" => json!(id.node(NodeKind::Label)),
        "name" => json!(label.name),
        "color" => json!(label.color),
        "description" => json!(label.description),
        "isDefault" => json!(false),
        "url" => json!(ctx.view().page(repo, &path)),
        "resourcePath" => json!(format!("/{}{path}", repo.slug())),
        "repository" => return Ok(Found::Thing(Thing::Repo(key.to_owned()))),
        _ => return Ok(Found::Unknown),
    };
    Ok(Found::Leaf(value))
}

/// A field of a comment.
pub fn comment(ctx: &Ctx<'_>, at: &IssueRef, id: Id, field: &str) -> Answer {
    let (repo, issue) = find(ctx, at)?;
    let comment = issue.comments.iter().find(|comment| comment.id == id).ok_or(Refusal::NotFound)?;
    let url = format!("{}#issuecomment-{id}", ctx.view().html_url(repo, issue));
    let is_edited = comment.updated_at != comment.created_at;
    let value: Value = match field {
        "id" => json!(id.node(NodeKind::Comment)),
        "databaseId" => json!(id.0),
        "fullDatabaseId" => json!(id.to_string()),
        "body" | "bodyText" => json!(comment.body),
        "createdAt" | "publishedAt" => json!(comment.created_at.to_string()),
        "updatedAt" => json!(comment.updated_at.to_string()),
        "lastEditedAt" => json!(is_edited.then(|| comment.updated_at.to_string())),
        "includesCreatedEdit" => json!(is_edited),
        "authorAssociation" => json!(ctx.view().association(repo, &comment.author)),
        "viewerDidAuthor" => json!(ctx.actor.as_ref().is_some_and(|login| *login == comment.author)),
        "viewerCanUpdate" => json!(ctx.may_change(&at.repo, &comment.author).is_ok()),
        "resourcePath" => json!(url.trim_start_matches(&ctx.view().web())),
        "url" => json!(url),
        "author" => return Ok(Found::Thing(Thing::Person(comment.author.clone()))),
        "repository" => return Ok(Found::Thing(Thing::Repo(repo.key()))),
        "issue" => return Ok(Found::Thing(Thing::Issue(at.clone()))),
        _ => return Ok(Found::Unknown),
    };
    Ok(Found::Leaf(value))
}
