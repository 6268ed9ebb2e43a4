//! Reviews of a pull request, and remarks on its lines.

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;
use serde::Deserialize;

use super::field;
use crate::client::Client;
use crate::listing::Listing;
use crate::lookup::Lookup;

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// Yes.
    Approved,
    /// Not so.
    ChangesRequested,
    /// Remarks only.
    Commented,
    /// Taken back.
    Dismissed,
    /// Not handed in.
    Pending,
    /// A word that GitHub has added since.
    #[serde(other)]
    Other,
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// Its id.
    pub id: u64,
    /// Whose; `None`: an account that is gone. Whether it counts depends on what the author may do.
    #[serde(rename = "user", deserialize_with = "field::login")]
    pub author: Option<String>,
    /// What it says.
    pub state: ReviewState,
    /// In words.
    #[serde(default, deserialize_with = "field::text")]
    pub body: String,
    /// The commit that was looked at.
    #[serde(default)]
    pub commit_id: Option<String>,
    /// When it was handed in; a draft was not.
    #[serde(default)]
    pub submitted_at: Option<Timestamp>,
}

/// A remark on a line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Remark {
    /// Its id.
    pub id: u64,
    /// Whose; `None`: an account that is gone.
    #[serde(rename = "user", deserialize_with = "field::login")]
    pub author: Option<String>,
    /// In words.
    #[serde(default, deserialize_with = "field::text")]
    pub body: String,
    /// The file.
    pub path: String,
    /// The line; `None` where the line is no more.
    #[serde(default)]
    pub line: Option<u64>,
    /// When.
    pub created_at: Timestamp,
    /// The review that it is part of.
    #[serde(default, rename = "pull_request_review_id")]
    pub review: Option<u64>,
}

impl Client {
    /// All reviews, oldest first.
    pub fn reviews(&self, repo: &RepoId, pull: Number) -> Lookup<Listing<Review>> {
        self.list_plain(repo, &format!("/pulls/{pull}/reviews?per_page=100"), |one: &Review| one.id).into()
    }

    /// All remarks on lines, oldest first.
    pub fn remarks(&self, repo: &RepoId, pull: Number) -> Lookup<Listing<Remark>> {
        self.list_plain(repo, &format!("/pulls/{pull}/comments?per_page=100"), |one: &Remark| one.id).into()
    }
}
