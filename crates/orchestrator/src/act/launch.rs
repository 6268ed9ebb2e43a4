//! Launch: start a ralph, or adopt the one that holds the run's lock. The lock makes it idempotent.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use herder_domain::event::What;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::ProcessName;
use herder_executor::{DetachError, Detached, ProcessId, spawn_detached};
use herder_record::{Liveness, RunDir};

use super::{ActError, Acted};
use crate::context::{Case, Context};

/// How long a ralph may take to take over.
const READY: Duration = Duration::from_secs(30);

pub(super) fn launch(context: &Context, case: &Case) -> Result<Acted, ActError> {
    let dir = context.run_dir(&case.run.id);
    match dir.liveness()? {
        Liveness::NotStarted => start(context, case, &dir),
        Liveness::Alive => adopt(case, &dir),
        Liveness::Crashed => Ok(reported(case, crashed("its ralph died"))),
        Liveness::Ended(ending) => Ok(reported(case, ending.outcome)),
    }
}

fn start(context: &Context, case: &Case, dir: &RunDir) -> Result<Acted, ActError> {
    let what = Detached {
        program: context.herder.clone(),
        name: "herder-ralph".into(),
        args: vec!["ralph".into(), "--run".into(), dir.path().into()],
        env: std::env::vars_os().collect(),
        cwd: context.state.root().into(),
        log: stray_output(dir)?,
    };
    match spawn_detached(what, READY) {
        Ok(process) => Ok(launched(case, process)),
        Err(error @ DetachError::EndedEarly { .. }) => match dir.liveness()? {
            Liveness::Ended(ending) => Ok(reported(case, ending.outcome)),
            // Another one was quicker; it is adopted when this is tried again.
            Liveness::Alive => Err(error.into()),
            Liveness::NotStarted | Liveness::Crashed => {
                Ok(reported(case, crashed(&last_words(context, dir, &error))))
            }
        },
        Err(error) => Err(error.into()),
    }
}

fn adopt(case: &Case, dir: &RunDir) -> Result<Acted, ActError> {
    // It takes the lock first of all and tells who it is right after.
    let status = dir.status()?.ok_or(ActError::Missing("the status of a ralph that has just begun"))?;
    let process = ProcessId { pid: status.pid, start_time: status.start_time, boot_id: status.boot_id };
    Ok(launched(case, process))
}

fn launched(case: &Case, process: ProcessId) -> Acted {
    let process = ProcessName { pid: process.pid, start_time: process.start_time, boot_id: process.boot_id };
    Acted::with(case, What::RunLaunched { run: case.run.id.clone(), process })
}

fn reported(case: &Case, outcome: Outcome) -> Acted {
    Acted::with(case, What::RunReported { run: case.run.id.clone(), outcome })
}

fn crashed(detail: &str) -> Outcome {
    Outcome::Interrupted { cause: Interruption::Crashed, detail: detail.into() }
}

/// What a ralph writes beside its own log: panics.
fn stray_output(dir: &RunDir) -> Result<File, ActError> {
    let path = dir.path().join("ralph.stderr");
    Ok(OpenOptions::new().create(true).append(true).mode(0o600).open(path)?)
}

fn last_words(context: &Context, dir: &RunDir, error: &DetachError) -> String {
    let said = fs_err::read_to_string(dir.path().join("ralph.stderr")).unwrap_or_default();
    let tail = &said[said.ceil_char_boundary(said.len().saturating_sub(500))..];
    let words = format!("its ralph could not begin: {error}; {}", tail.trim());
    context.redactor.line(&words).into_string()
}
