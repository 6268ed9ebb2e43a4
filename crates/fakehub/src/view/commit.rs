//! Commits, comparisons, files.

use serde_json::{Value, json};

use super::View;
use crate::git::{Commit, FileChange, Git, Person};
use crate::state::{Repo, State};

impl View<'_> {
    /// A commit as `.../commits` shows it.
    #[must_use]
    pub fn commit(&self, git: &Git, repo: &Repo, sha: &str) -> Value {
        let commit = git.commit(&repo.key(), sha).unwrap_or_default();
        let url = self.of(repo, &format!("/commits/{sha}"));
        json!({
            "sha": sha, "node_id": node(repo, sha), "url": url,
            "html_url": self.page(repo, &format!("/commit/{sha}")), "comments_url": format!("{url}/comments"),
            "commit": {
                "author": person(&commit.author), "committer": person(&commit.committer),
                "message": commit.message, "tree": self.tree(repo, &commit),
                "url": self.of(repo, &format!("/git/commits/{sha}")), "comment_count": 0,
                "verification": unsigned(),
            },
            "author": self.account_behind(&commit.author), "committer": self.account_behind(&commit.committer),
            "parents": self.parents(repo, &commit),
        })
    }

    /// A commit as `.../git/commits` shows it.
    #[must_use]
    pub fn git_commit(&self, git: &Git, repo: &Repo, sha: &str) -> Value {
        let commit = git.commit(&repo.key(), sha).unwrap_or_default();
        json!({
            "sha": sha, "node_id": node(repo, sha), "url": self.of(repo, &format!("/git/commits/{sha}")),
            "html_url": self.page(repo, &format!("/commit/{sha}")), "author": person(&commit.author),
            "committer": person(&commit.committer), "tree": self.tree(repo, &commit),
            "message": commit.message, "parents": self.parents(repo, &commit), "verification": unsigned(),
        })
    }

    fn tree(&self, repo: &Repo, commit: &Commit) -> Value {
        json!({ "sha": commit.tree, "url": self.of(repo, &format!("/git/trees/{}", commit.tree)) })
    }

    fn parents(&self, repo: &Repo, commit: &Commit) -> Vec<Value> {
        let show = |sha: &String| {
            json!({
                "sha": sha, "url": self.of(repo, &format!("/commits/{sha}")),
                "html_url": self.page(repo, &format!("/commit/{sha}")),
            })
        };
        commit.parents.iter().map(show).collect()
    }

    /// The account whose private address a commit carries.
    fn account_behind(&self, person: &Person) -> Option<Value> {
        let login = account(self.state, person)?;
        Some(self.user(&login))
    }

    /// What lies between two commits.
    #[must_use]
    pub fn comparison(&self, git: &Git, repo: &Repo, base: &str, head: &str) -> Value {
        let key = repo.key();
        let middle = git.merge_base(&key, base, head).unwrap_or_else(|| base.to_owned());
        let (ahead, behind) = (git.between(&key, base, head), git.between(&key, head, base).len());
        let status = match (ahead.len(), behind) {
            (0, 0) => "identical",
            (0, _) => "behind",
            (_, 0) => "ahead",
            _ => "diverged",
        };
        let page = self.page(repo, &format!("/compare/{base}...{head}"));
        let files = git.changes(&key, &middle, head);
        json!({
            "url": self.of(repo, &format!("/compare/{base}...{head}")), "html_url": page,
            "permalink_url": page, "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
            "base_commit": self.commit(git, repo, base), "merge_base_commit": self.commit(git, repo, &middle),
            "status": status, "ahead_by": ahead.len(), "behind_by": behind, "total_commits": ahead.len(),
            "commits": ahead.iter().map(|sha| self.commit(git, repo, sha)).collect::<Vec<_>>(),
            "files": files.iter().map(|file| self.file(repo, file, head)).collect::<Vec<_>>(),
        })
    }

    /// A file that differs.
    #[must_use]
    pub fn file(&self, repo: &Repo, file: &FileChange, at: &str) -> Value {
        let mut shown = json!({
            "sha": file.sha, "filename": file.path, "status": file.status, "additions": file.additions,
            "deletions": file.deletions, "changes": file.additions + file.deletions,
            "blob_url": self.page(repo, &format!("/blob/{at}/{}", file.path)),
            "raw_url": self.page(repo, &format!("/raw/{at}/{}", file.path)),
            "contents_url": self.of(repo, &format!("/contents/{}?ref={at}", file.path)),
        });
        if let Some(patch) = &file.patch {
            shown["patch"] = json!(patch);
        }
        shown
    }
}

/// The login behind a commit's address, where GitHub knows it.
#[must_use]
pub fn account(state: &State, person: &Person) -> Option<String> {
    let name = person.email.strip_suffix("@users.noreply.github.com")?;
    let login = name.rsplit('+').next()?;
    state.user(login).map(|user| user.login.clone())
}

/// The node id of a commit, which has no number.
#[must_use]
pub fn node(repo: &Repo, sha: &str) -> String {
    format!("C_{}_{sha}", repo.id)
}

fn person(person: &Person) -> Value {
    json!({ "name": person.name, "email": person.email, "date": person.at.to_string() })
}

fn unsigned() -> Value {
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
}
