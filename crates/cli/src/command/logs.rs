//! `herder logs`.

use std::io::{ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_record::{Liveness, RunDir, StateDir};
use herder_store::Store;
use herder_watch::Tail;
use serde_json::json;

use crate::args::{Logs, Reference};
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::{Output, Reply, printable};
use crate::place;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// What is followed.
enum Followed {
    /// A goal, from run to run.
    Goal(GoalRef),
    /// One run.
    Run(RunId),
}

/// Prints the log of a run.
pub fn logs(call: &Call, args: &Logs) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let followed = meant(call, &opened, &args.what)?;
    let Some(run) = followed.last_run(&opened.store)? else {
        return Err(Failure::not_found(format!("{} never ran", args.what))
            .hint("`herder why N` says why a goal does not start"));
    };
    let shown = match (args.follow, call.output.is_json()) {
        (true, _) => follow(call.output, &opened, &followed, run),
        (false, true) => return as_json(&opened.state, &run),
        (false, false) => print(&opened.state, &run),
    };
    match shown {
        Err(Stop::Enough) | Ok(()) => Ok(Reply::nothing()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// Why printing ends early.
enum Stop {
    /// The reader has seen enough.
    Enough,
    /// It does not go on.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Enough,
            _ => Self::Failed(Failure::environment(format!("failed to print the log: {error}"))),
        }
    }
}

fn meant(call: &Call, opened: &Opened, what: &str) -> Result<Followed, Failure> {
    if let Ok(reference) = what.parse::<Reference>() {
        return Ok(Followed::Goal(place::goal(call, &opened.store, &reference)?));
    }
    let unknown = || {
        Failure::not_found(format!("there is no run {what:?}"))
            .hint("`herder goal show N` names a goal's runs")
    };
    let run = RunId::try_from(what.to_owned()).map_err(|_| unknown())?;
    let is_there = opened.state.run(&run).is_dir();
    is_there.then_some(Followed::Run(run)).ok_or_else(unknown)
}

impl Followed {
    fn last_run(&self, store: &Store) -> Result<Option<RunId>, Failure> {
        match self {
            Self::Goal(goal) => Ok(store.runs_of(goal)?.pop().map(|run| run.id)),
            Self::Run(run) => Ok(Some(run.clone())),
        }
    }

    /// Whether another run may follow by itself.
    fn goes_on(&self, store: &Store) -> Result<bool, Failure> {
        match self {
            Self::Goal(goal) => {
                let state = store.goal(goal)?.map(|goal| goal.state.word());
                Ok(matches!(state, Some("queued" | "running")))
            }
            Self::Run(_) => Ok(false),
        }
    }
}

fn print(state: &StateDir, run: &RunId) -> Result<(), Stop> {
    let mut out = stdout().lock();
    for part in RunDir::of(state, run.clone()).log_parts() {
        for line in lines_of(part)? {
            writeln!(out, "{}", printable(&line))?;
        }
    }
    Ok(out.flush()?)
}

/// What stands in one part of a log by now.
fn lines_of(part: PathBuf) -> std::io::Result<Vec<String>> {
    let mut tail = Tail::new(part);
    Ok(tail.lines()?.into_iter().chain(tail.rest()).collect())
}

fn as_json(state: &StateDir, run: &RunId) -> Result<Reply, Failure> {
    let read = |error: std::io::Error| Failure::environment(format!("failed to read the log: {error}"));
    let parts = RunDir::of(state, run.clone()).log_parts().into_iter();
    let lines: Vec<String> = parts.map(lines_of).collect::<Result<Vec<_>, _>>().map_err(read)?.concat();
    Reply::one(&json!({ "run": run, "items": lines }), "")
}

fn follow(output: Output, opened: &Opened, followed: &Followed, first: RunId) -> Result<(), Stop> {
    let mut run = first;
    loop {
        follow_run(output, &opened.state, &run)?;
        match next_run(opened, followed, &run)? {
            Some(next) => run = next,
            None => return Ok(()),
        }
    }
}

fn follow_run(output: Output, state: &StateDir, run: &RunId) -> Result<(), Stop> {
    let dir = RunDir::of(state, run.clone());
    let mut tail = Tail::new(dir.log_path());
    if let [older, _] = &dir.log_parts()[..] {
        lines_of(older.clone())?.iter().try_for_each(|line| tell(output, run, line))?;
    }
    loop {
        // Looked at first: what was written before the end is then read for sure.
        let is_over = match dir.liveness().map_err(Failure::from)? {
            Liveness::Alive | Liveness::NotStarted => false,
            Liveness::Ended(_) | Liveness::Crashed => true,
        };
        tail.lines()?.iter().try_for_each(|line| tell(output, run, line))?;
        if is_over {
            return Ok(tail.rest().map_or(Ok(()), |line| tell(output, run, &line))?);
        }
        thread::sleep(PAUSE);
    }
}

fn tell(output: Output, run: &RunId, line: &str) -> std::io::Result<()> {
    output.say(&json!({ "run": run, "line": line }), line)
}

/// The run after `run`, waited for as long as one may come.
fn next_run(opened: &Opened, followed: &Followed, run: &RunId) -> Result<Option<RunId>, Stop> {
    loop {
        let last = followed.last_run(&opened.store)?;
        if let Some(last) = last.filter(|last| last != run) {
            return Ok(Some(last));
        }
        if !followed.goes_on(&opened.store)? {
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}
