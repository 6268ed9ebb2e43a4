//! Settings of a repository: what its owner decides.

use super::{Ctx, Done, Refusal};
use crate::state::{Id, Permission, Protection, Repo, RequiredChecks, Ruleset};

/// What is asked for; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct RepoEdit {
    /// Whether pull requests may merge by themselves.
    pub allow_auto_merge: Option<bool>,
    /// Whether a merged branch is removed.
    pub delete_branch_on_merge: Option<bool>,
    /// Whether nothing may be changed any more.
    pub archived: Option<bool>,
    /// Whether it has issues.
    pub has_issues: Option<bool>,
    /// The branch that counts.
    pub default_branch: Option<String>,
}

/// Changes settings.
///
/// # Errors
/// When the actor is no admin, or the branch is none.
pub fn edit(ctx: &mut Ctx<'_>, slug: &str, edit: RepoEdit) -> Done<()> {
    // An archived repository can still be brought back.
    if edit.archived == Some(false)
        && let Some(repo) = ctx.state.repo_mut(slug)
    {
        repo.is_archived = false;
    }
    let now = ctx.now();
    let repo = ctx.repo_mut(slug, Permission::Admin)?;
    if let Some(branch) = &edit.default_branch {
        if repo.tip(branch).is_none() {
            return Err(Refusal::field("Repository", "default_branch", "invalid"));
        }
        branch.clone_into(&mut repo.default_branch);
    }
    repo.allows_auto_merge = edit.allow_auto_merge.unwrap_or(repo.allows_auto_merge);
    repo.deletes_merged_branches = edit.delete_branch_on_merge.unwrap_or(repo.deletes_merged_branches);
    repo.is_archived = edit.archived.unwrap_or(repo.is_archived);
    repo.has_issues = edit.has_issues.unwrap_or(repo.has_issues);
    repo.updated_at = now;
    Ok(())
}

/// Protects a branch.
///
/// # Errors
/// When the actor is no admin, or there is no such branch.
pub fn protect(ctx: &mut Ctx<'_>, slug: &str, branch: &str, rule: Protection) -> Done<()> {
    let repo = ctx.repo_mut(slug, Permission::Admin)?;
    branch_of(repo, branch)?;
    repo.protections.insert(branch.to_owned(), rule);
    Ok(())
}

/// Lifts the protection of a branch.
///
/// # Errors
/// When it has none.
pub fn unprotect(ctx: &mut Ctx<'_>, slug: &str, branch: &str) -> Done<()> {
    let repo = ctx.repo_mut(slug, Permission::Admin)?;
    repo.protections.remove(branch).map(drop).ok_or(Refusal::NotFound)
}

/// Adds a ruleset for a branch.
///
/// # Errors
/// When the actor is no admin, or there is no such branch.
pub fn add_ruleset(
    ctx: &mut Ctx<'_>,
    slug: &str,
    branch: &str,
    checks: Option<RequiredChecks>,
    has_queue: bool,
) -> Done<Id> {
    let (id, now) = (ctx.state.fresh_id(), ctx.now());
    let repo = ctx.repo_mut(slug, Permission::Admin)?;
    branch_of(repo, branch)?;
    let name = format!("rules of {branch}");
    let branch = branch.to_owned();
    repo.rulesets.push(Ruleset { id, name, branch, checks, has_queue, created_at: now });
    Ok(id)
}

fn branch_of(repo: &Repo, branch: &str) -> Done<()> {
    repo.tip(branch).map(drop).ok_or(Refusal::NotFound)
}
