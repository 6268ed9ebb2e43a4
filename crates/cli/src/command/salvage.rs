//! `herder salvage`: what the vault keeps of a goal, back as a branch. The vault's refs suffice: clone, run
//! directory and database may be gone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use herder_domain::ledger::Cost;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_record::{RunDir, StateDir};
use herder_workspace::{Branched, Checkout, Saved, UserEnvironment, Vault};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::args::Salvage;
use crate::call::Call;
use crate::failure::Failure;
use crate::item::money;
use crate::output::{Reply, Table};
use crate::place;

/// How much of a message stands in the table.
const MESSAGE_MAX: usize = 24;

/// A snapshot as it is listed.
#[derive(Debug, Serialize)]
struct SavedItem {
    run: String,
    iteration: Option<u32>,
    at: Timestamp,
    commit: String,
    files: u64,
    lines_added: u64,
    lines_deleted: u64,
    cost_usd: Cost,
    message: String,
}

/// Lists a goal's snapshots, or brings one back.
pub fn salvage(call: &Call, args: &Salvage) -> Result<Reply, Failure> {
    let state = call.state()?;
    let id = place::kept_goal(call, &state, &args.number)?;
    let vault = Vault::at(&state.vault(&id.repo));
    let saved = meant(vault.saved(id.number.0)?, &id, args)?;
    if args.list {
        return list(&state, &vault, &saved);
    }
    // The list is in order and not empty.
    let Some(last) = saved.last() else { return Err(nothing(&id)) };
    let branch = args.branch.clone().unwrap_or_else(|| usual_branch(&id, last));
    let (place, branched) = match args.vault {
        true => ("herder's vault".to_owned(), vault.keep_branch(&branch, &last.commit)?),
        false => {
            let checkout = checkout(args, &id, &vault, last)?;
            (checkout.top.display().to_string(), checkout.bring_back(&vault, &last.commit, &branch)?)
        }
    };
    if let Branched::Taken { at } = &branched {
        let message =
            format!("branch {branch:?} is there already, at another commit ({})", short(at.as_str()));
        return Err(Failure::refused(message).hint("name another one with --branch; nothing was moved"));
    }
    said(last, &branch, &place)
}

fn said(saved: &Saved, branch: &str, place: &str) -> Result<Reply, Failure> {
    let what = match saved.iteration {
        Some(iteration) => format!("{} after iteration {iteration}", saved.run),
        None => format!("what {} set aside", saved.run),
    };
    let text = format!("{what} is branch {branch} in {place}; no file was touched\n");
    let (run, iteration, commit) = (&saved.run, saved.iteration, saved.commit.to_string());
    let facts = json!({
        "branch": branch, "commit": commit, "run": run, "iteration": iteration, "place": place,
    });
    Reply::one(&facts, text)
}

/// The snapshots that the arguments mean, oldest first; at least one.
fn meant(all: Vec<Saved>, id: &GoalRef, args: &Salvage) -> Result<Vec<Saved>, Failure> {
    if all.is_empty() {
        return Err(nothing(id));
    }
    let runs: Vec<&str> = all.iter().map(|saved| saved.run.as_str()).collect();
    let unknown = args.run.as_ref().filter(|run| !runs.contains(&run.as_str()));
    if let Some(run) = unknown {
        let mut runs = runs;
        runs.dedup();
        return Err(Failure::not_found(format!("nothing is kept of a run {run:?} of {id}"))
            .hint(format!("there is work of {}", runs.join(", "))));
    }
    let last = all.last().map(|saved| saved.run.clone()).filter(|_| !args.list || args.iteration.is_some());
    let run = args.run.clone().or(last);
    let of_run = |saved: &Saved| run.as_ref().is_none_or(|run| saved.run == *run);
    let of_iteration = |saved: &Saved| args.iteration.is_none_or(|wanted| saved.iteration == Some(wanted));
    let mut kept: Vec<Saved> = all.into_iter().filter(|saved| of_run(saved) && of_iteration(saved)).collect();
    // An iteration that changed nothing, and the last look at a run, stand at the commit before.
    kept.dedup_by(|next, saved| next.run == saved.run && next.commit == saved.commit);
    match (kept.is_empty(), args.iteration) {
        (true, Some(iteration)) => Err(Failure::not_found(format!(
            "{} has no snapshot of iteration {iteration}",
            run.unwrap_or_default()
        ))
        .hint(format!("`herder salvage {} --list` shows what there is", id.number))),
        (_, Some(_) | None) => Ok(kept),
    }
}

fn nothing(id: &GoalRef) -> Failure {
    Failure::not_found(format!("nothing is kept of {id}: no run of it took a snapshot"))
        .hint("`herder goal list` shows the goals and how many runs each had")
}

/// `salvage-<goal>-<attempt>-<iteration>`: a run's name ends in its attempt and a hash.
fn usual_branch(id: &GoalRef, saved: &Saved) -> String {
    let attempt = saved.run.rsplit('-').nth(1).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let iteration = saved.iteration.map_or_else(|| "aside".to_owned(), |iteration| iteration.to_string());
    format!("salvage-{}-{}-{iteration}", id.number, attempt.unwrap_or("0"))
}

/// The checkout to bring work to: one of the same repository, for a branch of another's history helps nobody.
fn checkout(args: &Salvage, id: &GoalRef, vault: &Vault, saved: &Saved) -> Result<Checkout, Failure> {
    let elsewhere = |text: String| {
        Failure::usage(text).hint(format!(
            "go to a checkout of {}, name one with --into, or make the branch in herder's vault with --vault",
            id.repo.short()
        ))
    };
    let here = || std::env::current_dir().ok();
    let asked = args.into.clone().map(|path| std::path::absolute(&path).unwrap_or(path));
    let path: PathBuf =
        asked.or_else(here).ok_or_else(|| elsewhere("there is no current directory".into()))?;
    let checkout = Checkout::inspect(&path, &UserEnvironment::of_this_process())
        .map_err(|_| elsewhere(format!("{} is no checkout with a commit", path.display())))?;
    if !vault.shares_history(&saved.commit, &checkout)? {
        let text = format!("{} is no checkout of {}", checkout.top.display(), id.repo.short());
        return Err(elsewhere(text));
    }
    Ok(checkout)
}

fn list(state: &StateDir, vault: &Vault, saved: &[Saved]) -> Result<Reply, Failure> {
    let mut costs = Spent::of(state);
    let mut items = Vec::new();
    for saved in saved {
        let facts = vault.changes_of(&saved.commit)?;
        items.push(SavedItem {
            run: saved.run.clone(),
            iteration: saved.iteration,
            at: saved.at,
            commit: saved.commit.to_string(),
            files: facts.files.len() as u64,
            lines_added: facts.lines_added,
            lines_deleted: facts.lines_deleted,
            cost_usd: costs.of_iteration(&saved.run, saved.iteration),
            message: saved.message.clone(),
        });
    }
    Reply::list(&items, table(&items))
}

fn table(items: &[SavedItem]) -> String {
    let mut table = Table::new(&["run", "iteration", "when", "files", "cost", "message"]);
    for item in items {
        table.row([
            item.run.clone(),
            item.iteration.map_or_else(|| "aside".to_owned(), |iteration| iteration.to_string()),
            item.at.strftime("%m-%d %H:%M").to_string(),
            format!("{} +{} -{}", item.files, item.lines_added, item.lines_deleted),
            item.cost_usd.known().map_or_else(|| "-".to_owned(), |_| money(item.cost_usd)),
            item.message.chars().take(MESSAGE_MAX).collect(),
        ]);
    }
    table.or("nothing is kept")
}

/// What iterations cost, as far as their run directories are still there.
struct Spent<'a> {
    state: &'a StateDir,
    runs: BTreeMap<String, BTreeMap<u32, Cost>>,
}

impl<'a> Spent<'a> {
    fn of(state: &'a StateDir) -> Self {
        Self { state, runs: BTreeMap::new() }
    }

    fn of_iteration(&mut self, run: &str, iteration: Option<u32>) -> Cost {
        let state = self.state;
        let costs = self.runs.entry(run.to_owned()).or_insert_with(|| read(state, run));
        iteration.and_then(|iteration| costs.get(&iteration)).copied().unwrap_or(Cost::UNKNOWN)
    }
}

fn read(state: &StateDir, run: &str) -> BTreeMap<u32, Cost> {
    let dir = RunId::try_from(run.to_owned()).ok().map(|run| RunDir::of(state, run));
    let iterations = dir.and_then(|dir| dir.iterations().ok()).unwrap_or_default();
    let mut costs: BTreeMap<u32, Cost> = BTreeMap::new();
    for iteration in iterations {
        // One that a limit cut off was repeated under its number.
        let sum = costs.entry(iteration.iteration).or_default();
        *sum = *sum + iteration.spend.cost;
    }
    costs
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
