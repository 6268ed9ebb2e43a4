//! `herder config ...`.

use clap::{Args, Subcommand};

use super::UpFlags;
use super::reference::Reference;

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show what holds for agent, budgets, gate and paths, and who said so
    Explain(Explain),
    /// Set a key of your config.toml; all else in it stays as it is
    Set(SetKey),
    /// Take a key out of your config.toml
    Unset(UnsetKey),
    /// Print where your config.toml is
    Path,
}

/// `config explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// All that is known of this key, for example budget.usd
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
    /// As they hold for this goal
    #[arg(long, value_name = "GOAL")]
    pub goal: Option<Reference>,
    /// As `up` would be called.
    #[command(flatten)]
    pub flags: UpFlags,
}

/// `config set`.
#[derive(Debug, Args)]
pub struct SetKey {
    /// For example max, budget.usd or repo."owner/name".model
    #[arg(value_name = "KEY")]
    pub key: String,
    /// As TOML has it; quotes around a text may be left out
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
}

/// `config unset`.
#[derive(Debug, Args)]
pub struct UnsetKey {
    /// For example max, budget.usd or repo."owner/name".model
    #[arg(value_name = "KEY")]
    pub key: String,
}
