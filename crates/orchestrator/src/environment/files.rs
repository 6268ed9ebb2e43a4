//! Files that a person keeps beside the repository, such as `.env.test`: copied into clones and checkouts.
//!
//! The repository names them, the user's configuration says where they come from, and no snapshot takes
//! them.

use std::path::{Path, PathBuf};

use herder_config::EnvironmentSettings;
use herder_gate::place_file;
use herder_workspace::{Bare, CommitId};

use crate::act::ActError;

/// The files and where each comes from.
pub(crate) fn sources(settings: &EnvironmentSettings) -> Result<Vec<(PathBuf, PathBuf)>, ActError> {
    let Some(from) = &settings.files_from else {
        return match settings.files.first() {
            Some(file) => Err(ActError::Environment(format!(
                "the repository asks for the file {file}; say where it is: `[repo.\"owner/name\"]` \
                 `files_from = \"DIRECTORY\"` in config.toml"
            ))),
            None => Ok(Vec::new()),
        };
    };
    Ok(settings.files.iter().map(|file| (PathBuf::from(file), from.join(file))).collect())
}

/// Copies them into `tree`, the files of `commit`, which is none that an agent works in now.
pub(super) fn copy(
    sources: &[(PathBuf, PathBuf)],
    tree: &Path,
    (bare, commit): (&Bare, &CommitId),
) -> Result<(), ActError> {
    for (name, source) in sources {
        if bare.has_path(commit, &name.to_string_lossy())? {
            return Err(ActError::Environment(format!(
                "the repository has a file {} of its own; take it out of `setup.files`",
                name.display()
            )));
        }
        place_file(source, tree, name).map_err(|error| {
            ActError::Environment(format!("{} cannot be copied: {error}", source.display()))
        })?;
    }
    Ok(())
}
