//! How many build tokens there are, as a person says it.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Tokens;

/// How many build tokens there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum TokenCount {
    /// As many as herder may use processors.
    #[default]
    Auto,
    /// So many.
    Fixed(NonZeroU32),
    /// None are asked for: each build takes what it wants.
    Off,
}

/// Why a text is not a number of tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a whole number of 1 or more nor `auto` nor `off`")]
pub struct BadTokenCount(String);

/// A number, or a word.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(i64),
    Word(String),
}

impl TokenCount {
    /// The pool in `pool` for `cores` processors; `None` where there is to be none.
    pub fn pool(self, cores: u32, pool: PathBuf, heavy: Vec<String>) -> Option<Tokens> {
        let count = match self {
            Self::Auto => cores.max(1),
            Self::Fixed(count) => count.get(),
            Self::Off => return None,
        };
        Some(Tokens { pool, count, heavy })
    }
}

impl FromStr for TokenCount {
    type Err = BadTokenCount;

    fn from_str(text: &str) -> Result<Self, BadTokenCount> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            number => number.parse().map(Self::Fixed).map_err(|_| BadTokenCount(number.into())),
        }
    }
}

impl fmt::Display for TokenCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(count) => count.fmt(f),
            Self::Off => f.write_str("off"),
        }
    }
}

impl TryFrom<Written> for TokenCount {
    type Error = BadTokenCount;

    fn try_from(written: Written) -> Result<Self, BadTokenCount> {
        match written {
            Written::Number(number) => number.to_string().parse(),
            Written::Word(word) if word.parse::<u32>().is_ok() => Err(BadTokenCount(word)),
            Written::Word(word) => word.parse(),
        }
    }
}

impl From<TokenCount> for Written {
    fn from(count: TokenCount) -> Self {
        match count {
            TokenCount::Fixed(count) => Self::Number(count.get().into()),
            TokenCount::Auto | TokenCount::Off => Self::Word(count.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_as_it_is_written_and_nothing_else_is() {
        for (text, cores, expected) in
            [("auto", 4, Some(4)), ("3", 4, Some(3)), ("off", 4, None), ("auto", 0, Some(1))]
        {
            let count: TokenCount = text.parse().unwrap();
            assert_eq!(count.to_string(), text);
            let json = serde_json::to_string(&count).unwrap();
            assert_eq!(serde_json::from_str::<TokenCount>(&json).unwrap(), count);
            assert_eq!(count.pool(cores, "/p".into(), vec![]).map(|pool| pool.count), expected);
        }
        for bad in ["0", "-1", "\"3\"", "\"all\"", "1.5"] {
            assert!(serde_json::from_str::<TokenCount>(bad).is_err(), "{bad}");
        }
    }
}
