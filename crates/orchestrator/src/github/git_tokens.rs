//! The tokens that git shows at repositories whose goals live on a host: there and nowhere else, so that a local
//! repository whose origin is on the same host keeps its person's own credentials.

use std::path::Path;

use herder_config::UserConfig;
use herder_domain::forge::Home;
use herder_forge::Client;
use herder_store::Store;

use super::Clients;

/// The account for the address of a registered repository.
pub(crate) fn account_at(
    url: &str,
    database: &Path,
    clients: &Clients,
    config: &UserConfig,
) -> Result<Option<Client>, String> {
    // A directory needs no token, and most nights know no other address.
    if url.starts_with('/') {
        return Ok(None);
    }
    let repos = Store::open(database).map_err(|error| error.to_string())?.repos();
    let repos = repos.map_err(|error| error.to_string())?;
    let found = repos.into_iter().find(|repo| repo.url == url && repo.home == Home::Github);
    let client = found.map(|repo| clients.client(repo.id.host(), config));
    let client = client.transpose().map_err(|trouble| trouble.to_string())?;
    // By ssh, or at a mirror of the person's, their own credentials count.
    Ok(client.filter(|client| client.site().has_git(url)))
}
