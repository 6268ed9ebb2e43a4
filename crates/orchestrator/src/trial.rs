//! Trying the ways to tell a person: a message by each, now.

use herder_config::{ConfigError, Flags, UserConfig};
use herder_domain::cause::with_causes;
use herder_domain::level::Level;
use herder_notify::{Notice, Notifier};
use jiff::Timestamp;

use crate::context::lookup;

/// What became of the message by one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The way's name.
    pub way: String,
    /// Why it was not told, where it was not. It holds no secret.
    pub failure: Option<String>,
}

/// Sends a message by all ways that are set up, or by the one of this name, whatever each is told of otherwise and at
/// whatever hour.
///
/// # Errors
/// The settings cannot be used.
pub fn try_ways(config: &UserConfig, only: Option<&str>, now: Timestamp) -> Result<Vec<Trial>, ConfigError> {
    let settings = config.settings(&Flags::default(), lookup)?;
    // Whoever tries twice is to hear it twice.
    let notice = Notice::new(
        &format!("test/{now}"),
        "herder can reach you",
        "This is `herder notify test`. Spot-checks and stuck goals are told the same way.",
        Level::Attention,
    );
    let notifier = Notifier::new(settings.ways);
    let ways = notifier.ways().iter().filter(|way| only.is_none_or(|name| way.name == name));
    let tried = ways.map(|way| Trial {
        way: way.name.clone(),
        failure: notifier.try_by(way, &notice).err().map(|error| with_causes(&error)),
    });
    Ok(tried.collect())
}
