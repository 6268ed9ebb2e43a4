//! Goals as issues.

use herder_domain::forge::{Claimed, GoalSource, Trouble};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_forge::{Client, Lookup, Marker};

use super::{trouble, undone};

/// Goals of one host.
pub(crate) struct GithubGoals {
    pub client: Client,
}

impl GoalSource for GithubGoals {
    fn claim(&self, _goal: &GoalRef, _run: &RunId) -> Result<Claimed, Trouble> {
        Ok(Claimed::Ours)
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
