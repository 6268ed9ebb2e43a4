//! Furnishing a run's clone, as a part of Prepare, and tearing that down when the run is collected.

use std::path::{Path, PathBuf};

use herder_domain::run::RunSpec;
use herder_executor::{KeeperHandle, Room};
use herder_gate::{Gate, Script};
use herder_workspace::{Mirror, Prepared, Vault};

use super::ActError;
use crate::context::{CacheSet, Case, Context};
use crate::environment::{Furnishing, Jobs, allocate, sources};

/// How many paths an error names.
const NAMED_MAX: usize = 12;

/// Gives the clone what it needs beyond its files, and the run its ports.
pub(super) fn furnish(
    context: &Context,
    case: &Case,
    spec: &mut RunSpec,
    prepared: &Prepared,
    (mirror, vault): (&Mirror, &Vault),
) -> Result<(), ActError> {
    let settings = context.environment(&case.repo.id, (vault.bare(), &prepared.base))?;
    if settings.ports > 0 {
        spec.setup.env = allocate(&context.state, case.run.id.as_str(), settings.ports)?.env();
    }
    let files = sources(&settings)?;
    let began = |job| context.withdrawals.began(&case.run.id, job);
    spec.setup.secret_files = files.iter().map(|(_, source)| source.clone()).collect();
    prepared.private.leave_out(files.iter().map(|(name, _)| name.as_path()))?;
    let furnishing = Furnishing {
        context,
        case,
        settings: &settings,
        base: (&spec.base_branch, &prepared.base),
        fetched: &prepared.base,
        mirror,
        vault,
        set: CacheSet::Runs,
        jobs: jobs(context, spec, &began)?,
    };
    furnishing.furnish(prepared.private.clone_dir(), &prepared.tip)?;
    let furnished = furnishing.furnished()?;
    let is_set_up = Gate::script(&furnishing.jobs.scripts, Script::Setup).is_some();
    spec.setup.furnished = Some(furnished);
    if is_set_up || !settings.seed.is_empty() { refuse_differences(prepared) } else { Ok(()) }
}

/// How the scripts of the run's base are run.
fn jobs<'a>(
    context: &'a Context,
    spec: &'a RunSpec,
    began: &'a dyn Fn(KeeperHandle),
) -> Result<Jobs<'a>, ActError> {
    let setup = &spec.setup;
    Ok(Jobs {
        context,
        run: &spec.run,
        room: Room::new(&setup.room, &setup.caches),
        scripts: scripts(&setup.room),
        setup,
        ports: setup.env.clone(),
        redactor: context.redactor_for(&setup.secret_files)?,
        began,
    })
}

/// Where the copy of the base's `.ralph/` lies in a room.
pub(super) fn scripts(room: &Path) -> PathBuf {
    room.join("gate")
}

/// What a set-up makes must not pass for the agent's work.
fn refuse_differences(prepared: &Prepared) -> Result<(), ActError> {
    let paths = prepared.private.differences()?;
    if paths.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = paths.iter().take(NAMED_MAX).map(|path| path.display().to_string()).collect();
    Err(ActError::Environment(format!(
        "the script .ralph/setup (or `setup.seed`) brings files that git would take: {}; name them in \
         .gitignore, and have the script leave the rest alone",
        named.join(", ")
    )))
}

/// Tears a run's clone down. Nothing that goes wrong here keeps the work.
pub(super) fn tear_down(context: &Context, spec: &RunSpec) {
    let began = |_| context.swept.forget(&spec.run);
    if let Ok(jobs) = jobs(context, spec, &began) {
        jobs.tear_down(&spec.setup.clone);
    }
}
