//! Goals as issues.

use herder_domain::event::Repo;
use herder_domain::forge::{Claimed, GoalSource, Trouble};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_forge::{Client, Lookup, Marker};

use super::claims::GoalClaims;
use super::{trouble, undone};
use crate::context::Context;

/// Goals of one repository.
pub(crate) struct GithubGoals<'a> {
    pub context: &'a Context,
    pub repo: &'a Repo,
    pub client: Client,
}

impl GithubGoals<'_> {
    fn claims(&self) -> Result<GoalClaims, Trouble> {
        let claims = self.context.claims(self.repo);
        claims.map_err(|error| Trouble::Passing { why: error.in_full(), until: None })
    }
}

impl GoalSource for GithubGoals<'_> {
    fn claim(&self, goal: &GoalRef, run: &RunId) -> Result<Claimed, Trouble> {
        self.claims()?.claim(goal.number, run)
    }

    fn confirm(&self, goal: &GoalRef, run: &RunId) -> Result<Claimed, Trouble> {
        self.claims()?.confirm(goal.number, run)
    }

    fn say(&self, goal: &GoalRef, key: &str, text: &str) -> Result<(), Trouble> {
        let author = match self.client.login() {
            Lookup::Present(login) => login,
            Lookup::Gone => return Err(Trouble::Refused { why: "the token is of nobody".to_owned() }),
            Lookup::Unknown(why) => return Err(trouble(&why)),
        };
        let marker = Marker::new("notice", key);
        self.client
            .put_comment(&goal.repo, goal.number, &author, &marker, text)
            .map(|_| ())
            .map_err(|error| undone(&error))
    }
}
