//! The most that a goal or a repository may ask for. The user's own words and flags are not bounded.

use std::fmt::Display;
use std::time::Duration;

use herder_domain::duration::Span;

use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::source::{Source, Sourced};

/// Working time of a run where nobody says another.
const DEFAULT_DURATION: Duration = Duration::from_secs(4 * 3600);

pub(crate) fn duration(
    user: &UserConfig,
    asked: Option<Sourced<Span>>,
) -> Result<Sourced<Span>, ConfigError> {
    let ceiling = user.raw.ceilings.duration;
    let usual = Span(DEFAULT_DURATION);
    let key = Ceiling { key: "duration", user };
    Ok(key.bound(asked, ceiling)?.unwrap_or_else(|| match ceiling {
        Some(most) if most < usual => Sourced::new(most, key.source()),
        Some(_) | None => Sourced::by_default(usual),
    }))
}

pub(crate) fn max_age(
    user: &UserConfig,
    asked: Option<Sourced<Span>>,
) -> Result<Sourced<Option<Span>>, ConfigError> {
    Ceiling { key: "max_age", user }.bound_or_most(asked, user.raw.ceilings.max_age)
}

pub(crate) fn iterations(
    user: &UserConfig,
    asked: Option<Sourced<u32>>,
) -> Result<Sourced<Option<u32>>, ConfigError> {
    let ceiling = user.raw.ceilings.iterations.map(|most| most.get());
    Ceiling { key: "iterations", user }.bound_or_most(asked, ceiling)
}

pub(crate) fn tokens(
    user: &UserConfig,
    asked: Option<Sourced<u64>>,
) -> Result<Sourced<Option<u64>>, ConfigError> {
    let ceiling = user.raw.ceilings.tokens.map(|most| most.get());
    Ceiling { key: "tokens", user }.bound_or_most(asked, ceiling)
}

pub(crate) fn usd(
    user: &UserConfig,
    asked: Option<Sourced<f64>>,
) -> Result<Sourced<Option<f64>>, ConfigError> {
    Ceiling { key: "usd", user }.bound_or_most(asked, user.raw.ceilings.usd)
}

struct Ceiling<'u> {
    key: &'static str,
    user: &'u UserConfig,
}

impl Ceiling<'_> {
    fn source(&self) -> Source {
        self.user.lines.source(&["ceilings", self.key])
    }

    fn bound<T: PartialOrd + Display>(
        &self,
        asked: Option<Sourced<T>>,
        ceiling: Option<T>,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        let (Some(voice), Some(most)) = (&asked, ceiling) else { return Ok(asked) };
        let is_bounded = match voice.source {
            Source::Goal | Source::Repository { .. } => true,
            Source::Default | Source::User { .. } | Source::Flag => false,
        };
        if is_bounded && voice.value > most {
            return Err(ConfigError::AboveCeiling {
                key: self.key,
                asked: Box::new(Sourced::new(voice.value.to_string(), voice.source.clone())),
                ceiling: Box::new(Sourced::new(most.to_string(), self.source())),
            });
        }
        Ok(asked)
    }

    /// Where nobody asks for a number, the ceiling is one: no bound would be above it.
    fn bound_or_most<T: PartialOrd + Display + Copy>(
        &self,
        asked: Option<Sourced<T>>,
        ceiling: Option<T>,
    ) -> Result<Sourced<Option<T>>, ConfigError> {
        let most = ceiling.map(|most| Sourced::new(Some(most), self.source()));
        let asked = self.bound(asked, ceiling)?.map(|asked| asked.map(Some));
        Ok(asked.or(most).unwrap_or(Sourced::by_default(None)))
    }
}
