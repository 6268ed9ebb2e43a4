//! Whether a pull request can be merged, and what is in the way: GraphQL's `MergeStateStatus`.

use super::Ctx;
use crate::state::{Health, Issue, Permission, Pull, Repo, ReviewState};

/// What stands between a pull request and its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeState {
    /// Nothing.
    Clean,
    /// A check that is not required has not passed.
    Unstable,
    /// Something required is missing.
    Blocked,
    /// The base has moved, and that must not be.
    Behind,
    /// A conflict.
    Dirty,
    /// It is a draft.
    Draft,
    /// Not worked out yet.
    Unknown,
}

impl MergeState {
    /// The word of GraphQL; REST has it in small letters.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            MergeState::Clean => "CLEAN",
            MergeState::Unstable => "UNSTABLE",
            MergeState::Blocked => "BLOCKED",
            MergeState::Behind => "BEHIND",
            MergeState::Dirty => "DIRTY",
            MergeState::Draft => "DRAFT",
            MergeState::Unknown => "UNKNOWN",
        }
    }
}

/// Works out whether head and base merge, as GitHub does behind a reader's back.
pub fn work_out(ctx: &mut Ctx<'_>, key: &str, number: u64) {
    let Some(repo) = ctx.state.repo(key) else { return };
    let Some((issue, pull)) = repo.pull(number) else { return };
    let Some(tip) = repo.tip(&pull.base).cloned() else { return };
    if !issue.is_open() || pull.is_mergeable(&tip).is_some() {
        return;
    }
    let head = pull.head_sha.clone();
    let merges = ctx.git.merge_tree(key, &tip, &head).is_some();
    let pull = ctx.state.repo_mut(key).and_then(|repo| repo.pull_mut(number));
    if let Some(pull) = pull {
        pull.mergeable = Some((head, tip, merges));
    }
}

/// What is in the way, as far as it has been worked out.
#[must_use]
pub fn merge_state(git: &crate::git::Git, repo: &Repo, issue: &Issue, pull: &Pull) -> MergeState {
    let Some(tip) = repo.tip(&pull.base).filter(|_| issue.is_open()) else { return MergeState::Unknown };
    match pull.is_mergeable(tip) {
        None => return MergeState::Unknown,
        Some(false) => return MergeState::Dirty,
        Some(true) => {}
    }
    if pull.is_draft {
        return MergeState::Draft;
    }
    let required = repo.required_checks(&pull.base);
    if !missing(repo, pull).is_empty() {
        return MergeState::Blocked;
    }
    if required.is_strict && !repo.has_queue(&pull.base) && !git.contains(&repo.key(), &pull.head_sha, tip) {
        return MergeState::Behind;
    }
    let checks = repo.checks_at(&pull.head_sha);
    if checks.values().any(|health| *health != Health::Good) {
        return MergeState::Unstable;
    }
    MergeState::Clean
}

/// Whether a head lacks commits of its base.
#[must_use]
pub fn is_behind(ctx: &Ctx<'_>, key: &str, head: &str, tip: &str) -> bool {
    !ctx.git.contains(key, head, tip)
}

/// What the base asks for and the pull request lacks, in GitHub's sentences.
#[must_use]
pub fn missing(repo: &Repo, pull: &Pull) -> Vec<String> {
    let checks = repo.checks_at(&pull.head_sha);
    let mut missing = Vec::new();
    for name in repo.required_checks(&pull.base).contexts {
        match checks.get(&name) {
            Some(Health::Good) => {}
            Some(Health::Open) => missing.push(format!("Required status check \"{name}\" is pending.")),
            Some(Health::Bad) => missing.push(format!("Required status check \"{name}\" is failing.")),
            None => missing.push(format!("Required status check \"{name}\" is expected.")),
        }
    }
    let wanted = repo.protections.get(&pull.base).and_then(|rule| rule.approvals);
    if let Some(wanted) = wanted {
        let (approvals, objections) = votes(repo, pull);
        if objections > 0 {
            missing.push("Changes were requested by a reviewer with write access.".to_owned());
        } else if approvals < wanted {
            let many = if wanted == 1 { "review is" } else { "reviews are" };
            missing
                .push(format!("At least {wanted} approving {many} required by reviewers with write access."));
        }
    }
    missing
}

/// The last words of reviewers with write access: approvals, and requests for changes.
#[must_use]
pub fn votes(repo: &Repo, pull: &Pull) -> (u64, u64) {
    let counts = |state: ReviewState| {
        matches!(state, ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Dismissed)
    };
    let mut last = std::collections::BTreeMap::new();
    for review in pull.reviews.iter().filter(|review| counts(review.state)) {
        if repo.permission(&review.author) >= Some(Permission::Write) {
            last.insert(review.author.clone(), review.state);
        }
    }
    let number = |wanted| last.values().filter(|state| **state == wanted).count() as u64;
    (number(ReviewState::Approved), number(ReviewState::ChangesRequested))
}
