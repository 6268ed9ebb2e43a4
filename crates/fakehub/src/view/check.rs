//! Check runs, check suites, statuses.

use serde_json::{Value, json};

use super::View;
use crate::git::Git;
use crate::state::{CheckRun, Health, Id, NodeKind, Repo, Status};

/// The id of the app that all check runs of the hub come from, as on GitHub those of Actions do.
const ACTIONS: Id = Id(15368);

impl View<'_> {
    /// A check run.
    #[must_use]
    pub fn check_run(&self, repo: &Repo, run: &CheckRun) -> Value {
        let url = self.of(repo, &format!("/check-runs/{}", run.id));
        let page = self.page(repo, &format!("/runs/{}", run.id));
        let [title, summary, text] = &run.output;
        json!({
            "id": run.id.0, "node_id": run.id.node(NodeKind::CheckRun), "name": run.name,
            "head_sha": run.head_sha, "external_id": run.external_id, "url": url, "html_url": page,
            "details_url": run.details_url.clone().unwrap_or(page), "status": run.status,
            "conclusion": run.conclusion.map(|conclusion| conclusion.word()),
            "started_at": run.started_at.to_string(),
            "completed_at": run.completed_at.map(|at| at.to_string()),
            "output": {
                "title": title, "summary": summary, "text": text, "annotations_count": 0,
                "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": { "id": suite(repo, &run.head_sha).0 }, "app": self.actions(),
            "pull_requests": self.pulls_at(repo, &run.head_sha),
        })
    }

    fn pulls_at(&self, repo: &Repo, sha: &str) -> Vec<Value> {
        let end = |branch: &str, sha: &str| {
            let this = json!({ "id": repo.id.0, "url": self.of(repo, ""), "name": repo.name });
            json!({ "ref": branch, "sha": sha, "repo": this })
        };
        let issues = repo.issues.values();
        issues
            .filter_map(|issue| Some((issue, issue.open_pull()?)))
            .filter(|(_, pull)| pull.head_sha == sha)
            .map(|(issue, pull)| {
                json!({
                    "id": pull.id.0, "number": issue.number,
                    "url": self.of(repo, &format!("/pulls/{}", issue.number)),
                    "head": end(&pull.head, &pull.head_sha), "base": end(&pull.base, &pull.base_sha),
                })
            })
            .collect()
    }

    /// The app behind all check runs.
    fn actions(&self) -> Value {
        json!({
            "id": ACTIONS.0, "node_id": ACTIONS.node(NodeKind::App), "slug": "github-actions",
            "client_id": "Iv1.hub", "owner": self.user("github"), "name": "GitHub Actions",
            "description": "Automate your workflow from idea to production",
            "external_url": "https://help.github.com/en/actions",
            "html_url": format!("{}/apps/github-actions", self.web()),
            "created_at": "2018-07-30T09:30:17Z", "updated_at": "2024-04-10T20:33:16Z",
            "permissions": { "checks": "write", "metadata": "read" }, "events": ["check_run"],
        })
    }

    /// All check runs of a commit, as one suite.
    #[must_use]
    pub fn check_suite(&self, git: &Git, repo: &Repo, sha: &str) -> Value {
        let runs: Vec<&CheckRun> = repo.check_runs.iter().filter(|run| run.head_sha == sha).collect();
        let id = suite(repo, sha);
        let is_over = runs.iter().all(|run| run.conclusion.is_some());
        let worst = runs.iter().map(|run| run.health()).max().unwrap_or(Health::Good);
        let conclusion = match worst {
            Health::Good => Some("success"),
            Health::Open => None,
            Health::Bad => Some("failure"),
        };
        let url = self.of(repo, &format!("/check-suites/{id}"));
        let at = runs.first().map_or(repo.updated_at, |run| run.started_at).to_string();
        let commit = git.commit(&repo.key(), sha).unwrap_or_default();
        let person = |person: &crate::git::Person| json!({ "name": person.name, "email": person.email });
        json!({
            "id": id.0, "node_id": id.node(NodeKind::CheckSuite), "head_branch": null, "head_sha": sha,
            "status": if is_over { "completed" } else { "in_progress" },
            "conclusion": conclusion.filter(|_| is_over), "url": url, "before": null, "after": sha,
            "pull_requests": self.pulls_at(repo, sha), "app": self.actions(),
            "repository": self.minimal_repo(repo), "created_at": at, "updated_at": at,
            "head_commit": {
                "id": sha, "tree_id": commit.tree, "message": commit.message,
                "timestamp": commit.committer.at.to_string(), "author": person(&commit.author),
                "committer": person(&commit.committer),
            },
            "latest_check_runs_count": runs.len(), "check_runs_url": format!("{url}/check-runs"),
        })
    }

    /// A status.
    #[must_use]
    pub fn status(&self, repo: &Repo, status: &Status) -> Value {
        let at = status.created_at.to_string();
        json!({
            "url": self.of(repo, &format!("/statuses/{}", status.sha)), "id": status.id.0,
            "node_id": status.id.node(NodeKind::Status), "state": status.state,
            "description": status.description, "target_url": status.target_url, "context": status.context,
            "avatar_url": format!("{}/avatars/hub", self.web()), "created_at": at, "updated_at": at,
            "creator": self.user(&status.creator),
        })
    }

    /// The last status of each context, and what they come to.
    #[must_use]
    pub fn combined_status(&self, repo: &Repo, sha: &str) -> Value {
        let mut last: Vec<&Status> = Vec::new();
        for status in repo.statuses.iter().filter(|status| status.sha == sha) {
            last.retain(|other| other.context != status.context);
            last.push(status);
        }
        let worst = last.iter().map(|status| status.health()).max();
        let state = match worst {
            Some(Health::Good) => "success",
            Some(Health::Bad) => "failure",
            Some(Health::Open) | None => "pending",
        };
        let statuses: Vec<Value> = last
            .iter()
            .map(|status| {
                let mut shown = self.status(repo, status);
                if let Value::Object(fields) = &mut shown {
                    fields.remove("creator");
                }
                shown
            })
            .collect();
        json!({
            "state": state, "statuses": statuses, "sha": sha, "total_count": last.len(),
            "repository": self.minimal_repo(repo), "commit_url": self.of(repo, &format!("/commits/{sha}")),
            "url": self.of(repo, &format!("/commits/{sha}/status")),
        })
    }
}

/// The number of the one suite that a commit has.
#[must_use]
pub fn suite(repo: &Repo, sha: &str) -> Id {
    let digits = sha.get(..10).unwrap_or_default();
    Id(u64::from_str_radix(digits, 16).unwrap_or_default() ^ repo.id.0)
}
