//! What is registered of a repository.

use serde::{Deserialize, Serialize};

use crate::forge::Home;
use crate::repo::RepoId;

/// A repository that herder works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repo {
    /// Its name.
    pub id: RepoId,
    /// Where it is fetched from and landed to: a URL or an absolute path.
    pub url: String,
    /// The branch that goals land on.
    pub base_branch: String,
    /// Work is pushed there unattended; otherwise it stays as the vault's branch `goal-N`.
    pub pushes: bool,
    /// Where its goals live.
    #[serde(default, skip_serializing_if = "Home::is_local")]
    pub home: Home,
}
