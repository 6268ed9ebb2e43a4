//! What processes that were killed have left in files. Whoever writes such a file next removes it, but that may
//! be long after, and in an origin it keeps other people from pushing. So it is looked for once, before this
//! daemon writes anything there itself.
//!
//! Nothing in the record follows from it, and what cannot be swept is no reason not to begin.

use herder_domain::cause::with_causes;
use herder_domain::event::Repo;
use herder_gate::Cache;
use herder_record::StateDir;
use herder_workspace::{Bare, Templates, WorkspaceError};

/// Sweeps; gives what could not be swept, in sentences.
pub(super) fn sweep(state: &StateDir, repos: &[Repo]) -> Vec<String> {
    Cache::at(state.gates()).sweep();
    let swept = repos.iter().filter_map(|repo| {
        let error = sweep_repository(state, repo).err()?;
        Some(format!("failed to clear up after {}: {}", repo.id.short(), with_causes(&error)))
    });
    let measured = state.remove_headroom_drafts().and_then(|()| state.remove_windows_drafts()).err();
    let measured =
        measured.map(|error| format!("failed to clear up after what was measured: {}", with_causes(&error)));
    swept.chain(measured).collect()
}

fn sweep_repository(state: &StateDir, repo: &Repo) -> Result<(), WorkspaceError> {
    let vault = Bare::at(state.vault(&repo.id));
    Bare::at(state.mirror(&repo.id)).sweep()?;
    vault.sweep()?;
    // An origin first: it is other people's.
    vault.settle_pushes(&repo.url)?;
    Templates::at(state.templates(&repo.id)).sweep()
}
