//! `herder take`: a person steps into a goal's workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalState};
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunSpec};
use herder_executor::{Room, Toolchains};
use herder_orchestrator::Attend;
use herder_record::RunDir;
use herder_store::{AppendError, Store, StoreError};
use herder_workspace::use_caches;
use jiff::Timestamp;
use serde_json::json;

use crate::args::Take;
use crate::call::{Call, Opened, env_text};
use crate::command::up::not_up;
use crate::failure::Failure;
use crate::output::{Progress, Reply};
use crate::place;

/// What of a person's own surroundings a shell needs beside the run's environment. HOME is theirs: it holds
/// the settings of their editor and their shell.
const OWN: [&str; 14] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "COLORTERM",
    "TMPDIR",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
];

/// A workspace that a person has in hand.
struct Held {
    by: String,
    since: Timestamp,
    spec: RunSpec,
}

/// Takes a goal, and opens a shell in its workspace.
pub fn take(call: &Call, args: &Take) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    let goal = found(&opened.store, &id)?;
    if goal.taken.is_none() {
        let event = Event::of(&id, What::GoalTaken { by: call.author() });
        opened.store.append(&event, call.now).map_err(|error| not_taken(error, &goal))?;
        herder_orchestrator::wake(&opened.state);
    }
    let held = workspace(call, opened, &id)?;
    if args.print || call.output.is_json() {
        return printed(&held, &id);
    }
    shell(&held)?;
    Ok(Reply::default().and(&how_to_go_on(&id)))
}

fn found(store: &Store, id: &GoalRef) -> Result<Goal, Failure> {
    store.goal(id)?.ok_or_else(|| Failure::not_found(format!("there is no goal {id}")))
}

fn not_taken(error: AppendError, goal: &Goal) -> Failure {
    let n = goal.id.number;
    let hint = match &goal.state {
        GoalState::Done { .. } => format!("it has landed; `herder undo {n}` takes it out again"),
        GoalState::Cancelled | GoalState::Resolved => "it is closed; write another goal".to_owned(),
        GoalState::Running { .. } | GoalState::Offered { .. } => {
            format!("`herder why {n}` says how its landing stands; wait for it")
        }
        GoalState::Draft { .. }
        | GoalState::Queued { .. }
        | GoalState::SpotCheck { .. }
        | GoalState::Stuck { .. } => format!("`herder why {n}` says where it stands"),
    };
    Failure::from(error).hint(hint)
}

/// Waits until the workspace stands; the ralph that is at work makes way first.
fn workspace(call: &Call, opened: Opened, id: &GoalRef) -> Result<Held, Failure> {
    let Opened { state, store } = opened;
    let awaited = id.clone();
    let order = Attend {
        state: state.clone(),
        config: call.config()?,
        herder: PathBuf::from("/proc/self/exe"),
        goal: id.clone(),
        is_over: Box::new(move |store| is_settled(store, &awaited)),
        tell: Box::new(|_| {}),
    };
    let n = id.number;
    let progress = Progress::begin(call.output, format!("waiting for the workspace of {id}"));
    let is_over = herder_orchestrator::attend(order).map_err(not_up)?;
    drop(progress);
    if !is_over {
        return Err(Failure::refused("it was not waited for").hint(format!(
            "{id} stays taken: `herder take {n}` goes on, `herder give {n} --drop` lets it go"
        )));
    }
    let goal = found(&store, id)?;
    let Some((hold, run)) = goal.taken.clone().zip(current(&store, &goal)?) else {
        return Err(not_prepared(&store, &goal));
    };
    let spec = RunDir::of(&state, run.id).spec()?;
    let spec = spec.ok_or_else(|| Failure::environment(format!("the run directory of {id} is gone")))?;
    Ok(Held { by: hold.by, since: hold.since, spec })
}

/// Whether the workspace is a person's, or nobody waits for it any more.
fn is_settled(store: &Store, id: &GoalRef) -> Result<bool, StoreError> {
    match store.goal(id)? {
        Some(goal) if goal.taken.is_some() => Ok(current(store, &goal)?.is_some_and(|run| run.is_held())),
        Some(_) | None => Ok(true),
    }
}

fn current(store: &Store, goal: &Goal) -> Result<Option<Run>, StoreError> {
    match goal.current_run() {
        Some(run) => store.run(run),
        None => Ok(None),
    }
}

/// The workspace could not be prepared, and the goal is where it was.
fn not_prepared(store: &Store, goal: &Goal) -> Failure {
    let last = store.runs_of(&goal.id).ok().and_then(|mut runs| runs.pop());
    let why = last.and_then(|run| run.result).map(|result| result.outcome.sentence());
    let why = why.unwrap_or_else(|| "nobody knows why".to_owned());
    Failure::environment(format!("the workspace of {} could not be prepared: {why}", goal.id))
        .hint(format!("the goal is {} again, as it was", goal.state.word()))
}

fn printed(held: &Held, id: &GoalRef) -> Result<Reply, Failure> {
    let path = &held.spec.setup.clone;
    let facts = json!({
        "goal": id.to_string(),
        "number": id.number,
        "run": held.spec.run,
        "path": path,
        "by": held.by,
        "since": held.since,
        "env": environment(&held.spec),
    });
    Reply::one(&facts, format!("{}\n", path.display()))
}

/// The run's environment, with what is a person's own.
fn environment(spec: &RunSpec) -> BTreeMap<String, String> {
    let setup = &spec.setup;
    let room = Room::new(&setup.room, &setup.caches);
    let mut env = room.env(&Toolchains::detect(), &setup.pass);
    env.extend(setup.env.clone());
    for name in OWN {
        match env_text(name) {
            Some(value) => env.insert(name.to_owned(), value),
            None => env.remove(name),
        };
    }
    // What the set-up has put into its HOME is there.
    env.insert("HERDER_HOME".to_owned(), room.home().display().to_string());
    // Not the marker by which a run's processes are found: nobody ends a person's shell.
    env.insert("HERDER_TAKEN".to_owned(), spec.run.to_string());
    env
}

fn shell(held: &Held) -> Result<(), Failure> {
    let spec = &held.spec;
    let failed = |what: &str, error: std::io::Error| {
        Failure::environment(format!("failed to {what}: {error}"))
            .hint(format!("the workspace is {}", spec.setup.clone.display()))
    };
    let room = Room::new(&spec.setup.room, &spec.setup.caches);
    let _caches = use_caches(room.caches())?;
    room.create().map_err(|error| failed("make the run's caches", error))?;
    let shell = env_text("SHELL").filter(|shell| Path::new(shell).is_absolute());
    let shell = shell.unwrap_or_else(|| "/bin/sh".to_owned());
    let mut command = Command::new(&shell);
    command.env_clear().envs(environment(spec)).current_dir(&spec.setup.clone);
    // How a shell ends is the business of the last command in it.
    command.status().map_err(|error| failed(&format!("start {shell}"), error))?;
    Ok(())
}

fn how_to_go_on(id: &GoalRef) -> String {
    let n = id.number;
    format!(
        "{id} stays yours, also over restarts of herder.\n\
         \x20 herder give {n}         it is finished: gate, then landing\n\
         \x20 herder give {n} --back  a ralph goes on from here (--say TEXT tells it something)\n\
         \x20 herder give {n} --drop  forget what was changed\n\
         \x20 herder take {n}         step in again\n"
    )
}
