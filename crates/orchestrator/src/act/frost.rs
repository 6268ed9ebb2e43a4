//! Freeze and Thaw: the run directory says whether the run is to stand still, and its ralph is told to look. What was said
//! later is never undone by what comes late.

use herder_record::Frost;

use super::stop::process_id;
use super::{ActError, Acted};
use crate::context::{Case, Context};

pub(super) fn obey(context: &Context, case: &Case, frost: Frost) -> Result<Acted, ActError> {
    context.run_dir(&case.run.id).set_frost(frost, &context.redactor)?;
    // One that is gone stands still no more.
    if let Some(name) = case.run.state.process() {
        process_id(name).rouse()?;
    }
    Ok(Acted::default())
}
