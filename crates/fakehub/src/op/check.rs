//! What machines say of a commit.

use serde_json::json;

use super::{Ctx, Done, Refusal};
use crate::state::{CheckRun, Conclusion, Id, Permission, Status};

/// What is said of a check run; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct CheckEdit {
    /// Its name.
    pub name: Option<String>,
    /// The commit.
    pub head_sha: Option<String>,
    /// `queued`, `in_progress` or `completed`.
    pub status: Option<String>,
    /// How it ended, which also ends it.
    pub conclusion: Option<Conclusion>,
    /// Title, summary and text.
    pub output: Option<[Option<String>; 3]>,
    /// Where more is to be read.
    pub details_url: Option<String>,
    /// The app's own name for it.
    pub external_id: Option<String>,
    /// What it printed.
    pub log: Option<String>,
}

/// Starts a check run.
///
/// # Errors
/// When name or commit is missing, or there is no such commit.
pub fn create(ctx: &mut Ctx<'_>, slug: &str, edit: CheckEdit) -> Done<Id> {
    let (id, now) = (ctx.state.fresh_id(), ctx.now());
    let key = ctx.repo(slug, Permission::Write)?.key();
    let name = edit.name.clone().ok_or_else(|| Refusal::field("CheckRun", "name", "missing_field"))?;
    let head_sha = edit.head_sha.clone();
    let head_sha = head_sha.ok_or_else(|| Refusal::field("CheckRun", "head_sha", "missing_field"))?;
    if !ctx.git.has(&key, &head_sha) {
        return Err(Refusal::unprocessable(format!("No commit found for SHA: {head_sha}")));
    }
    let run = CheckRun {
        id,
        name,
        head_sha,
        status: "queued".to_owned(),
        conclusion: None,
        started_at: now,
        completed_at: None,
        output: [None, None, None],
        details_url: None,
        external_id: String::new(),
        log: String::new(),
    };
    ctx.repo_mut(slug, Permission::Write)?.check_runs.push(run);
    apply(ctx, slug, id, edit)?;
    tell(ctx, &key, id, "created");
    Ok(id)
}

/// Changes a check run.
///
/// # Errors
/// When there is none.
pub fn edit(ctx: &mut Ctx<'_>, slug: &str, id: Id, edit: CheckEdit) -> Done<()> {
    apply(ctx, slug, id, edit)?;
    let key = ctx.repo(slug, Permission::Write)?.key();
    tell(ctx, &key, id, "completed");
    Ok(())
}

fn apply(ctx: &mut Ctx<'_>, slug: &str, id: Id, edit: CheckEdit) -> Done<()> {
    let now = ctx.now();
    let repo = ctx.repo_mut(slug, Permission::Write)?;
    let run = repo.check_runs.iter_mut().find(|run| run.id == id).ok_or(Refusal::NotFound)?;
    run.name = edit.name.unwrap_or_else(|| run.name.clone());
    run.status = edit.status.unwrap_or_else(|| run.status.clone());
    run.output = edit.output.unwrap_or_else(|| run.output.clone());
    run.details_url = edit.details_url.or_else(|| run.details_url.clone());
    run.external_id = edit.external_id.unwrap_or_else(|| run.external_id.clone());
    run.log = edit.log.unwrap_or_else(|| run.log.clone());
    if edit.conclusion.is_some() {
        run.conclusion = edit.conclusion;
        "completed".clone_into(&mut run.status);
        run.completed_at = Some(now);
    } else if run.status != "completed" {
        run.conclusion = None;
        run.completed_at = None;
    } else if run.conclusion.is_none() {
        return Err(Refusal::field("CheckRun", "conclusion", "missing_field"));
    }
    Ok(())
}

fn tell(ctx: &mut Ctx<'_>, key: &str, id: Id, action: &str) {
    let look = ctx.view();
    let Some(repo) = ctx.state.repo(key) else { return };
    let Some(run) = repo.check_runs.iter().find(|run| run.id == id) else { return };
    let (payload, is_over) = (json!({ "check_run": look.check_run(repo, run) }), run.conclusion.is_some());
    let action = if is_over { "completed" } else { action };
    ctx.tell(key, "check_run", Some(action), payload);
}

/// Says something of a commit.
///
/// # Errors
/// When the word is none, or there is no such commit.
pub fn status(ctx: &mut Ctx<'_>, slug: &str, status: Status) -> Done<Id> {
    let (id, now, creator) = (ctx.state.fresh_id(), ctx.now(), ctx.login()?);
    let repo = ctx.repo(slug, Permission::Write)?;
    let key = repo.key();
    if !["pending", "success", "failure", "error"].contains(&status.state.as_str()) {
        return Err(Refusal::field("Status", "state", "invalid"));
    }
    if !ctx.git.has(&key, &status.sha) {
        return Err(Refusal::unprocessable(format!("No commit found for SHA: {}", status.sha)));
    }
    let payload = json!({ "sha": status.sha, "context": status.context, "state": status.state });
    let status = Status { id, creator, created_at: now, ..status };
    ctx.repo_mut(slug, Permission::Write)?.statuses.push(status);
    ctx.tell(&key, "status", None, payload);
    Ok(id)
}
