//! `herder down`.

use herder_orchestrator::{Down, DownError};
use serde_json::json;

use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;

/// Stops the orchestrator and its ralphs.
pub fn down(call: &Call) -> Result<Reply, Failure> {
    let state = call.state()?;
    match herder_orchestrator::down(&state).map_err(not_stopped)? {
        Down::NotRunning => not_running(call),
        Down::Stopped { pid } => {
            let text = format!(
                "the orchestrator (process {pid}) has stopped; the next `herder up` goes on from here\n"
            );
            Reply::one(&json!({ "was_running": true, "pid": pid }), text)
        }
    }
}

/// Ralphs outlive an orchestrator that was killed; a person who says `down` wants to know of them.
fn not_running(call: &Call) -> Result<Reply, Failure> {
    let active = call.open()?.store.active_runs()?;
    let at_work: Vec<String> =
        active.iter().filter_map(|run| Some(run.state.process()?.pid.to_string())).collect();
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
    let hint = match &error {
        DownError::StillThere { pid } => format!("look at process {pid}; `kill -9 {pid}` loses no work"),
        DownError::Lock(_) | DownError::Process(_) | DownError::Nameless => {
            "look for the process that has orchestrator.lock open: `fuser -v` names it".to_owned()
        }
    };
    Failure::environment(error.to_string()).hint(hint)
}
