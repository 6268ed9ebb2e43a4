//! What a repository's clones and checkouts need beyond the files that git has.

use std::ffi::OsString;
use std::path::PathBuf;

use herder_domain::repo::RepoId;

use crate::error::ConfigError;
use crate::file::{RepositoryConfig, UserConfig};
use crate::settings::expanded;

/// What is needed, where it comes from, and what is kept of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentSettings {
    /// Files, from the top of the repository, that decide whether what the set-up made is still good.
    pub key: Vec<String>,
    /// Directories that the set-up makes and that are kept.
    pub keep: Vec<String>,
    /// Files of the user's that are copied.
    pub files: Vec<String>,
    /// The directory that those come from, if the user names one.
    pub files_from: Option<PathBuf>,
    /// Build directories of a landing gate that the next checkouts and clones begin with.
    pub seed: Vec<String>,
    /// What becomes of submodules.
    pub submodules: Submodules,
    /// How many ports each run gets; 0: none.
    pub ports: u16,
}

/// What becomes of submodules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Submodules {
    /// Their directories stay empty.
    #[default]
    Empty,
    /// The files of the pinned commits are written into them.
    Filled,
}

impl Submodules {
    pub(crate) fn of(repository: &RepositoryConfig) -> Self {
        if repository.raw.submodules { Self::Filled } else { Self::Empty }
    }
}

/// What repository and user say of the environment; `env` looks a variable up (for `~/`).
///
/// # Errors
/// A path begins with `~/` and there is no home.
pub fn environment(
    repository: &RepositoryConfig,
    user: &UserConfig,
    repo: &RepoId,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<EnvironmentSettings, ConfigError> {
    let said = &repository.raw.setup;
    let from = user.repo(Some(repo)).and_then(|(_, table)| table.files_from.as_ref());
    Ok(EnvironmentSettings {
        key: said.key.clone(),
        keep: said.keep.clone(),
        files: said.files.clone(),
        seed: said.seed.clone(),
        submodules: Submodules::of(repository),
        files_from: from.map(|path| expanded(path, &env)).transpose()?,
        ports: repository.raw.ports.or(user.raw.ports).map_or(0, std::num::NonZeroU16::get),
    })
}
