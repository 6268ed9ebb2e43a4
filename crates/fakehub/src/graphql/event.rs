//! The lines of a timeline that GraphQL has a type for.

use serde_json::{Value, json};

use super::issue;
use super::node::{Answer, Args, Found, Thing};
use crate::op::{Ctx, Refusal, merge};
use crate::state::{Deed, Event, Id, Issue, IssueRef, NodeKind};

/// The type of a line; `None` for what GraphQL has none for.
fn kind(deed: &Deed) -> Option<&'static str> {
    Some(match deed {
        Deed::Labeled(..) => "LabeledEvent",
        Deed::Unlabeled(..) => "UnlabeledEvent",
        Deed::Closed(..) => "ClosedEvent",
        Deed::Reopened => "ReopenedEvent",
        Deed::Renamed(..) => "RenamedTitleEvent",
        Deed::Assigned(_) => "AssignedEvent",
        Deed::Unassigned(_) => "UnassignedEvent",
        Deed::CrossReferenced(_) => "CrossReferencedEvent",
        Deed::SubIssueAdded(_) => "SubIssueAddedEvent",
        Deed::SubIssueRemoved(_) => "SubIssueRemovedEvent",
        Deed::ParentIssueAdded(_) => "ParentIssueAddedEvent",
        Deed::ParentIssueRemoved(_) => "ParentIssueRemovedEvent",
        Deed::HeadRefForcePushed(..) => "HeadRefForcePushedEvent",
        Deed::HeadRefDeleted => "HeadRefDeletedEvent",
        Deed::ReviewRequested(_) => "ReviewRequestedEvent",
        Deed::ReadyForReview => "ReadyForReviewEvent",
        Deed::ConvertToDraft => "ConvertToDraftEvent",
        Deed::Merged(_) => "MergedEvent",
        Deed::AutoMergeEnabled => "AutoMergeEnabledEvent",
        Deed::AutoMergeDisabled(_) => "AutoMergeDisabledEvent",
        Deed::AddedToMergeQueue => "AddedToMergeQueueEvent",
        Deed::RemovedFromMergeQueue(_) => "RemovedFromMergeQueueEvent",
        Deed::Committed(_)
        | Deed::Reviewed(_)
        | Deed::ReviewRequestRemoved(_)
        | Deed::BlockedByAdded(_)
        | Deed::BlockedByRemoved(_)
        | Deed::BlockingAdded(_)
        | Deed::BlockingRemoved(_) => return None,
    })
}

/// The type of a line by its place.
pub fn type_name(ctx: &Ctx<'_>, at: &IssueRef, id: Id) -> &'static str {
    let event = ctx.state.issue(at).and_then(|issue| issue.events.iter().find(|event| event.id == id));
    event.and_then(|event| kind(&event.deed)).unwrap_or("ClosedEvent")
}

/// `LABELED_EVENT` for `LabeledEvent`: the words of `itemTypes`.
fn word(kind: &str) -> String {
    let mut word = String::new();
    for (index, c) in kind.chars().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            word.push('_');
        }
        word.push(c.to_ascii_uppercase());
    }
    word
}

/// The lines of a timeline, comments among them, of the types that are asked for.
pub fn timeline(issue: &Issue, at: &IssueRef, args: &Args<'_>) -> Vec<Thing> {
    let wanted = args.texts("itemTypes");
    let is_wanted =
        |kind: &str| wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|one| *one == word(kind)));
    let since: Option<jiff::Timestamp> = args.text("since").and_then(|since| since.parse().ok());
    let events = issue.events.iter().filter(|event| kind(&event.deed).is_some_and(is_wanted));
    let events = events.map(|event| (event.at, event.id, Thing::Event(at.clone(), event.id)));
    let comments = issue.comments.iter().filter(|_| is_wanted("IssueComment"));
    let comments =
        comments.map(|comment| (comment.created_at, comment.id, Thing::Comment(at.clone(), comment.id)));
    let mut lines: Vec<_> = events.chain(comments).collect();
    lines.retain(|(when, ..)| since.is_none_or(|since| *when >= since));
    lines.sort_by_key(|(when, id, _)| (*when, *id));
    lines.into_iter().map(|(_, _, thing)| thing).collect()
}

/// A field of a line.
pub fn field(ctx: &Ctx<'_>, at: &IssueRef, id: Id, field: &str) -> Answer {
    let (repo, issue) = issue::find(ctx, at)?;
    let event = issue.events.iter().find(|event| event.id == id).ok_or(Refusal::NotFound)?;
    let page = ctx.view().html_url(repo, issue);
    let actor = || Found::Thing(Thing::Person(event.actor.clone()));
    Ok(match field {
        "id" => Found::Leaf(json!(id.node(NodeKind::Event))),
        "createdAt" | "referencedAt" => Found::Leaf(json!(event.at.to_string())),
        "actor" | "enabler" | "disabler" | "enqueuer" => actor(),
        "url" => Found::Leaf(json!(format!("{page}#event-{id}"))),
        "resourcePath" => Found::Leaf(json!(page.trim_start_matches(&ctx.view().web()))),
        "pullRequest" | "closable" | "labelable" | "assignable" | "subject" | "target" => {
            Found::from(issue::thing(ctx, at))
        }
        "headRefName" => Found::Leaf(json!(issue.pull.as_ref().map(|pull| pull.head.clone()))),
        "mergeRefName" => Found::Leaf(json!(issue.pull.as_ref().map(|pull| pull.base.clone()))),
        _ => particulars(ctx, at, event, field),
    })
}

/// What only some lines have; a field that a line has not is unknown.
fn particulars(ctx: &Ctx<'_>, at: &IssueRef, event: &Event, field: &str) -> Found {
    let deed = &event.deed;
    let found = match field {
        "label" => label(ctx, at, deed),
        "stateReason" => state_reason(deed),
        "subIssue" | "parent" | "source" => other(deed).map(|other| Found::from(issue::thing(ctx, other))),
        "assignee" | "requestedReviewer" => {
            if let Deed::Assigned(login) | Deed::Unassigned(login) | Deed::ReviewRequested(login) = deed {
                Some(Found::Thing(Thing::Person(login.clone())))
            } else {
                None
            }
        }
        "commit" | "beforeCommit" | "afterCommit" => commit(at, deed, field),
        _ => plain(ctx, at, deed, field).map(Found::Leaf),
    };
    found.unwrap_or(Found::Unknown)
}

fn label(ctx: &Ctx<'_>, at: &IssueRef, deed: &Deed) -> Option<Found> {
    let (Deed::Labeled(name, color) | Deed::Unlabeled(name, color)) = deed else { return None };
    let known = ctx.state.repo(&at.repo).and_then(|repo| repo.label(name));
    Some(Found::Thing(match known {
        Some(label) => Thing::Label(at.repo.clone(), label.id),
        // A label that is gone: what the event knows of it.
        None => {
            let shown = json!({ "id": "LA_gone", "name": name, "color": color, "description": null });
            Thing::Plain("Label", shown, Vec::new())
        }
    }))
}

fn state_reason(deed: &Deed) -> Option<Found> {
    if let Deed::Closed(reason, _) = deed {
        return Some(Found::Leaf(json!(reason.map(|reason| reason.word().to_ascii_uppercase()))));
    }
    (*deed == Deed::Reopened).then(|| Found::Leaf(json!("REOPENED")))
}

/// The other issue that a line is about.
fn other(deed: &Deed) -> Option<&IssueRef> {
    if let Deed::SubIssueAdded(other)
    | Deed::SubIssueRemoved(other)
    | Deed::ParentIssueAdded(other)
    | Deed::ParentIssueRemoved(other)
    | Deed::CrossReferenced(other) = deed
    {
        return Some(other);
    }
    None
}

fn commit(at: &IssueRef, deed: &Deed, field: &str) -> Option<Found> {
    let sha = match (deed, field) {
        (Deed::HeadRefForcePushed(before, _), "beforeCommit") => Some(before.as_str()),
        (deed, _) => deed.commit(),
    };
    sha.map(|sha| Found::Thing(Thing::Commit(at.repo.clone(), sha.to_owned())))
}

fn plain(ctx: &Ctx<'_>, at: &IssueRef, deed: &Deed, field: &str) -> Option<Value> {
    if let Deed::Renamed(from, to) = deed {
        return match field {
            "previousTitle" => Some(json!(from)),
            "currentTitle" => Some(json!(to)),
            _ => None,
        };
    }
    if let Deed::CrossReferenced(other) = deed {
        let from = ctx.state.issue(other).filter(|issue| issue.pull.is_some());
        let body = from.and_then(|issue| issue.body.clone()).unwrap_or_default();
        return match field {
            "isCrossRepository" => Some(json!(other.repo != at.repo)),
            "willCloseTarget" => Some(json!(merge::closed_by(&other.repo, &body).contains(at))),
            _ => None,
        };
    }
    if let Deed::AutoMergeDisabled(why) = deed {
        return (field == "reason").then(|| json!(why));
    }
    if let Deed::RemovedFromMergeQueue(why) = deed {
        return (field == "reason").then(|| json!(why));
    }
    None
}
