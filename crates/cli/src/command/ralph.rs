//! `herder ralph --run DIR`: what the orchestrator starts.

use std::sync::Arc;

use herder_agent::Agent;
use herder_domain::run::RunSpec;
use herder_executor::Launcher;
use herder_ralph::{Order, RalphError};
use serde_json::json;

use crate::agents::adapter;
use crate::args;
use crate::call::env_text;
use crate::failure::{Failure, Kind};
use crate::output::Reply;

/// Works at a run until it has an outcome.
pub fn ralph(args: &args::Ralph) -> Result<Reply, Failure> {
    // Started through /proc/self/exe it would be called "exe"; without the name it works as well.
    let _ = rustix::thread::set_name(c"herder-ralph");
    let order =
        Order { dir: &args.run, launcher: Launcher::own(), agent: &find, lookup: &env_text, announces: true };
    let ending = herder_ralph::run(&order).map_err(not_begun)?;
    let json = json!({ "outcome": ending.outcome, "iterations": ending.iterations });
    Reply::one(&json, format!("{}\n", ending.outcome.sentence()))
}

fn find(spec: &RunSpec) -> Result<Arc<dyn Agent>, RalphError> {
    Ok(adapter(&spec.agent, &spec.setup.agent)?)
}

fn not_begun(error: RalphError) -> Failure {
    let text = crate::failure::chain(&error);
    match error {
        RalphError::NoOrder { .. } => Failure::not_found(text).hint("the orchestrator makes run directories"),
        RalphError::Dirty { .. } => Failure::refused(text).hint("nothing was touched"),
        RalphError::Taken { .. } => Failure::new(Kind::Busy, text).hint("`herder watch` shows it"),
        RalphError::Record(error) => error.into(),
        RalphError::Workspace(error) => error.into(),
        RalphError::Agent(_)
        | RalphError::Start(_)
        | RalphError::Gate(_)
        | RalphError::Prompt(_)
        | RalphError::System(_)
        | RalphError::Detach(_) => {
            Failure::environment(text).hint("`herder doctor` looks at what herder needs")
        }
    }
}
