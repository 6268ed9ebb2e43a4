//! Repositories and the numbers that are unique within one.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A repository's name: host, owner and name, for example `github.com/acme/app`.
///
/// A repository without an origin is called `local/<parent>/<name>-<hash>`.
///
/// Every goal, run and dependency of a long queue has one: a copy shares its text.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoId {
    /// The three parts with a slash between them.
    text: Arc<str>,
    /// How long the host is, and the owner; each at most [`PART_MAX`] bytes.
    host: u8,
    owner: u8,
}

/// The longest host, owner or name that is taken, in bytes.
const PART_MAX: usize = 100;

/// Why a text is not a repository's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a repository name; write owner/name or host/owner/name")]
pub struct BadRepoId {
    text: String,
}

impl RepoId {
    /// Makes a name of its three parts; each must be non-empty, printable, without a separator.
    pub fn new(host: &str, owner: &str, name: &str) -> Result<Self, BadRepoId> {
        if [host, owner, name].into_iter().all(is_part) {
            let length = |part: &str| u8::try_from(part.len()).unwrap_or(u8::MAX);
            let text = format!("{host}/{owner}/{name}").into();
            return Ok(Self { text, host: length(host), owner: length(owner) });
        }
        Err(BadRepoId { text: format!("{host}/{owner}/{name}") })
    }

    /// The host, `local` for a repository without an origin.
    pub fn host(&self) -> &str {
        &self.text[..self.host.into()]
    }

    /// The owner.
    pub fn owner(&self) -> &str {
        let begin = usize::from(self.host) + 1;
        &self.text[begin..begin + usize::from(self.owner)]
    }

    /// The name without its owner.
    pub fn name(&self) -> &str {
        &self.text[usize::from(self.host) + usize::from(self.owner) + 2..]
    }

    fn parts(&self) -> (&str, &str, &str) {
        (self.host(), self.owner(), self.name())
    }

    /// `owner/name`, as people write it.
    pub fn short(&self) -> String {
        self.text[usize::from(self.host) + 1..].to_owned()
    }

    /// Whether `text` is this repository as a person would write it: `name`, `owner/name` or in full.
    pub fn answers_to(&self, text: &str) -> bool {
        text == self.name() || text == self.short() || text == &*self.text
    }
}

fn is_part(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= PART_MAX
        && text != "."
        && text != ".."
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '~' | '+'))
}

impl Ord for RepoId {
    /// By host, owner and name.
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.text, &other.text) { Ordering::Equal } else { self.parts().cmp(&other.parts()) }
    }
}

impl PartialOrd for RepoId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoId({:?})", self.text)
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for RepoId {
    type Err = BadRepoId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(host), Some(owner), Some(name), None) => Self::new(host, owner, name),
            (Some(owner), Some(name), None, None) => Self::new("github.com", owner, name),
            _ => Err(BadRepoId { text: text.into() }),
        }
    }
}

impl TryFrom<String> for RepoId {
    type Error = BadRepoId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RepoId> for String {
    fn from(id: RepoId) -> Self {
        id.text.as_ref().to_owned()
    }
}

/// The number of a goal or a story; both share one sequence in a repository, as issues do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A goal or a story in a repository, written `owner/name#42`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GoalRef {
    /// The repository.
    pub repo: RepoId,
    /// The number within it.
    pub number: Number,
}

impl GoalRef {
    /// Names a goal.
    pub fn new(repo: RepoId, number: u64) -> Self {
        Self { repo, number: Number(number) }
    }
}

impl fmt::Display for GoalRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repo.short(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_their_parts() {
        let of = |text: &str| text.parse::<RepoId>().unwrap();
        let long = "x".repeat(PART_MAX);
        let sorted =
            [of("h/a/b"), of("h/a/c"), of("h/a-b/a"), of("h-i/a/a"), of(&format!("i/{long}/{long}"))];
        assert!(sorted.is_sorted());
        assert_eq!(sorted[3].parts(), ("h-i", "a", "a"));
        assert_eq!(sorted[4].parts(), ("i", long.as_str(), long.as_str()));
        assert_eq!(sorted[1], of("h/a/c"));
        assert_eq!(sorted[1].cmp(&of("h/a/c")), Ordering::Equal);
    }

    #[test]
    fn a_name_is_read_as_people_write_it() {
        let full: RepoId = "example.org/acme/app".parse().unwrap();
        assert_eq!(full.to_string(), "example.org/acme/app");
        assert!(full.answers_to("app") && full.answers_to("acme/app"));
        assert_eq!("acme/app".parse::<RepoId>().unwrap().host(), "github.com");
        for bad in ["", "app", "a/../b", "a//b", "a/b/c/d", "a/b c", "a/b\n"] {
            assert!(bad.parse::<RepoId>().is_err(), "{bad:?}");
        }
    }
}
