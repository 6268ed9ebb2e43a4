//! `notify`: telling a person.

use clap::{Args, Subcommand};
use herder_domain::duration::Span;

/// What to do about it.
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a message by each way that is set up, now
    Test(NotifyTest),
}

/// `digest`.
#[derive(Debug, Args)]
pub struct Digest {
    /// Of so long: 90s, 200m, 8h
    #[arg(long = "last", value_name = "TIME", default_value = "24h")]
    pub last: Span,
}

/// `notify test`.
#[derive(Debug, Args)]
pub struct NotifyTest {
    /// Only by this one: the NAME of [notify.to.NAME], or `command` or `post`
    #[arg(value_name = "WAY")]
    pub way: Option<String>,
}
