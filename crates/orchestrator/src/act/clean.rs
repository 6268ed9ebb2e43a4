//! Clean: remove a run's clone and its short-lived directories. The vault has the work, the run
//! directory stays. What is gone is cleaned.

use std::path::{Path, PathBuf};

use herder_domain::event::What;
use herder_workspace::remove_tree;

use super::{ActError, Acted};
use crate::context::{Case, Context};

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
    remove(&root, &clone)?;
    remove(&root, &room)?;
    remove(context.state.root(), &dir.git_dir())?;
    Ok(Acted::with(case, What::RunClosed { run: case.run.id.clone() }))
}

fn remove(root: &Path, path: &Path) -> Result<(), ActError> {
    if !root.exists() {
        return Ok(());
    }
    Ok(remove_tree(root, path)?)
}
