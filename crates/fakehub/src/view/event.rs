//! The lines of a timeline.

use serde_json::{Value, json};

use super::{View, merge};
use crate::git::Git;
use crate::state::{Deed, Event, Issue, IssueRef, NodeKind, Repo};

impl View<'_> {
    /// A line as `.../events` and `.../timeline` show it.
    #[must_use]
    pub fn event(&self, git: &Git, repo: &Repo, issue: &Issue, event: &Event) -> Value {
        if let Deed::Committed(sha) = &event.deed {
            let mut shown = self.git_commit(git, repo, sha);
            shown["event"] = json!("committed");
            return shown;
        }
        if let Deed::Reviewed(id) = &event.deed {
            let pull = issue.pull.as_ref();
            let review = pull.and_then(|pull| pull.reviews.iter().find(|review| review.id == *id));
            let mut shown = review.map_or(Value::Null, |review| self.review(repo, issue.number, review));
            let state = shown["state"].as_str().unwrap_or_default().to_ascii_lowercase();
            merge(&mut shown, json!({ "event": "reviewed", "state": state }));
            return shown;
        }
        if let Deed::CrossReferenced(from) = &event.deed {
            return json!({
                "event": "cross-referenced", "actor": self.user(&event.actor),
                "created_at": event.at.to_string(), "updated_at": event.at.to_string(),
                "source": { "type": "issue", "issue": self.issue_at(from) },
            });
        }
        self.plain_event(repo, event)
    }

    /// All other kinds have the same outline.
    fn plain_event(&self, repo: &Repo, event: &Event) -> Value {
        let commit = event.deed.commit();
        let mut shown = json!({
            "id": event.id.0, "node_id": event.id.node(NodeKind::Event),
            "url": self.of(repo, &format!("/issues/events/{}", event.id)), "actor": self.user(&event.actor),
            "event": event.deed.word(), "commit_id": commit,
            "commit_url": commit.map(|sha| self.of(repo, &format!("/commits/{sha}"))),
            "created_at": event.at.to_string(), "performed_via_github_app": null,
        });
        merge(&mut shown, self.particulars(event));
        shown
    }

    fn particulars(&self, event: &Event) -> Value {
        let actor = self.user(&event.actor);
        match &event.deed {
            Deed::Labeled(name, color) | Deed::Unlabeled(name, color) => {
                json!({ "label": { "name": name, "color": color } })
            }
            Deed::Closed(reason, _) => json!({ "state_reason": reason.map(|reason| reason.word()) }),
            Deed::Reopened => json!({ "state_reason": null }),
            Deed::Renamed(from, to) => json!({ "rename": { "from": from, "to": to } }),
            Deed::Assigned(login) | Deed::Unassigned(login) => {
                json!({ "assignee": self.user(login), "assigner": actor })
            }
            Deed::SubIssueAdded(at) | Deed::SubIssueRemoved(at) => json!({ "sub_issue": self.brief(at) }),
            Deed::ParentIssueAdded(at) | Deed::ParentIssueRemoved(at) => {
                json!({ "parent_issue": self.brief(at) })
            }
            Deed::BlockedByAdded(at) | Deed::BlockedByRemoved(at) => json!({ "blocked_by": self.brief(at) }),
            Deed::BlockingAdded(at) | Deed::BlockingRemoved(at) => json!({ "blocking": self.brief(at) }),
            Deed::ReviewRequested(login) | Deed::ReviewRequestRemoved(login) => {
                json!({ "review_requester": actor, "requested_reviewer": self.user(login) })
            }
            Deed::CrossReferenced(_)
            | Deed::HeadRefForcePushed(..)
            | Deed::HeadRefDeleted
            | Deed::Committed(_)
            | Deed::Reviewed(_)
            | Deed::ReadyForReview
            | Deed::ConvertToDraft
            | Deed::Merged(_)
            | Deed::AutoMergeEnabled
            | Deed::AutoMergeDisabled(_)
            | Deed::AddedToMergeQueue
            | Deed::RemovedFromMergeQueue(_) => json!({}),
        }
    }

    /// An issue by its place.
    #[must_use]
    pub fn issue_at(&self, at: &IssueRef) -> Value {
        let found = self.state.repo(&at.repo).and_then(|repo| Some((repo, repo.issues.get(&at.number)?)));
        found.map_or(Value::Null, |(repo, issue)| self.issue(repo, issue))
    }

    /// An issue by its place, in few words.
    fn brief(&self, at: &IssueRef) -> Value {
        let shown = self.issue_at(at);
        let repo = self.state.repo(&at.repo).map(|repo| self.minimal_repo(repo));
        let mut brief = json!({ "repository": repo, "issue_type": null });
        for field in ["number", "title", "state", "state_reason"] {
            brief[field] = shown[field].clone();
        }
        brief
    }
}
