//! A repository in one line.

use herder_domain::repo::RepoId;
use herder_store::{Store, StoreError};
use serde::Serialize;

/// A registered repository, with how many goals it has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepoItem {
    /// Its name, in full.
    pub repo: RepoId,
    /// Where it is cloned from.
    pub url: String,
    /// The branch that work lands on.
    pub base_branch: String,
    /// Where its goals live, one word.
    pub home: &'static str,
    /// How many goals it has.
    pub goals: u64,
    /// How many of them are not settled.
    pub unsettled: u64,
}

impl RepoItem {
    /// All that are registered, by name.
    pub fn all(store: &Store) -> Result<Vec<Self>, StoreError> {
        let counts = store.goal_counts()?;
        let of = |repo: herder_domain::event::Repo| {
            let count = counts.get(&repo.id).copied().unwrap_or_default();
            Self {
                url: shown(&repo.url),
                base_branch: repo.base_branch,
                home: repo.home.word(),
                goals: count.goals,
                unsettled: count.unsettled,
                repo: repo.id,
            }
        };
        Ok(store.repos()?.into_iter().map(of).collect())
    }
}

/// An address without what a person may have put before its host: a name, or a secret.
fn shown(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) =
                rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_a_secret() {
        for (url, is_shown) in [
            ("https://me:s3cret@example.org/acme/app.git", "https://example.org/acme/app.git"),
            ("https://example.org/a@b", "https://example.org/a@b"),
            ("git@example.org:acme/app", "git@example.org:acme/app"),
            ("/srv/app.git", "/srv/app.git"),
        ] {
            assert_eq!(shown(url), is_shown);
        }
    }
}
