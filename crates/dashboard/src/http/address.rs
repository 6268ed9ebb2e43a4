//! Addresses of pages.

use axum::http::Uri;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::RunId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::numbers::Question;

/// Everything but letters, digits and `-._~` (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as it stands in an address.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The parameters of a question, as they stand in an address.
pub fn query(question: &Question) -> String {
    let pairs = question.parameters();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    pairs.join("&")
}

fn in_repo(repo: &RepoId) -> String {
    [repo.host(), repo.owner(), repo.name()].map(escaped).join("/")
}

/// The host name in an address.
pub fn host_of(address: &str) -> Option<String> {
    address.parse::<Uri>().ok()?.host().map(ToOwned::to_owned)
}

/// The page of a goal.
pub fn goal_address(goal: &GoalRef) -> String {
    format!("/goals/{}/{}", in_repo(&goal.repo), goal.number)
}

/// The page of a story.
pub fn story_address(story: &GoalRef) -> String {
    format!("/stories/{}/{}", in_repo(&story.repo), story.number)
}

/// The page of a run.
pub fn run_address(run: &RunId) -> String {
    format!("/runs/{}", escaped(run.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_is_known() {
        for (address, host) in [
            ("https://herder.example", Some("herder.example")),
            ("http://Box.lan:8080/at", Some("Box.lan")),
            ("nonsense at all", None),
        ] {
            assert_eq!(host_of(address).as_deref(), host, "{address}");
        }
    }

    #[test]
    fn what_an_address_means_by_a_character_is_escaped() {
        assert_eq!(escaped("a-b._~9 é/#?&=%"), "a-b._~9%20%C3%A9%2F%23%3F%26%3D%25");
        let goal = GoalRef::new("example.org/acme/app".parse().unwrap(), 7);
        assert_eq!(goal_address(&goal), "/goals/example.org/acme/app/7");
    }
}
