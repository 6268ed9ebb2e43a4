//! Issues and comments.

use serde_json::{Value, json};

use super::{View, merge};
use crate::state::{Comment, Issue, IssueRef, NodeKind, Repo};

impl View<'_> {
    /// An issue, or a pull request as one.
    #[must_use]
    pub fn issue(&self, repo: &Repo, issue: &Issue) -> Value {
        let url = self.of(repo, &format!("/issues/{}", issue.number));
        let kind = if issue.pull.is_some() { NodeKind::Pull } else { NodeKind::Issue };
        let id = issue.pull.as_ref().map_or(issue.id, |pull| pull.id);
        let mut shown = json!({
            "id": issue.id.0, "node_id": id.node(kind), "url": url,
            "repository_url": self.of(repo, ""), "labels_url": format!("{url}/labels{{/name}}"),
            "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"),
            "html_url": self.html_url(repo, issue),
            "number": issue.number, "state": issue.state(), "title": issue.title, "body": issue.body,
            "user": self.user(&issue.author), "labels": self.labels(repo, issue),
            "assignee": issue.assignees.first().map(|login| self.user(login)),
            "assignees": issue.assignees.iter().map(|login| self.user(login)).collect::<Vec<_>>(),
            "milestone": null, "locked": false, "active_lock_reason": null,
            "comments": issue.comments.len(), "created_at": issue.created_at.to_string(),
            "updated_at": issue.updated_at.to_string(),
            "closed_at": issue.closed.as_ref().map(|(at, _)| at.to_string()),
            "closed_by": issue.closed.as_ref().map(|(_, by)| self.user(by)),
            "author_association": self.association(repo, &issue.author),
            "state_reason": issue.reason.map(|reason| reason.word()),
            "reactions": reactions(&url), "timeline_url": format!("{url}/timeline"),
            "performed_via_github_app": null,
        });
        match &issue.pull {
            Some(pull) => {
                let pull_url = self.of(repo, &format!("/pulls/{}", issue.number));
                let page = self.html_url(repo, issue);
                merge(
                    &mut shown,
                    json!({ "draft": pull.is_draft, "pull_request": {
                        "url": pull_url, "html_url": page, "diff_url": format!("{page}.diff"),
                        "patch_url": format!("{page}.patch"),
                        "merged_at": pull.merged.as_ref().map(|merged| merged.at.to_string()),
                    } }),
                );
            }
            None => merge(&mut shown, self.relations(issue)),
        }
        shown
    }

    /// The page of an issue or pull request.
    #[must_use]
    pub fn html_url(&self, repo: &Repo, issue: &Issue) -> String {
        let kind = if issue.pull.is_some() { "pull" } else { "issues" };
        self.page(repo, &format!("/{kind}/{}", issue.number))
    }

    /// What an issue says of its parts and of what it waits for.
    fn relations(&self, issue: &Issue) -> Value {
        let is_closed = |at: &&IssueRef| self.state.issue(at).is_some_and(|issue| !issue.is_open());
        let (parts, done) = (issue.sub_issues.len(), issue.sub_issues.iter().filter(is_closed).count());
        let percent = (done * 100).checked_div(parts).unwrap_or(0);
        let open = issue.blocked_by.len() - issue.blocked_by.iter().filter(is_closed).count();
        let mut shown = json!({
            "sub_issues_summary": { "total": parts, "completed": done, "percent_completed": percent },
            "issue_dependencies_summary": {
                "blocked_by": open, "total_blocked_by": issue.blocked_by.len(),
                "blocking": self.waiting(issue, true), "total_blocking": self.waiting(issue, false),
            },
        });
        let parent = issue.parent.as_ref().and_then(|at| Some((self.state.repo(&at.repo)?, at.number)));
        if let Some((repo, number)) = parent {
            shown["parent_issue_url"] = json!(self.of(repo, &format!("/issues/{number}")));
        }
        shown
    }

    fn waiting(&self, issue: &Issue, only_open: bool) -> usize {
        let repos = self.state.repos.values();
        let at = self.state.find_issue(issue.id);
        repos
            .flat_map(|repo| repo.issues.values())
            .filter(|other| other.is_open() || !only_open)
            .filter(|other| at.as_ref().is_some_and(|at| other.blocked_by.contains(at)))
            .count()
    }

    /// The labels of an issue, by name.
    #[must_use]
    pub fn labels(&self, repo: &Repo, issue: &Issue) -> Vec<Value> {
        let mut labels: Vec<_> = issue.labels.iter().filter_map(|id| repo.labels.get(id)).collect();
        labels.sort_by(|one, other| one.name.cmp(&other.name));
        labels.into_iter().map(|label| self.label(repo, label)).collect()
    }

    /// A comment below an issue.
    #[must_use]
    pub fn comment(&self, repo: &Repo, issue: &Issue, comment: &Comment) -> Value {
        let url = self.of(repo, &format!("/issues/comments/{}", comment.id));
        json!({
            "id": comment.id.0, "node_id": comment.id.node(NodeKind::Comment), "url": url,
            "html_url": format!("{}#issuecomment-{}", self.html_url(repo, issue), comment.id),
            "issue_url": self.of(repo, &format!("/issues/{}", issue.number)), "body": comment.body,
            "user": self.user(&comment.author), "created_at": comment.created_at.to_string(),
            "updated_at": comment.updated_at.to_string(),
            "author_association": self.association(repo, &comment.author),
            "reactions": reactions(&url), "performed_via_github_app": null,
        })
    }
}

fn reactions(url: &str) -> Value {
    json!({
        "url": format!("{url}/reactions"), "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0,
        "confused": 0, "heart": 0, "rocket": 0, "eyes": 0,
    })
}
