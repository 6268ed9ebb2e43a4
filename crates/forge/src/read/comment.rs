//! Comments on issues and pull requests.

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;
use serde::Deserialize;

use super::field;
use crate::client::Client;
use crate::listing::Listing;
use crate::lookup::Lookup;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// Its id on the site.
    pub id: u64,
    /// Who wrote it; `None`: an account that is gone.
    #[serde(rename = "user", deserialize_with = "field::login")]
    pub author: Option<String>,
    /// Markdown.
    #[serde(default, deserialize_with = "field::text")]
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
    /// Its page.
    pub html_url: String,
}

impl Client {
    /// All comments of an issue, oldest first.
    pub fn comments(&self, repo: &RepoId, number: Number) -> Lookup<Listing<Comment>> {
        let rest = format!("/issues/{number}/comments?per_page=100");
        self.list_plain(repo, &rest, |comment: &Comment| comment.id).into()
    }
}
