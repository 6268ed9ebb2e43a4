//! `herder ralph`: one run, for an orchestrator or for a person.

mod alone;
pub(super) mod here;

use std::path::Path;
use std::sync::Arc;

use herder_agent::Agent;
use herder_domain::run::RunSpec;
use herder_executor::Launcher;
use herder_gate::GateError;
use herder_ralph::{Order, RalphError};
use herder_workspace::WorkspaceError;
use serde_json::json;

use crate::agents::adapter;
use crate::args;
use crate::call::{Call, env_text};
use crate::failure::{Failure, Kind, chain};
use crate::output::Reply;

/// Works at a person's goal until it has an outcome.
pub fn ralph(call: &Call, args: args::Ralph) -> Result<Reply, Failure> {
    name_process();
    alone::alone(call, &args.goal, args.continues, args.flags)
}

/// Started through /proc/self/exe it would be called "exe"; without the name it works as well.
fn name_process() {
    let _ = rustix::thread::set_name(c"herder-ralph");
}

/// The orchestrator's order: the outcome stands in the run directory, whatever it is.
///
/// It is started at night, many at a time: what earlier commands left is swept by others.
pub fn of_orchestrator(dir: &Path) -> Result<Reply, Failure> {
    name_process();
    let order = Order { announces: true, ..order(dir) };
    let ending = herder_ralph::run(&order).map_err(failed)?;
    let json = json!({ "outcome": ending.outcome, "iterations": ending.iterations });
    Reply::one(&json, format!("{}\n", ending.outcome.sentence()))
}

fn order(dir: &Path) -> Order<'_> {
    Order { dir, launcher: Launcher::own(), agent: &find, lookup: &env_text, announces: false }
}

fn find(spec: &RunSpec) -> Result<Arc<dyn Agent>, RalphError> {
    Ok(adapter(&spec.agent, &spec.setup.agent)?)
}

/// Why a ralph, or a question to the gate, came to nothing.
pub(super) fn failed(error: RalphError) -> Failure {
    let text = chain(&error);
    match error {
        RalphError::NoOrder { .. } => Failure::not_found(text).hint("the orchestrator makes run directories"),
        RalphError::Dirty { .. } => Failure::refused(text).hint("nothing was touched"),
        RalphError::Occupied { .. } => Failure::new(Kind::Busy, text)
            .hint("`herder watch` shows what runs; `git worktree add` or `git clone` makes another checkout"),
        RalphError::Layout { .. } => Failure::usage(text).hint("docs/goals.md lists what it may use"),
        RalphError::Taken { .. } => Failure::new(Kind::Busy, text).hint("`herder watch` shows it"),
        RalphError::NoCommit { .. } => Failure::not_found(text)
            .hint("name a commit, a branch or a tag; without one the work tree as it lies is asked about"),
        RalphError::CommitOfAgents => Failure::refused(text).hint(
            "leave the commit out, or ask in a checkout of your own: `herder salvage N` brings work there",
        ),
        RalphError::Workspace(WorkspaceError::JobsGround { .. }) => {
            Failure::refused(text).hint("go to a checkout of your own")
        }
        RalphError::CalledOff => Failure::refused(text).hint("nothing was left behind"),
        RalphError::Gate(error) => Failure::environment(text).hint(hint_of(&error)),
        RalphError::Record(error) => error.into(),
        RalphError::Workspace(error) => error.into(),
        RalphError::Agent(_)
        | RalphError::Start(_)
        | RalphError::Prompt(_)
        | RalphError::System(_)
        | RalphError::Detach(_) => {
            Failure::environment(text).hint("`herder doctor` looks at what herder needs")
        }
    }
}

fn hint_of(error: &GateError) -> &'static str {
    match error {
        GateError::NotRunnable(..) => "`chmod +x` it, and look at its first line",
        GateError::NotSetUp(_) | GateError::NotFurnished(_) => {
            "docs/environment.md says what a set-up is given"
        }
        GateError::Start(_) | GateError::Lost(_) | GateError::Workspace(_) | GateError::System(_) => {
            "`herder doctor` looks at what herder needs"
        }
    }
}
