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
        Down::NotRunning => Reply::one(&json!({ "was_running": false }), "no orchestrator is at work\n"),
        Down::Stopped { pid } => {
            let text = format!("the orchestrator (process {pid}) has stopped; its goals are queued\n");
            Reply::one(&json!({ "was_running": true, "pid": pid }), text)
        }
    }
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
