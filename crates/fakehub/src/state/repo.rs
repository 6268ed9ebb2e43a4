//! A repository: settings, issues, and what is known of its branches. Objects lie in a bare repository beside it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{CheckRun, Hook, Id, Issue, IssueRef, Label, Permission, Pull, QueueEntry, Status};

/// What a protected branch wants of checks.
#[derive(Debug, Clone, Default)]
pub struct RequiredChecks {
    /// Whether the head must contain the base's tip.
    pub is_strict: bool,
    /// Their names.
    pub contexts: Vec<String>,
}

/// What a protected branch wants.
#[derive(Debug, Clone, Default)]
pub struct Protection {
    /// Checks that have to be green.
    pub checks: Option<RequiredChecks>,
    /// How many approving reviews; `None` where none are asked for.
    pub approvals: Option<u64>,
    /// Whether admins are held to it too.
    pub binds_admins: bool,
    /// Whether a branch may be replaced.
    pub allows_force: bool,
}

/// A ruleset for branches.
#[derive(Debug, Clone)]
pub struct Ruleset {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// The branch that it is for.
    pub branch: String,
    /// Checks that have to be green.
    pub checks: Option<RequiredChecks>,
    /// Whether merges go through a queue.
    pub has_queue: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A repository.
#[derive(Debug, Clone)]
pub struct Repo {
    /// Its id.
    pub id: Id,
    /// The account it belongs to.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Whether only collaborators see it.
    pub is_private: bool,
    /// Whether nothing of it may be changed.
    pub is_archived: bool,
    /// Whether it has issues.
    pub has_issues: bool,
    /// Whether pull requests may merge by themselves.
    pub allows_auto_merge: bool,
    /// Whether a merged branch is removed.
    pub deletes_merged_branches: bool,
    /// The branch that counts.
    pub default_branch: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When anything of it changed.
    pub updated_at: Timestamp,
    /// When somebody last pushed.
    pub pushed_at: Timestamp,
    /// Who may do what, by login in lower case.
    pub collaborators: BTreeMap<String, Permission>,
    /// Labels by id.
    pub labels: BTreeMap<Id, Label>,
    /// Issues and pull requests by number.
    pub issues: BTreeMap<u64, Issue>,
    /// Tips by full name of the ref.
    pub refs: BTreeMap<String, String>,
    /// Check runs, oldest first.
    pub check_runs: Vec<CheckRun>,
    /// Statuses, oldest first.
    pub statuses: Vec<Status>,
    /// Protected branches by name.
    pub protections: BTreeMap<String, Protection>,
    /// Rulesets.
    pub rulesets: Vec<Ruleset>,
    /// The merge queue of each branch, first first.
    pub queues: BTreeMap<String, Vec<QueueEntry>>,
    /// Webhooks.
    pub hooks: Vec<Hook>,
    /// The number that was given last.
    pub last_number: u64,
}

impl Repo {
    /// `owner/name` as it is written.
    #[must_use]
    pub fn slug(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// `owner/name` as it is looked up.
    #[must_use]
    pub fn key(&self) -> String {
        self.slug().to_ascii_lowercase()
    }

    /// The place of this number.
    #[must_use]
    pub fn at(&self, number: u64) -> IssueRef {
        IssueRef { repo: self.key(), number }
    }

    /// The label of this name, whatever the case.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&Label> {
        self.labels.values().find(|label| label.name.eq_ignore_ascii_case(name))
    }

    /// The tip of a branch.
    #[must_use]
    pub fn tip(&self, branch: &str) -> Option<&String> {
        self.refs.get(&format!("refs/heads/{branch}"))
    }

    /// The pull request of this number, with its issue.
    #[must_use]
    pub fn pull(&self, number: u64) -> Option<(&Issue, &Pull)> {
        let issue = self.issues.get(&number)?;
        Some((issue, issue.pull.as_ref()?))
    }

    /// The pull request of this number, to be changed.
    pub fn pull_mut(&mut self, number: u64) -> Option<&mut Pull> {
        self.issues.get_mut(&number)?.pull.as_mut()
    }

    /// What this account may do here.
    #[must_use]
    pub fn permission(&self, login: &str) -> Option<Permission> {
        if self.owner.eq_ignore_ascii_case(login) {
            return Some(Permission::Admin);
        }
        let granted = self.collaborators.get(&login.to_ascii_lowercase()).copied();
        granted.or((!self.is_private).then_some(Permission::Read))
    }

    /// Whether merges into this branch go through a queue.
    #[must_use]
    pub fn has_queue(&self, branch: &str) -> bool {
        self.rulesets.iter().any(|ruleset| ruleset.branch == branch && ruleset.has_queue)
    }

    /// Names of the checks that have to be green for a merge into this branch, and whether one of the rules wants
    /// the head to contain the base's tip.
    #[must_use]
    pub fn required_checks(&self, branch: &str) -> RequiredChecks {
        let of_rulesets = self.rulesets.iter().filter(|ruleset| ruleset.branch == branch);
        let of_protection = self.protections.get(branch);
        let all = of_rulesets
            .filter_map(|ruleset| ruleset.checks.as_ref())
            .chain(of_protection.and_then(|protection| protection.checks.as_ref()));
        let mut required = RequiredChecks::default();
        for checks in all {
            required.is_strict |= checks.is_strict;
            required.contexts.extend(checks.contexts.iter().cloned());
        }
        required.contexts.sort();
        required.contexts.dedup();
        required
    }

    /// The last word of each check at a commit: name and what it comes to.
    #[must_use]
    pub fn checks_at(&self, sha: &str) -> BTreeMap<String, super::Health> {
        let statuses = self.statuses.iter().filter(|status| status.sha == sha);
        let runs = self.check_runs.iter().filter(|run| run.head_sha == sha);
        let mut last: BTreeMap<String, super::Health> =
            statuses.map(|status| (status.context.clone(), status.health())).collect();
        last.extend(runs.map(|run| (run.name.clone(), run.health())));
        last
    }
}
