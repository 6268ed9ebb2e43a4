//! How many runs may be at work at once, as a person says it.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// With `auto` the machine's room decides, and never more than this are at work.
const AUTO_MOST: usize = 256;

/// How many runs may be at work at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Slots {
    /// So many, whatever the machine has room for.
    Fixed(NonZeroUsize),
    /// As many as the machine has room for.
    Auto,
}

/// Why a text is not a number of slots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a whole number of 1 or more nor `auto`")]
pub struct BadSlots(String);

/// A number, or the word.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(i64),
    Word(String),
}

impl Slots {
    /// So many; `None` for none.
    pub fn fixed(count: usize) -> Option<Self> {
        NonZeroUsize::new(count).map(Self::Fixed)
    }

    /// How many at most.
    pub fn most(self) -> usize {
        match self {
            Self::Fixed(max) => max.get(),
            Self::Auto => AUTO_MOST,
        }
    }
}

impl FromStr for Slots {
    type Err = BadSlots;

    fn from_str(text: &str) -> Result<Self, BadSlots> {
        match text {
            "auto" => Ok(Self::Auto),
            number => number.parse().map(Self::Fixed).map_err(|_| BadSlots(number.into())),
        }
    }
}

impl fmt::Display for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(max) => max.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl TryFrom<Written> for Slots {
    type Error = BadSlots;

    fn try_from(written: Written) -> Result<Self, BadSlots> {
        match written {
            Written::Number(number) => number.to_string().parse(),
            Written::Word(word) if word == "auto" => Ok(Self::Auto),
            Written::Word(word) => Err(BadSlots(word)),
        }
    }
}

impl From<Slots> for Written {
    fn from(slots: Slots) -> Self {
        match slots {
            Slots::Fixed(max) => Self::Number(i64::try_from(max.get()).unwrap_or(i64::MAX)),
            Slots::Auto => Self::Word("auto".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_auto_and_nothing_else() {
        let fixed = |number| Slots::Fixed(NonZeroUsize::new(number).unwrap());
        assert_eq!(("3".parse(), "auto".parse()), (Ok(fixed(3)), Ok(Slots::Auto)));
        for text in ["0", "-1", "many", "", "3.5"] {
            assert!(text.parse::<Slots>().is_err(), "{text}");
        }
        let read = |json: &str| serde_json::from_str::<Slots>(json).ok();
        assert_eq!((read("3"), read("\"auto\"")), (Some(fixed(3)), Some(Slots::Auto)));
        assert_eq!((read("0"), read("\"3\""), read("-2")), (None, None, None));
        assert_eq!(serde_json::to_string(&[fixed(2), Slots::Auto]).unwrap(), r#"[2,"auto"]"#);
    }
}
