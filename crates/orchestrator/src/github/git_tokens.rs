//! The tokens that git shows at repositories whose goals live on a host: there and nowhere else, so that a local
//! repository whose origin is on the same host keeps its person's own credentials.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use herder_config::UserConfig;
use herder_domain::forge::Home;
use herder_forge::{Client, Secret};
use herder_store::Store;
use herder_workspace::{GitToken, GitTokens};

use super::Clients;

/// The tokens of the registered repositories.
pub(crate) struct RepoTokens {
    pub database: PathBuf,
    pub clients: Arc<Clients>,
    pub config: UserConfig,
}

impl RepoTokens {
    fn client(&self, url: &str) -> Result<Option<Client>, String> {
        // A directory needs no token, and most nights know no other address.
        if url.starts_with('/') {
            return Ok(None);
        }
        let repos = Store::open(&self.database).map_err(|error| error.to_string())?.repos();
        let repos = repos.map_err(|error| error.to_string())?;
        let found = repos.into_iter().find(|repo| repo.url == url && repo.home == Home::Github);
        let client = found.map(|repo| self.clients.client(repo.id.host(), &self.config));
        client.transpose().map_err(|trouble| trouble.to_string())
    }
}

impl fmt::Debug for RepoTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepoTokens").finish_non_exhaustive()
    }
}

impl GitTokens for RepoTokens {
    fn token(&self, url: &str) -> Result<Option<GitToken>, String> {
        let Some(client) = self.client(url)? else { return Ok(None) };
        let token = client.token().map_err(|why| why.to_string())?;
        Ok(GitToken::new(token.reveal()))
    }

    fn refused(&self, url: &str, token: &GitToken) {
        if let (Ok(Some(client)), Some(token)) = (self.client(url), Secret::parse(token.reveal())) {
            client.token_refused(&token);
        }
    }
}
