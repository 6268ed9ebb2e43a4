//! Durations as people type them: `90s`, `200m`, `4h`, `1h30m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A duration that is written `1h30m` and read back from the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

/// The units that are taken, largest first, with their seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// The longest span that is taken: ten years. More is a slip of the finger.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration; write 90s, 200m, 4h or 1h30m")]
pub struct BadSpan(String);

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).filter(|d| !d.is_zero() && *d <= LONGEST).map(Self).ok_or_else(|| BadSpan(text.into()))
    }
}

fn parse(text: &str) -> Option<Duration> {
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut seconds = 0u64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..end].parse().ok()?;
        let unit = rest[end..].chars().next()?;
        let (_, scale) = units.find(|(name, _)| *name == unit)?;
        seconds = seconds.checked_add(count.checked_mul(*scale)?)?;
        rest = &rest[end + unit.len_utf8()..];
    }
    Some(Duration::from_secs(seconds))
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (name, scale) in UNITS {
            if rest >= scale {
                write!(f, "{}{name}", rest / scale)?;
                rest %= scale;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Span {
    type Error = BadSpan;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

/// A `Duration` as a number of seconds, for `#[serde(with)]`.
pub mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes seconds, rounded to milliseconds.
    pub fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(value.as_millis() as f64 / 1000.0)
    }

    /// Reads seconds; what is negative, not finite or too large is an error.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_typed_and_written_back() {
        for (text, seconds) in
            [("90s", 90), ("200m", 12_000), ("4h", 14_400), ("1h30m", 5_400), ("1d2h", 93_600)]
        {
            assert_eq!(text.parse::<Span>().unwrap().0.as_secs(), seconds, "{text}");
        }
        assert_eq!("200m".parse::<Span>().unwrap().to_string(), "3h20m");
    }

    #[test]
    fn anything_else_is_an_error_that_says_what_to_write() {
        for bad in [
            "",
            "4",
            "h",
            "4x",
            "30m1h",
            "1h1h",
            "-1h",
            "1.5h",
            "0s",
            "99999999999999999999h",
            "9999999d",
            "4 h",
        ] {
            let error = bad.parse::<Span>().unwrap_err().to_string();
            assert!(error.contains("1h30m"), "{bad}: {error}");
        }
    }
}
