//! A goal or a story, as people name it.

use std::fmt;
use std::str::FromStr;

use herder_domain::repo::Number;

/// `42`, `#42` or `owner/name#42`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The repository, where it is named.
    pub repo: Option<String>,
    /// The number within it.
    pub number: Number,
}

/// Why a text names no goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadReference;

impl std::error::Error for BadReference {}

impl fmt::Display for BadReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("that is no number of a goal or story; write 42 or owner/name#42")
    }
}

impl FromStr for Reference {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (repo, number) = text.rsplit_once('#').unwrap_or(("", text));
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(BadReference)?;
        let repo = Some(repo.to_owned()).filter(|repo| !repo.is_empty());
        Ok(Self { repo, number: Number(number) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_named_as_people_do() {
        let read = |text: &str| text.parse::<Reference>().map(|read| (read.repo, read.number.0));
        assert_eq!(read("42"), Ok((None, 42)));
        assert_eq!(read("#42"), Ok((None, 42)));
        assert_eq!(read("acme/app#42"), Ok((Some("acme/app".to_owned()), 42)));
        for bad in ["", "#", "0", "-1", "x", "app#", "4 2", "99999999999999999999"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
