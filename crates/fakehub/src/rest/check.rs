//! Check runs, check suites, statuses, logs.

use serde_json::{Value, json};

use super::commit::resolve;
use super::{Answer, Body, Call};
use crate::op::check::{self, CheckEdit};
use crate::op::{Ctx, Done, Refusal};
use crate::state::{CheckRun, Conclusion, Id, Permission, Status};
use crate::view::suite;

pub fn create(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = check::create(ctx, &call.slug(), wanted(call)?)?;
    Ok(Answer { status: 201, ..show(call, ctx, id)? })
}

pub fn edit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("check_run_id")?;
    check::edit(ctx, &call.slug(), id, wanted(call)?)?;
    show(call, ctx, id)
}

fn wanted(call: &Call) -> Done<CheckEdit> {
    let word = call.text("conclusion");
    let parse = |word: &String| Conclusion::ALL.into_iter().find(|one| one.word() == word);
    let conclusion = word.as_ref().and_then(parse);
    if word.is_some() && conclusion.is_none() {
        return Err(Refusal::field("CheckRun", "conclusion", "invalid"));
    }
    let output = &call.body["output"];
    let part = |name: &str| output[name].as_str().map(str::to_owned);
    Ok(CheckEdit {
        name: call.text("name"),
        head_sha: call.text("head_sha"),
        status: call.text("status"),
        conclusion,
        output: output.is_object().then(|| [part("title"), part("summary"), part("text")]),
        details_url: call.text("details_url"),
        external_id: call.text("external_id"),
        log: None,
    })
}

pub fn get(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    show(call, ctx, call.id("check_run_id")?)
}

fn show(call: &Call, ctx: &Ctx<'_>, id: Id) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let run = repo.check_runs.iter().find(|run| run.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::ok(ctx.view().check_run(repo, run)))
}

/// `filter` is `latest` when nothing is said: of runs with one name the last.
pub fn of_commit(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let sha = resolve(ctx, repo, call.param("ref"))?;
    let mut runs: Vec<&CheckRun> = Vec::new();
    for run in repo.check_runs.iter().filter(|run| run.head_sha == sha) {
        if call.query("filter") != Some("all") {
            runs.retain(|other| other.name != run.name);
        }
        runs.push(run);
    }
    runs.retain(|run| call.query("check_name").is_none_or(|name| name == run.name));
    runs.retain(|run| call.query("status").is_none_or(|status| status == run.status));
    let count = runs.len();
    Ok(call.page_in(
        &runs,
        |run| ctx.view().check_run(repo, run),
        |runs| json!({ "total_count": count, "check_runs": runs }),
    ))
}

pub fn suites(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let sha = resolve(ctx, repo, call.param("ref"))?;
    let has_runs = repo.check_runs.iter().any(|run| run.head_sha == sha);
    let suites: Vec<Value> =
        has_runs.then(|| ctx.view().check_suite(ctx.git, repo, &sha)).into_iter().collect();
    let count = suites.len();
    Ok(call.page_in(&suites, Value::clone, |suites| json!({ "total_count": count, "check_suites": suites })))
}

pub fn suite_by_id(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("check_suite_id")?;
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let run = repo.check_runs.iter().find(|run| suite(repo, &run.head_sha) == id);
    let sha = run.ok_or(Refusal::NotFound)?.head_sha.clone();
    Ok(Answer::ok(ctx.view().check_suite(ctx.git, repo, &sha)))
}

pub fn annotations(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    show(call, ctx, call.id("check_run_id")?)?;
    Ok(Answer::ok(json!([])))
}

/// What a check printed: a redirect to a file, as on GitHub.
pub fn logs(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("job_id")?;
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    repo.check_runs.iter().find(|run| run.id == id).ok_or(Refusal::NotFound)?;
    let place = format!("{}/_logs/{}/{id}", ctx.root, repo.slug());
    Ok(Answer { status: 302, body: Body::Empty, headers: vec![("location".to_owned(), place)] })
}

/// The file with a check's output, which is no part of the API.
pub fn log_file(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let id = call.id("job_id")?;
    let run = ctx.state.repo(&call.slug()).and_then(|repo| repo.check_runs.iter().find(|run| run.id == id));
    let text = run.ok_or(Refusal::NotFound)?.log.clone();
    Ok(Answer { status: 200, body: Body::Text(text), headers: Vec::new() })
}

pub fn create_status(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let status = Status {
        id: Id(0),
        sha: call.param("sha").to_owned(),
        context: call.text("context").unwrap_or_else(|| "default".to_owned()),
        state: call.needed("Status", "state")?,
        description: call.text("description"),
        target_url: call.text("target_url"),
        creator: String::new(),
        created_at: ctx.now(),
    };
    let id = check::status(ctx, &call.slug(), status)?;
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let status = repo.statuses.iter().find(|status| status.id == id).ok_or(Refusal::NotFound)?;
    Ok(Answer::created(ctx.view().status(repo, status)))
}

pub fn statuses(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let sha = resolve(ctx, repo, call.param("ref"))?;
    let all: Vec<&Status> = repo.statuses.iter().rev().filter(|status| status.sha == sha).collect();
    Ok(call.page(&all, |status| ctx.view().status(repo, status)))
}

pub fn combined(call: &Call, ctx: &mut Ctx<'_>) -> Done<Answer> {
    let repo = ctx.repo(&call.slug(), Permission::Read)?;
    let sha = resolve(ctx, repo, call.param("ref"))?;
    Ok(Answer::ok(ctx.view().combined_status(repo, &sha)))
}
