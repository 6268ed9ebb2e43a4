//! Pull requests, reviews, remarks.

use serde_json::{Value, json};

use super::{View, merge};
use crate::git::Git;
use crate::op::mergeability::{MergeState, merge_state};
use crate::state::{AutoMerge, Issue, NodeKind, Pull, Repo, Review, ReviewComment};

impl View<'_> {
    /// A pull request in a list.
    #[must_use]
    pub fn pull_in_list(&self, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
        let mut shown = self.issue(repo, issue);
        if let Value::Object(fields) = &mut shown {
            let of_issues = [
                "pull_request",
                "repository_url",
                "labels_url",
                "events_url",
                "comments",
                "closed_by",
                "state_reason",
                "reactions",
                "timeline_url",
                "performed_via_github_app",
            ];
            fields.retain(|name, _| !of_issues.contains(&name.as_str()));
        }
        let url = self.of(repo, &format!("/pulls/{}", issue.number));
        let issue_url = self.of(repo, &format!("/issues/{}", issue.number));
        let page = self.html_url(repo, issue);
        let statuses = self.of(repo, &format!("/statuses/{}", pull.head_sha));
        let merged = pull.merged.as_ref();
        let asked: Vec<Value> = pull.requested_reviewers.iter().map(|login| self.user(login)).collect();
        let link = |href: &str| json!({ "href": href });
        merge(
            &mut shown,
            json!({
                "id": pull.id.0, "node_id": pull.id.node(NodeKind::Pull), "url": url,
                "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
                "issue_url": issue_url, "commits_url": format!("{url}/commits"),
                "review_comments_url": format!("{url}/comments"),
                "review_comment_url": self.of(repo, "/pulls/comments{/number}"), "statuses_url": statuses,
                "merged_at": merged.map(|merged| merged.at.to_string()),
                "merge_commit_sha": merged.map(|merged| merged.sha.clone()),
                "requested_reviewers": asked, "requested_teams": [],
                "head": self.end(repo, &pull.head, &pull.head_sha),
                "base": self.end(repo, &pull.base, &pull.base_sha),
                "auto_merge": pull.auto_merge.as_ref().map(|wish| self.auto_merge(wish)),
                "draft": pull.is_draft,
                "_links": {
                    "self": link(&url), "html": link(&page), "issue": link(&issue_url),
                    "comments": link(&format!("{issue_url}/comments")),
                    "review_comments": link(&format!("{url}/comments")),
                    "review_comment": link(&self.of(repo, "/pulls/comments{/number}")),
                    "commits": link(&format!("{url}/commits")), "statuses": link(&statuses),
                },
            }),
        );
        shown
    }

    /// A pull request by itself.
    #[must_use]
    pub fn pull(&self, git: &Git, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
        let mut shown = self.pull_in_list(repo, issue, pull);
        let state = merge_state(git, repo, issue, pull);
        let mergeable = match state {
            MergeState::Unknown => None,
            MergeState::Dirty => Some(false),
            MergeState::Clean
            | MergeState::Unstable
            | MergeState::Blocked
            | MergeState::Behind
            | MergeState::Draft => Some(true),
        };
        let files = git.changes(&repo.key(), &pull.base_sha, &pull.head_sha);
        let merged = pull.merged.as_ref();
        merge(
            &mut shown,
            json!({
                "merged": merged.is_some(), "mergeable": mergeable, "rebaseable": mergeable,
                "mergeable_state": state.word().to_ascii_lowercase(),
                "merged_by": merged.map(|merged| self.user(&merged.by)), "comments": issue.comments.len(),
                "review_comments": pull.review_comments.len(),
                "maintainer_can_modify": pull.maintainer_can_modify,
                "commits": git.between(&repo.key(), &pull.base_sha, &pull.head_sha).len(),
                "additions": files.iter().map(|file| file.additions).sum::<u64>(),
                "deletions": files.iter().map(|file| file.deletions).sum::<u64>(),
                "changed_files": files.len(),
            }),
        );
        shown
    }

    fn end(&self, repo: &Repo, branch: &str, sha: &str) -> Value {
        json!({
            "label": format!("{}:{branch}", repo.owner), "ref": branch, "sha": sha,
            "user": self.user(&repo.owner), "repo": self.repo(repo, None),
        })
    }

    fn auto_merge(&self, wish: &AutoMerge) -> Value {
        json!({
            "enabled_by": self.user(&wish.by), "merge_method": wish.method.word(),
            "commit_title": wish.title.clone().unwrap_or_default(),
            "commit_message": wish.message.clone().unwrap_or_default(),
        })
    }

    /// A review.
    #[must_use]
    pub fn review(&self, repo: &Repo, number: u64, review: &Review) -> Value {
        let pull_url = self.of(repo, &format!("/pulls/{number}"));
        let page = self.page(repo, &format!("/pull/{number}#pullrequestreview-{}", review.id));
        json!({
            "id": review.id.0, "node_id": review.id.node(NodeKind::Review), "user": self.user(&review.author),
            "body": review.body, "state": review.state.word(), "html_url": page, "pull_request_url": pull_url,
            "_links": { "html": { "href": page }, "pull_request": { "href": pull_url } },
            "submitted_at": review.submitted_at.to_string(), "commit_id": review.commit,
            "author_association": self.association(repo, &review.author),
        })
    }

    /// A remark at a line.
    #[must_use]
    pub fn remark(&self, repo: &Repo, number: u64, remark: &ReviewComment) -> Value {
        let url = self.of(repo, &format!("/pulls/comments/{}", remark.id));
        let pull_url = self.of(repo, &format!("/pulls/{number}"));
        let page = self.page(repo, &format!("/pull/{number}#discussion_r{}", remark.id));
        let at = remark.created_at.to_string();
        let mut shown = json!({
            "id": remark.id.0, "node_id": remark.id.node(NodeKind::ReviewComment), "url": url,
            "pull_request_review_id": remark.review.map(|id| id.0), "diff_hunk": "", "path": remark.path,
            "position": remark.line, "original_position": remark.line, "line": remark.line,
            "original_line": remark.line, "side": "RIGHT", "start_line": null, "original_start_line": null,
            "start_side": null, "subject_type": "line", "commit_id": remark.commit,
            "original_commit_id": remark.commit, "user": self.user(&remark.author), "body": remark.body,
            "created_at": at, "updated_at": at, "html_url": page, "pull_request_url": pull_url,
            "author_association": self.association(repo, &remark.author),
            "_links": {
                "self": { "href": url }, "html": { "href": page }, "pull_request": { "href": pull_url },
            },
        });
        if let Some(id) = remark.in_reply_to {
            shown["in_reply_to_id"] = json!(id.0);
        }
        shown
    }
}
