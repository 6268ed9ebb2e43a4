//! What machines say of a commit.

use serde_json::json;

use super::node::{Answer, Found, Thing};
use crate::op::{Ctx, Refusal};
use crate::state::{CheckRun, Health, Id, NodeKind, Permission, Repo, Status};

/// A field of all that is said of a commit.
pub fn rollup(ctx: &Ctx<'_>, key: &str, sha: &str, field: &str) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    Ok(match field {
        "id" => Found::Leaf(json!(format!("SCR_{}_{sha}", repo.id))),
        "state" => Found::Leaf(json!(match repo.checks_at(sha).values().max() {
            Some(Health::Good) => "SUCCESS",
            Some(Health::Bad) => "FAILURE",
            Some(Health::Open) | None => "PENDING",
        })),
        "commit" => Found::Thing(Thing::Commit(repo.key(), sha.to_owned())),
        "contexts" => Found::All("StatusCheckRollupContextConnection", contexts(repo, sha)),
        _ => Found::Unknown,
    })
}

/// The last word of each check and status.
fn contexts(repo: &Repo, sha: &str) -> Vec<Thing> {
    let mut runs: Vec<&CheckRun> = Vec::new();
    for run in repo.check_runs.iter().filter(|run| run.head_sha == sha) {
        runs.retain(|other| other.name != run.name);
        runs.push(run);
    }
    let mut statuses: Vec<&Status> = Vec::new();
    for status in repo.statuses.iter().filter(|status| status.sha == sha) {
        statuses.retain(|other| other.context != status.context);
        statuses.push(status);
    }
    let runs = runs.into_iter().map(|run| Thing::CheckRun(repo.key(), run.id));
    runs.chain(statuses.into_iter().map(|status| Thing::Status(repo.key(), status.id))).collect()
}

/// The suite of a commit, if anything was checked.
pub fn suites(repo: &Repo, sha: &str) -> Vec<Thing> {
    let has_runs = repo.check_runs.iter().any(|run| run.head_sha == sha);
    has_runs.then(|| suite(repo, sha)).into_iter().collect()
}

fn suite(repo: &Repo, sha: &str) -> Thing {
    let id = crate::view::suite(repo, sha);
    let runs = repo.check_runs.iter().filter(|run| run.head_sha == sha);
    let worst = runs.map(CheckRun::health).max().unwrap_or(Health::Good);
    let (status, conclusion) = match worst {
        Health::Good => ("COMPLETED", Some("SUCCESS")),
        Health::Open => ("IN_PROGRESS", None),
        Health::Bad => ("COMPLETED", Some("FAILURE")),
    };
    let shown = json!({
        "id": id.node(NodeKind::CheckSuite), "databaseId": id.0, "status": status, "conclusion": conclusion,
    });
    Thing::Plain("CheckSuite", shown, Vec::new())
}

/// A field of a check run.
pub fn run(ctx: &Ctx<'_>, key: &str, id: Id, field: &str) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let run = repo.check_runs.iter().find(|run| run.id == id).ok_or(Refusal::NotFound)?;
    let page = ctx.view().page(repo, &format!("/runs/{id}"));
    let [title, summary, text] = &run.output;
    let value = match field {
        "id" => json!(id.node(NodeKind::CheckRun)),
        "databaseId" => json!(id.0),
        "name" => json!(run.name),
        "status" => json!(run.status.to_ascii_uppercase()),
        "conclusion" => json!(run.conclusion.map(|conclusion| conclusion.word().to_ascii_uppercase())),
        "startedAt" => json!(run.started_at.to_string()),
        "completedAt" => json!(run.completed_at.map(|at| at.to_string())),
        "detailsUrl" => json!(run.details_url.clone().unwrap_or_else(|| page.clone())),
        "permalink" | "url" => json!(page),
        "resourcePath" => json!(page.trim_start_matches(&ctx.view().web())),
        "title" => json!(title),
        "summary" => json!(summary),
        "text" => json!(text),
        "externalId" => json!(run.external_id),
        "isRequired" => json!(is_required(repo, &run.head_sha, &run.name)),
        "checkSuite" => return Ok(Found::Thing(suite(repo, &run.head_sha))),
        "repository" => return Ok(Found::Thing(Thing::Repo(repo.key()))),
        _ => return Ok(Found::Unknown),
    };
    Ok(Found::Leaf(value))
}

/// Whether the pull request at this commit needs it.
fn is_required(repo: &Repo, sha: &str, name: &str) -> bool {
    let pulls = repo.issues.values().filter_map(|issue| issue.pull.as_ref());
    pulls
        .filter(|pull| pull.head_sha == sha)
        .any(|pull| repo.required_checks(&pull.base).contexts.iter().any(|one| one == name))
}

/// A field of a status.
pub fn status(ctx: &Ctx<'_>, key: &str, id: Id, field: &str) -> Answer {
    let repo = ctx.repo(key, Permission::Read)?;
    let status = repo.statuses.iter().find(|status| status.id == id).ok_or(Refusal::NotFound)?;
    let value = match field {
        "id" => json!(id.node(NodeKind::Status)),
        "context" => json!(status.context),
        "state" => json!(status.state.to_ascii_uppercase()),
        "description" => json!(status.description),
        "targetUrl" => json!(status.target_url),
        "createdAt" => json!(status.created_at.to_string()),
        "isRequired" => json!(is_required(repo, &status.sha, &status.context)),
        "creator" => return Ok(Found::Thing(Thing::Person(status.creator.clone()))),
        _ => return Ok(Found::Unknown),
    };
    Ok(Found::Leaf(value))
}
