//! `herder goal ...`.

mod alike;
mod comment;
mod create;
mod edit;
mod editor;
mod findings;
mod hold;
mod import;
mod lint;
mod list;
mod moving;
mod new;
mod priority;
mod queue;
mod verdict;

pub use comment::comment;
pub use create::{create, pen};
pub use edit::edit;
pub use editor::{Judged, Session};
pub use findings::{Subject, errors_of, findings};
pub use hold::{hold, release};
pub use import::import;
pub use lint::lint;
pub use list::{list, show};
pub use moving::move_;
pub use new::new;
pub use priority::priority;
pub use queue::queue;
pub use verdict::{answer, approve, cancel, reject, resolve, retry, spot_check, tell};

use herder_domain::event::{Event, What};
use herder_domain::goal::Goal;
use herder_domain::repo::GoalRef;
use herder_store::AppendError;

use crate::call::{Call, Opened};
use crate::failure::Failure;

/// Records what a person wants of a goal, and wakes the orchestrator.
fn record(call: &Call, opened: &mut Opened, id: &GoalRef, what: What) -> Result<(), Failure> {
    let recorded = opened.store.append(&Event::of(id, what), call.now);
    herder_orchestrator::wake(&opened.state);
    recorded.map(|_| ()).map_err(|error| refused(error, id))
}

fn refused(error: AppendError, id: &GoalRef) -> Failure {
    let is_refusal = matches!(error, AppendError::Illegal(_));
    let failure = Failure::from(error).about(id);
    if is_refusal {
        failure.hint(format!("`herder why {}` says why it is where it is", id.number))
    } else {
        failure
    }
}

/// A goal that is known to be there.
fn load(opened: &Opened, id: &GoalRef) -> Result<Goal, Failure> {
    let gone = || Failure::not_found(format!("there is no goal {id}"));
    opened.store.goal(id)?.ok_or_else(gone)
}
