//! A repository as its host shows it, to be registered.

use std::sync::Arc;

use herder_config::ForgeSettings;
use herder_domain::event::Repo;
use herder_domain::forge::Home;
use herder_domain::repo::RepoId;
use herder_forge::{Client, Lookup};
use herder_record::StateDir;
use herder_workspace::UserEnvironment;

use super::connect;
use crate::forge_tokens::ForgeTokens;
use crate::register::{AddRepo, AddRepoError};

/// Looks at the repository with the token that later works with it, and gives git that token for its address.
///
/// A pull request is no push to the base branch, so that its goals need no leave for it.
pub(crate) fn look(
    state: &StateDir,
    order: &AddRepo,
    id: RepoId,
    settings: &ForgeSettings,
) -> Result<(Repo, UserEnvironment), AddRepoError> {
    let client = connect(settings, &state.database())?;
    let unseen = |why: String| AddRepoError::Host { host: settings.host.clone(), name: id.short(), why };
    let facts = match client.repository(&id) {
        Lookup::Present(facts) => facts,
        Lookup::Gone => return Err(unseen("there is no such repository".to_owned())),
        Lookup::Unknown(why) => return Err(unseen(why.to_string())),
    };
    if facts.archived {
        return Err(unseen("it is archived".to_owned()));
    }
    let url = format!("{}/{}/{}.git", settings.git, id.owner(), id.name());
    let base_branch = order.base.clone().unwrap_or(facts.default_branch);
    Ok((Repo { id, url, base_branch, pushes: true, home: Home::Github }, outside(client)))
}

/// The person's environment for git, with an account's token for the repositories of its host.
pub(crate) fn outside(client: Client) -> UserEnvironment {
    let account = move |url: &str| Ok(client.site().has_git(url).then(|| client.clone()));
    UserEnvironment::of_this_process().with_tokens(Arc::new(ForgeTokens::new(account)))
}
