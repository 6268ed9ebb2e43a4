//! Tell: pass on to a running ralph what a person said. It stands in the run directory once, by its id.

use herder_domain::goal::Told;

use super::{ActError, Acted};
use crate::context::{Case, Context};

pub(super) fn tell(context: &Context, case: &Case, told: &Told) -> Result<Acted, ActError> {
    context.run_dir(&case.run.id).tell(told, &context.redactor)?;
    Ok(Acted::default())
}
