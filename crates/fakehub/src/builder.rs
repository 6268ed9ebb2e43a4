//! Repositories for a test to begin with.

use std::collections::BTreeMap;

use crate::hub::Hub;
use crate::state::{Kind, Permission, Repo};

/// A repository to be.
pub struct RepoBuilder<'a> {
    hub: &'a Hub,
    slug: String,
    branch: String,
    files: Vec<(String, String)>,
    grants: Vec<(String, Permission)>,
    is_private: bool,
    allows_auto_merge: bool,
}

impl<'a> RepoBuilder<'a> {
    pub(crate) fn new(hub: &'a Hub, slug: &str) -> RepoBuilder<'a> {
        RepoBuilder {
            hub,
            slug: slug.to_owned(),
            branch: "main".to_owned(),
            files: vec![("README.md".to_owned(), format!("# {slug}\n"))],
            grants: Vec::new(),
            is_private: false,
            allows_auto_merge: false,
        }
    }

    /// The branch that counts; `main` when nothing is said.
    #[must_use]
    pub fn branch(mut self, branch: &str) -> Self {
        branch.clone_into(&mut self.branch);
        self
    }

    /// A file of the first commit; one that begins with `#!` can be executed.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// Lets somebody work on it.
    #[must_use]
    pub fn grant(mut self, login: &str, permission: Permission) -> Self {
        self.grants.push((login.to_ascii_lowercase(), permission));
        self
    }

    /// Hides it from everybody else.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.is_private = true;
        self
    }

    /// Lets pull requests merge by themselves.
    #[must_use]
    pub fn auto_merge(mut self) -> Self {
        self.allows_auto_merge = true;
        self
    }

    /// Makes it. Returns its first commit.
    pub fn create(self) -> String {
        let (owner, name) = self.slug.split_once('/').expect("a repository is owner/name");
        self.hub.account(owner, Kind::Organization);
        let key = self.slug.to_ascii_lowercase();
        let files: Vec<(&str, &str)> =
            self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let first = self.hub.site().git.init(&key, &self.branch, &files);
        let mut inside = self.hub.site().enter();
        let (id, now) = (inside.state.fresh_id(), inside.state.now());
        let repo = Repo {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            is_private: self.is_private,
            is_archived: false,
            has_issues: true,
            allows_auto_merge: self.allows_auto_merge,
            deletes_merged_branches: false,
            default_branch: self.branch.clone(),
            created_at: now,
            updated_at: now,
            pushed_at: now,
            collaborators: self.grants.into_iter().collect(),
            labels: BTreeMap::new(),
            issues: BTreeMap::new(),
            refs: BTreeMap::from([(format!("refs/heads/{}", self.branch), first.clone())]),
            check_runs: Vec::new(),
            statuses: Vec::new(),
            protections: BTreeMap::new(),
            rulesets: Vec::new(),
            queues: BTreeMap::new(),
            hooks: Vec::new(),
            last_number: 0,
        };
        inside.state.repos.insert(key, repo.into());
        first
    }
}
