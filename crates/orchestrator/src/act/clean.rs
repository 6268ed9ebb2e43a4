//! Clean: remove a run's clone, its short-lived directories and its drafts. The vault has the work, the run
//! directory stays. What is gone is cleaned.

use std::path::PathBuf;

use herder_domain::event::What;
use herder_workspace::{remove_prepared, remove_tree};

use super::{ActError, Acted};
use crate::context::{Case, Context};
use crate::environment::release;

/// A clone lies so many directories below its root: `<host>/<owner>/<repo>/<goal>-<attempt>`.
const DEPTH: usize = 4;

pub(super) fn clean(context: &Context, case: &Case) -> Result<Acted, ActError> {
    let dir = context.run_dir(&case.run.id);
    let (clone, room) = match dir.spec()? {
        Some(spec) => (spec.setup.clone, spec.setup.room),
        // It could not be prepared to the end, and left where it would have been what there is.
        None => (context.clone_dir(case), context.short_dir(&case.run.id)),
    };
    let root = clone.ancestors().nth(DEPTH).map_or_else(|| context.root().to_owned(), PathBuf::from);
    if root.exists() {
        remove_prepared(&root, &clone)?;
        remove_tree(&root, &room)?;
    }
    remove_prepared(context.state.root(), &dir.git_dir())?;
    dir.remove_drafts()?;
    release(&context.state, case.run.id.as_str())?;
    // A landing that is still to come asks once more whether anything is left.
    if case.landing.is_none() {
        context.swept.forget(&case.run.id);
    }
    Ok(Acted::with(case, What::RunClosed { run: case.run.id.clone() }))
}
