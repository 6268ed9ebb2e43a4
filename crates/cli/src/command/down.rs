//! `herder down`.

use std::io::{IsTerminal, Write};

use herder_domain::capacity::Farewell;
use herder_orchestrator::{Down, DownError, Manner};
use serde_json::json;

use crate::args;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::{Reply, printable};

/// Has the orchestrator go, and waits for that.
pub fn down(call: &Call, args: &args::Down) -> Result<Reply, Failure> {
    let state = call.state()?;
    let manner = args.manner();
    let is_watched = !call.output.is_json() && std::io::stderr().is_terminal();
    let mut hear = |awaited: &str| {
        if is_watched {
            // Who closed the terminal still has the orchestrator go.
            let _ = writeln!(std::io::stderr(), "{}", printable(awaited));
        }
    };
    match herder_orchestrator::down(&state, manner, &mut hear).map_err(not_stopped)? {
        Down::NotRunning => not_running(call),
        Down::Gone { pid } => gone(call, manner, pid),
    }
}

fn gone(call: &Call, manner: Manner, pid: u32) -> Result<Reply, Failure> {
    let ralphs = ralphs(call)?;
    let text = match manner {
        Manner::Ask(Farewell::Keep) => {
            format!(
                "the orchestrator (process {pid}) has gone; {} ralphs are at work, the next `herder up` adopts them\n",
                ralphs.len()
            )
        }
        Manner::Stop | Manner::Ask(Farewell::Drain) if ralphs.is_empty() => {
            format!("the orchestrator (process {pid}) has stopped; the next `herder up` goes on from here\n")
        }
        Manner::Stop | Manner::Ask(Farewell::Drain) => format!(
            "the orchestrator (process {pid}) is gone before all that it had begun was done: `herder up` adopts its ralphs (processes {})\n",
            ralphs.join(", ")
        ),
    };
    Reply::one(&json!({ "was_running": true, "pid": pid, "ralphs": ralphs.len() }), text)
}

/// The processes of ralphs that may be at work.
fn ralphs(call: &Call) -> Result<Vec<String>, Failure> {
    let active = call.open()?.store.active_runs()?;
    Ok(active.iter().filter_map(|run| Some(run.state.process()?.pid.to_string())).collect())
}

/// Ralphs outlive an orchestrator that was killed; a person who says `down` wants to know of them.
fn not_running(call: &Call) -> Result<Reply, Failure> {
    let at_work = ralphs(call)?;
    let mut text = "no orchestrator is at work\n".to_owned();
    if !at_work.is_empty() {
        text.push_str(&format!(
            "its ralphs may be (processes {}): `herder up` adopts them, and `herder down` then stops them\n",
            at_work.join(", ")
        ));
    }
    Reply::one(&json!({ "was_running": false, "ralphs": at_work.len() }), text)
}

fn not_stopped(error: DownError) -> Failure {
    let text = error.to_string();
    let hint = match error {
        DownError::Open(error) => return error.into(),
        DownError::Store(error) => return error.into(),
        DownError::Append(error) => return error.into(),
        DownError::StillThere { pid } => format!("look at process {pid}; `kill -9 {pid}` loses no work"),
        DownError::Lock(_) | DownError::Process(_) | DownError::Nameless => {
            "look for the process that has orchestrator.lock open: `fuser -v` names it".to_owned()
        }
    };
    Failure::environment(text).hint(hint)
}
