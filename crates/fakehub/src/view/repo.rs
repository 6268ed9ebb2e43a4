//! Repositories, labels, branches, refs.

use serde_json::{Value, json};

use super::{View, merge};
use crate::git::Git;
use crate::state::{Label, NodeKind, Permission, Repo};

/// What addresses of a repository are called, and what stands behind its own address.
const LINKS: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

impl View<'_> {
    /// A repository in few words, as it stands in other things.
    #[must_use]
    pub fn minimal_repo(&self, repo: &Repo) -> Value {
        let mut shown = json!({
            "id": repo.id.0, "node_id": repo.id.node(NodeKind::Repository), "name": repo.name,
            "full_name": repo.slug(), "private": repo.is_private, "owner": self.user(&repo.owner),
            "html_url": self.page(repo, ""), "description": null, "fork": false,
        });
        for (name, rest) in LINKS {
            shown[name] = json!(self.of(repo, rest));
        }
        shown
    }

    /// A repository, with what `login` may do there where somebody asks.
    #[must_use]
    pub fn repo(&self, repo: &Repo, login: Option<&str>) -> Value {
        let mut shown = self.minimal_repo(repo);
        let open = repo.issues.values().filter(|issue| issue.is_open()).count();
        let page = self.page(repo, ".git");
        merge(
            &mut shown,
            json!({
                "git_url": page.replace("http", "git"), "ssh_url": format!("git@github.com:{}.git", repo.slug()),
                "clone_url": page, "svn_url": self.page(repo, ""), "mirror_url": null, "homepage": null,
                "license": null, "language": null, "forks_count": 0, "forks": 0, "stargazers_count": 0,
                "watchers_count": 0, "watchers": 0, "size": 0, "default_branch": repo.default_branch,
                "open_issues_count": open, "open_issues": open, "is_template": false, "topics": [],
                "has_issues": repo.has_issues, "has_projects": true, "has_wiki": true, "has_pages": false,
                "has_downloads": true, "has_discussions": false, "archived": repo.is_archived, "disabled": false,
                "visibility": if repo.is_private { "private" } else { "public" },
                "pushed_at": repo.pushed_at.to_string(), "created_at": repo.created_at.to_string(),
                "updated_at": repo.updated_at.to_string(), "allow_forking": true,
                "web_commit_signoff_required": false,
            }),
        );
        if let Some(has) = login.and_then(|login| repo.permission(login)) {
            shown["permissions"] = permissions(has);
        }
        shown
    }

    /// A repository by itself, with its settings.
    #[must_use]
    pub fn full_repo(&self, repo: &Repo, login: Option<&str>) -> Value {
        let mut shown = self.repo(repo, login);
        merge(&mut shown, json!({ "network_count": 0, "subscribers_count": 0 }));
        if login.and_then(|login| repo.permission(login)) >= Some(Permission::Write) {
            merge(
                &mut shown,
                json!({
                    "allow_auto_merge": repo.allows_auto_merge, "allow_merge_commit": true,
                    "allow_squash_merge": true, "allow_rebase_merge": true, "allow_update_branch": true,
                    "delete_branch_on_merge": repo.deletes_merged_branches,
                    "use_squash_pr_title_as_default": false, "squash_merge_commit_title": "PR_TITLE",
                    "squash_merge_commit_message": "PR_BODY", "merge_commit_title": "MERGE_MESSAGE",
                    "merge_commit_message": "PR_TITLE",
                }),
            );
        }
        shown
    }

    /// A label.
    #[must_use]
    pub fn label(&self, repo: &Repo, label: &Label) -> Value {
        json!({
            "id": label.id.0, "node_id": label.id.node(NodeKind::Label), "name": label.name,
            "url": self.of(repo, &format!("/labels/{}", encode(&label.name))), "color": label.color,
            "description": label.description, "default": false,
        })
    }

    /// A ref.
    #[must_use]
    pub fn git_ref(&self, repo: &Repo, name: &str, sha: &str) -> Value {
        json!({
            "ref": name, "node_id": format!("REF_{}_{name}", repo.id),
            "url": self.of(repo, &format!("/git/{name}")),
            "object": { "type": "commit", "sha": sha, "url": self.of(repo, &format!("/git/commits/{sha}")) },
        })
    }

    /// A branch in a list.
    #[must_use]
    pub fn branch(&self, repo: &Repo, name: &str, sha: &str) -> Value {
        let is_protected = is_protected(repo, name);
        json!({
            "name": name, "protected": is_protected,
            "commit": { "sha": sha, "url": self.of(repo, &format!("/commits/{sha}")) },
            "protection": self.protection_summary(repo, name),
            "protection_url": self.of(repo, &format!("/branches/{}/protection", encode(name))),
        })
    }

    /// A branch by itself.
    #[must_use]
    pub fn full_branch(&self, git: &Git, repo: &Repo, name: &str, sha: &str) -> Value {
        let mut shown = self.branch(repo, name, sha);
        shown["commit"] = self.commit(git, repo, sha);
        shown["_links"] = json!({
            "self": self.of(repo, &format!("/branches/{}", encode(name))),
            "html": self.page(repo, &format!("/tree/{name}")),
        });
        shown
    }

    fn protection_summary(&self, repo: &Repo, name: &str) -> Value {
        let contexts = repo.required_checks(name).contexts;
        let binds_admins = repo.protections.get(name).is_some_and(|rule| rule.binds_admins);
        let level = match (contexts.is_empty(), binds_admins) {
            (true, _) => "off",
            (false, true) => "everyone",
            (false, false) => "non_admins",
        };
        let checks: Vec<Value> =
            contexts.iter().map(|context| json!({ "context": context, "app_id": null })).collect();
        json!({
            "enabled": is_protected(repo, name),
            "required_status_checks": { "enforcement_level": level, "contexts": contexts, "checks": checks },
        })
    }
}

/// Whether anything guards a branch.
#[must_use]
pub fn is_protected(repo: &Repo, branch: &str) -> bool {
    repo.protections.contains_key(branch) || repo.rulesets.iter().any(|ruleset| ruleset.branch == branch)
}

fn permissions(has: Permission) -> Value {
    let allows = |need: Permission| has >= need;
    json!({
        "admin": allows(Permission::Admin), "maintain": allows(Permission::Maintain),
        "push": allows(Permission::Write), "triage": allows(Permission::Triage),
        "pull": allows(Permission::Read),
    })
}

/// A word as it stands in an address.
#[must_use]
pub fn encode(word: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    word.bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
