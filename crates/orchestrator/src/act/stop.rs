//! Stop: end a ralph in order, then by force. One that is gone is stopped.

use std::time::Duration;

use herder_domain::run::ProcessName;
use herder_executor::{EndSignal, ProcessId, Waited, end_strays};

use super::{ActError, Acted};
use crate::context::{Case, Context};

/// How long a ralph may take to stop what is below it and to take its last snapshot: its own grace for
/// the agent is 5 s.
const GRACE: Duration = Duration::from_secs(10);

pub(super) fn stop(context: &Context, case: &Case) -> Result<Acted, ActError> {
    if let Some(name) = case.run.state.process() {
        end(&process_id(name))?;
        end_strays(&context.run_dir(&case.run.id).mark())?;
    }
    Ok(Acted::default())
}

/// Ends a ralph; what it leaves is found by its run's marker afterwards.
pub(crate) fn end(process: &ProcessId) -> Result<(), ActError> {
    process.signal(EndSignal::Terminate)?;
    if process.wait_for_exit(Some(GRACE))? == Waited::StillAlive {
        process.signal(EndSignal::Kill)?;
        process.wait_for_exit(None)?;
    }
    Ok(())
}

/// A recorded process as one that can be signalled and watched.
pub(crate) fn process_id(name: &ProcessName) -> ProcessId {
    ProcessId { pid: name.pid, start_time: name.start_time, boot_id: name.boot_id.clone() }
}
