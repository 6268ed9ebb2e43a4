//! Follow: one deed about the pull request that a run's work lands by. What it tells may have been seen meanwhile by
//! the look that goes round; the daemon records what is still new.

use herder_domain::event::What;
use herder_domain::landing::Step;

use super::{ActError, Acted};
use crate::context::{Case, Context};
use crate::{github, landing};

pub(super) fn follow(context: &Context, case: &Case, step: Step) -> Result<Acted, ActError> {
    if step == Step::Show {
        let offer = landing::show(context, case)?;
        return Ok(Acted::with(case, What::WorkShown { run: case.run.id.clone(), offer }));
    }
    let Some(landing) = &case.landing else { return Ok(Acted::default()) };
    let client = context.client(&case.repo)?;
    let what = github::follow(&client, &case.repo.id, landing, step)?;
    Ok(what.map(|what| Acted::with(case, what)).unwrap_or_default())
}
