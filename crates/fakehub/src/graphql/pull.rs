//! Pull requests, reviews, the merge queue.

use serde_json::{Value, json};

use super::node::{Answer, Args, Found, Thing};
use super::{event, issue, repo};
use crate::op::mergeability::{self, MergeState, merge_state};
use crate::op::{Ctx, Refusal, merge};
use crate::state::{Health, Id, Issue, IssueRef, NodeKind, Permission, Pull, Repo, Review, ReviewState};

/// A field of a pull request.
pub fn field(ctx: &Ctx<'_>, at: &IssueRef, field: &str, args: &Args<'_>) -> Answer {
    let (repo, issue) = issue::find(ctx, at)?;
    let pull = issue.pull.as_ref().ok_or(Refusal::NotFound)?;
    let key = || repo.key();
    let head = format!("refs/heads/{}", pull.head);
    let commits = || ctx.git.between(&repo.key(), &pull.base_sha, &pull.head_sha);
    let reviews = |wanted: Vec<&Review>| {
        let things = wanted.into_iter().map(|review| Thing::Review(at.clone(), review.id));
        Found::All("PullRequestReviewConnection", things.collect())
    };
    Ok(match field {
        "mergedBy" => Found::from(pull.merged.as_ref().map(|merged| Thing::Person(merged.by.clone()))),
        "mergeCommit" => {
            Found::from(pull.merged.as_ref().map(|merged| Thing::Commit(key(), merged.sha.clone())))
        }
        "headRef" => repo::ref_named(repo, &head),
        "baseRef" => repo::ref_named(repo, &format!("refs/heads/{}", pull.base)),
        "headRepository" | "baseRepository" => Found::Thing(Thing::Repo(key())),
        "headRepositoryOwner" => Found::Thing(Thing::Person(repo.owner.clone())),
        "autoMergeRequest" => Found::from(auto_merge(at, pull)),
        "commits" => Found::All("PullRequestCommitConnection", commits_of(repo, at, commits())),
        "files" => Found::All("PullRequestChangedFileConnection", files(ctx, repo, pull)),
        "reviews" => reviews(wanted(pull, args)),
        "latestReviews" | "latestOpinionatedReviews" => reviews(latest(pull)),
        "reviewRequests" => Found::All("ReviewRequestConnection", requests(at, pull)),
        "statusCheckRollup" => {
            let has = !repo.checks_at(&pull.head_sha).is_empty();
            Found::from(has.then(|| Thing::Rollup(key(), pull.head_sha.clone())))
        }
        "closingIssuesReferences" => {
            let body = issue.body.as_deref().unwrap_or_default();
            let closed = merge::closed_by(&at.repo, body).into_iter();
            let closed = closed.filter(|at| ctx.state.issue(at).is_some_and(|issue| issue.pull.is_none()));
            Found::All("IssueConnection", closed.map(Thing::Issue).collect())
        }
        "mergeQueue" => {
            Found::from(repo.has_queue(&pull.base).then(|| Thing::Queue(key(), pull.base.clone())))
        }
        "mergeQueueEntry" => {
            let entry = entry_of(repo, at.number, pull);
            Found::from(entry.map(|id| Thing::QueueEntry(key(), pull.base.clone(), id)))
        }
        "timelineItems" => Found::All("PullRequestTimelineItemsConnection", event::timeline(issue, at, args)),
        _ => match plain(ctx, repo, issue, pull, field) {
            Some(value) => Found::Leaf(value),
            None => issue::shared(ctx, repo, issue, field),
        },
    })
}

fn plain(ctx: &Ctx<'_>, repo: &Repo, issue: &Issue, pull: &Pull, field: &str) -> Option<Value> {
    let state = || merge_state(ctx.git, repo, issue, pull);
    let files = || ctx.git.changes(&repo.key(), &pull.base_sha, &pull.head_sha);
    let may_write = ctx.repo(&repo.key(), Permission::Write).is_ok();
    Some(match field {
        "id" => json!(pull.id.node(NodeKind::Pull)),
        "databaseId" => json!(pull.id.0),
        "fullDatabaseId" => json!(pull.id.to_string()),
        "state" => json!(repo::state(issue)),
        "isDraft" => json!(pull.is_draft),
        "merged" => json!(pull.merged.is_some()),
        "mergedAt" => json!(pull.merged.as_ref().map(|merged| merged.at.to_string())),
        "mergeStateStatus" => json!(state().word()),
        "mergeable" => json!(match state() {
            MergeState::Unknown => "UNKNOWN",
            MergeState::Dirty => "CONFLICTING",
            MergeState::Clean
            | MergeState::Unstable
            | MergeState::Blocked
            | MergeState::Behind
            | MergeState::Draft => "MERGEABLE",
        }),
        "headRefName" => json!(pull.head),
        "headRefOid" => json!(pull.head_sha),
        "baseRefName" => json!(pull.base),
        "baseRefOid" => json!(repo.tip(&pull.base).unwrap_or(&pull.base_sha)),
        "maintainerCanModify" => json!(pull.maintainer_can_modify),
        "additions" => json!(files().iter().map(|file| file.additions).sum::<u64>()),
        "deletions" => json!(files().iter().map(|file| file.deletions).sum::<u64>()),
        "changedFiles" => json!(files().len()),
        "reviewDecision" => json!(decision(repo, pull)),
        "isInMergeQueue" => json!(entry_of(repo, issue.number, pull).is_some()),
        "isMergeQueueEnabled" => json!(repo.has_queue(&pull.base)),
        "viewerCanEnableAutoMerge" => {
            let waits = matches!(state(), MergeState::Blocked | MergeState::Behind | MergeState::Unknown);
            json!(may_write && repo.allows_auto_merge && waits)
        }
        "viewerCanDisableAutoMerge" => json!(may_write && pull.auto_merge.is_some()),
        "totalCommentsCount" => json!(issue.comments.len() + pull.review_comments.len()),
        _ => return None,
    })
}

fn decision(repo: &Repo, pull: &Pull) -> Option<&'static str> {
    let wanted = repo.protections.get(&pull.base)?.approvals?;
    let (approvals, objections) = mergeability::votes(repo, pull);
    Some(match (approvals >= wanted, objections) {
        (_, 1..) => "CHANGES_REQUESTED",
        (true, 0) => "APPROVED",
        (false, 0) => "REVIEW_REQUIRED",
    })
}

fn auto_merge(at: &IssueRef, pull: &Pull) -> Option<Thing> {
    let wish = pull.auto_merge.as_ref()?;
    let shown = json!({
        "authorEmail": null, "commitBody": wish.message, "commitHeadline": wish.title,
        "mergeMethod": wish.method.word().to_ascii_uppercase(), "enabledAt": wish.at.to_string(),
    });
    let things =
        vec![("enabledBy", Thing::Person(wish.by.clone())), ("pullRequest", Thing::Pull(at.clone()))];
    Some(Thing::Plain("AutoMergeRequest", shown, things))
}

fn commits_of(repo: &Repo, at: &IssueRef, shas: Vec<String>) -> Vec<Thing> {
    let show = |sha: String| {
        let plain = json!({ "id": format!("PRC_{}_{sha}", repo.id) });
        let things =
            vec![("commit", Thing::Commit(repo.key(), sha)), ("pullRequest", Thing::Pull(at.clone()))];
        Thing::Plain("PullRequestCommit", plain, things)
    };
    shas.into_iter().map(show).collect()
}

fn files(ctx: &Ctx<'_>, repo: &Repo, pull: &Pull) -> Vec<Thing> {
    let changes = ctx.git.changes(&repo.key(), &pull.base_sha, &pull.head_sha);
    let show = |file: crate::git::FileChange| {
        let kind = match file.status {
            "added" => "ADDED",
            "removed" => "DELETED",
            _ => "MODIFIED",
        };
        let plain = json!({
            "path": file.path, "additions": file.additions, "deletions": file.deletions, "changeType": kind,
        });
        Thing::Plain("PullRequestChangedFile", plain, Vec::new())
    };
    changes.into_iter().map(show).collect()
}

fn wanted<'a>(pull: &'a Pull, args: &Args<'_>) -> Vec<&'a Review> {
    let (states, author) = (args.texts("states"), args.text("author"));
    pull.reviews
        .iter()
        .filter(|review| states.as_ref().is_none_or(|all| all.iter().any(|one| one == review.state.word())))
        .filter(|review| author.as_ref().is_none_or(|login| *login == review.author))
        .collect()
}

/// The last word of each reviewer.
fn latest(pull: &Pull) -> Vec<&Review> {
    let mut last: Vec<&Review> = Vec::new();
    for review in pull.reviews.iter().filter(|review| review.state != ReviewState::Pending) {
        last.retain(|other| other.author != review.author);
        last.push(review);
    }
    last
}

fn requests(at: &IssueRef, pull: &Pull) -> Vec<Thing> {
    let show = |login: &String| {
        let things = vec![
            ("requestedReviewer", Thing::Person(login.clone())),
            ("pullRequest", Thing::Pull(at.clone())),
        ];
        Thing::Plain("ReviewRequest", json!({ "id": format!("RR_{}_{login}", at.number) }), things)
    };
    pull.requested_reviewers.iter().map(show).collect()
}

/// A field of a review.
pub fn review(ctx: &Ctx<'_>, at: &IssueRef, id: Id, field: &str) -> Answer {
    let (repo, issue) = issue::find(ctx, at)?;
    let reviews = issue.pull.as_ref().map(|pull| pull.reviews.as_slice()).unwrap_or_default();
    let review = reviews.iter().find(|review| review.id == id).ok_or(Refusal::NotFound)?;
    let page = format!("{}#pullrequestreview-{id}", ctx.view().html_url(repo, issue));
    let value = match field {
        "id" => json!(id.node(NodeKind::Review)),
        "databaseId" => json!(id.0),
        "fullDatabaseId" => json!(id.to_string()),
        "body" | "bodyText" => json!(review.body),
        "state" => json!(review.state.word()),
        "resourcePath" => json!(page.trim_start_matches(&ctx.view().web())),
        "url" => json!(page),
        "authorAssociation" => json!(ctx.view().association(repo, &review.author)),
        "createdAt" | "updatedAt" | "submittedAt" => json!(review.submitted_at.to_string()),
        "viewerDidAuthor" => json!(ctx.actor.as_ref().is_some_and(|login| *login == review.author)),
        "author" => return Ok(Found::Thing(Thing::Person(review.author.clone()))),
        "commit" => return Ok(Found::Thing(Thing::Commit(repo.key(), review.commit.clone()))),
        "pullRequest" => return Ok(Found::Thing(Thing::Pull(at.clone()))),
        "repository" => return Ok(Found::Thing(Thing::Repo(repo.key()))),
        _ => return Ok(Found::Unknown),
    };
    Ok(Found::Leaf(value))
}

/// The place of a pull request in its base's queue.
fn entry_of(repo: &Repo, number: u64, pull: &Pull) -> Option<Id> {
    let queue = repo.queues.get(&pull.base)?;
    queue.iter().find(|entry| entry.number == number).map(|entry| entry.id)
}

/// A field of a merge queue.
pub fn queue(ctx: &Ctx<'_>, key: &str, base: &str, field: &str) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let path = format!("/queue/{base}");
    Ok(match field {
        "id" => Found::Leaf(json!(format!("MQ_{}_{base}", repo.id))),
        "url" => Found::Leaf(json!(ctx.view().page(repo, &path))),
        "resourcePath" => Found::Leaf(json!(format!("/{}{path}", repo.slug()))),
        "repository" => Found::Thing(Thing::Repo(repo.key())),
        "entries" => {
            let entries = repo.queues.get(base).into_iter().flatten();
            let entries = entries.map(|entry| Thing::QueueEntry(repo.key(), base.to_owned(), entry.id));
            Found::All("MergeQueueEntryConnection", entries.collect())
        }
        "configuration" => {
            let shown = json!({
                "mergeMethod": "MERGE", "mergingStrategy": "ALLGREEN", "checkResponseTimeout": 60,
                "maximumEntriesToBuild": 5,
            });
            Found::Thing(Thing::Plain("MergeQueueConfiguration", shown, Vec::new()))
        }
        _ => Found::Unknown,
    })
}

/// A field of a place in a merge queue.
pub fn queue_entry(ctx: &Ctx<'_>, key: &str, base: &str, id: Id, field: &str) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let queue = repo.queues.get(base).ok_or(Refusal::NotFound)?;
    let position = queue.iter().position(|entry| entry.id == id).ok_or(Refusal::NotFound)?;
    let entry = &queue[position];
    let checks = repo.checks_at(&entry.group);
    let required = repo.required_checks(base).contexts;
    let worst = required.iter().map(|name| checks.get(name).copied().unwrap_or(Health::Open)).max();
    Ok(match field {
        "id" => Found::Leaf(json!(id.node(NodeKind::QueueEntry))),
        "position" => Found::Leaf(json!(position + 1)),
        "state" => Found::Leaf(json!(match worst {
            Some(Health::Open) => "AWAITING_CHECKS",
            Some(Health::Bad) => "UNMERGEABLE",
            Some(Health::Good) | None => "MERGEABLE",
        })),
        "enqueuedAt" => Found::Leaf(json!(entry.at.to_string())),
        "enqueuer" => Found::Thing(Thing::Person(entry.by.clone())),
        "headCommit" => Found::Thing(Thing::Commit(repo.key(), entry.group.clone())),
        "baseCommit" => {
            let commit = ctx.git.commit(key, &entry.group);
            let base = commit.and_then(|commit| commit.parents.first().cloned());
            Found::from(base.map(|sha| Thing::Commit(repo.key(), sha)))
        }
        "pullRequest" => Found::Thing(Thing::Pull(repo.at(entry.number))),
        "mergeQueue" => Found::Thing(Thing::Queue(repo.key(), base.to_owned())),
        _ => Found::Unknown,
    })
}
