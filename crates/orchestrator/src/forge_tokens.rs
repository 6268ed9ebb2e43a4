//! The forges' tokens, as git is given them.

use std::fmt;

use herder_forge::{Client, Secret};
use herder_workspace::{GitToken, GitTokens};

/// Whose account there is for an address; none where it is no forge's of ours.
type Account = dyn Fn(&str) -> Result<Option<Client>, String> + Send + Sync;

/// The accounts whose tokens git may use.
pub struct ForgeTokens {
    account: Box<Account>,
}

impl ForgeTokens {
    /// The tokens of the accounts that `account` gives for an address.
    pub fn new(account: impl Fn(&str) -> Result<Option<Client>, String> + Send + Sync + 'static) -> Self {
        Self { account: Box::new(account) }
    }
}

impl fmt::Debug for ForgeTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForgeTokens").finish_non_exhaustive()
    }
}

impl GitTokens for ForgeTokens {
    fn token(&self, url: &str) -> Result<Option<GitToken>, String> {
        let Some(client) = (self.account)(url)? else { return Ok(None) };
        let token = client.token().map_err(|why| why.to_string())?;
        Ok(GitToken::new(token.reveal()))
    }

    fn refused(&self, url: &str, token: &GitToken) {
        if let (Ok(Some(client)), Some(token)) = ((self.account)(url), Secret::parse(token.reveal())) {
            client.token_refused(&token);
        }
    }
}
