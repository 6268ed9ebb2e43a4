//! The forges' tokens, as git is given them.

use std::fmt;

use herder_forge::{Client, Secret};
use herder_workspace::{GitToken, GitTokens};

/// The accounts whose tokens git may use, each at its own site's repositories only.
pub struct ForgeTokens {
    clients: Vec<Client>,
}

impl ForgeTokens {
    /// The tokens of these clients.
    pub fn new(clients: Vec<Client>) -> Self {
        Self { clients }
    }

    fn client(&self, url: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.site().has_git(url))
    }
}

impl fmt::Debug for ForgeTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clients.iter().map(|client| client.site().host())).finish()
    }
}

impl GitTokens for ForgeTokens {
    fn token(&self, url: &str) -> Result<Option<GitToken>, String> {
        let Some(client) = self.client(url) else { return Ok(None) };
        let token = client.token().map_err(|why| why.to_string())?;
        Ok(GitToken::new(token.reveal()))
    }

    fn refused(&self, url: &str, token: &GitToken) {
        if let (Some(client), Some(token)) = (self.client(url), Secret::parse(token.reveal())) {
            client.token_refused(&token);
        }
    }
}
