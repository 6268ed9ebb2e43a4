//! A goal or a story, as people name it.

use std::fmt;
use std::str::FromStr;

use herder_domain::duration::Span;
use herder_domain::repo::Number;
use jiff::Timestamp;

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

/// A story, or none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoryChoice {
    /// `none`.
    None,
    /// This one.
    One(Reference),
}

impl FromStr for StoryChoice {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" { Ok(Self::None) } else { text.parse().map(Self::One) }
    }
}

/// A time in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Span),
    /// Then.
    At(Timestamp),
}

impl FromStr for Since {
    type Err = BadSince;

    /// `12h`, `2026-11-22` (the beginning of that day here) or `2026-11-22T20:00:00Z`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(span) = text.parse() {
            return Ok(Self::Ago(span));
        }
        let day = || {
            let day = text.parse::<jiff::civil::Date>().ok()?;
            day.to_zoned(jiff::tz::TimeZone::system()).ok().map(|day| day.timestamp())
        };
        text.parse().ok().or_else(day).map(Self::At).ok_or(BadSince)
    }
}

impl Since {
    /// The moment, seen from now.
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.checked_sub(span.0).unwrap_or(Timestamp::MIN),
        }
    }
}

/// Why a text is no time in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSince;

impl std::error::Error for BadSince {}

impl fmt::Display for BadSince {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("that is neither a duration nor a date; write 12h, 2026-11-22 or 2026-11-22T20:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_the_past_is_a_duration_or_a_date() {
        let now: Timestamp = "2026-11-22T20:00:00Z".parse().unwrap();
        let moment = |text: &str| text.parse::<Since>().map(|since| since.moment(now).to_string());
        assert_eq!(moment("12h").unwrap(), "2026-11-22T08:00:00Z");
        assert_eq!(moment("2026-11-01T08:00:00Z").unwrap(), "2026-11-01T08:00:00Z");
        assert!(moment("2026-11-01").is_ok());
        for bad in ["", "yesterday", "12", "2026-13-01"] {
            assert!(moment(bad).is_err(), "{bad:?}");
        }
    }

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
