//! Picks who answers for a repository by where its goals live. Whoever asks cannot tell which it is.

use herder_domain::event::Repo;
use herder_domain::forge::{GoalSource, Home, Landing, Trouble};
use herder_forge::Client;
use herder_workspace::Vault;

use crate::context::Context;
use crate::github::{GithubGoals, PullHome};
use crate::local::{LocalGoals, PushHome};

impl Context {
    /// Where a repository's goals live.
    ///
    /// # Errors
    /// Its host is not known to the configuration any more.
    pub(crate) fn goal_source<'a>(&'a self, repo: &'a Repo) -> Result<Box<dyn GoalSource + 'a>, Trouble> {
        Ok(match repo.home {
            Home::Local => Box::new(LocalGoals { database: self.state.database() }),
            Home::Github => Box::new(GithubGoals { context: self, repo, client: self.client(repo)? }),
        })
    }

    /// How a repository's finished work comes home.
    ///
    /// # Errors
    /// Its host is not known to the configuration any more.
    pub(crate) fn way_home<'a>(
        &'a self,
        repo: &'a Repo,
        vault: &'a Vault,
    ) -> Result<Box<dyn Landing + 'a>, Trouble> {
        let (url, user) = (&repo.url, &self.user);
        Ok(match repo.home {
            Home::Local => Box::new(PushHome { vault, url, user }),
            Home::Github => {
                let claims = self
                    .claims(repo)
                    .map_err(|error| Trouble::Passing { why: error.in_full(), until: None })?;
                Box::new(PullHome { client: self.client(repo)?, repo: &repo.id, vault, claims })
            }
        })
    }

    /// The client of a repository's host.
    pub(crate) fn client(&self, repo: &Repo) -> Result<Client, Trouble> {
        self.clients.client(repo.id.host(), &self.config)
    }
}
