//! `notify`: telling a person.

use clap::{Args, Subcommand};

/// What to do about it.
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a message by each way that is set up, now
    Test(NotifyTest),
}

/// `notify test`.
#[derive(Debug, Args)]
pub struct NotifyTest {
    /// Only by this one: the NAME of [notify.to.NAME], or `command` or `post`
    #[arg(value_name = "WAY")]
    pub way: Option<String>,
}
