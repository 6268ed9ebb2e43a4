//! `service ...`.

use clap::{Args, Subcommand};

/// What to do with the service.
#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// Have systemd run `up` for you, from login on: write a user unit and enable it
    Install(ServiceInstall),
    /// Disable the unit and remove it; what is at work goes on
    Uninstall,
    /// Say whether the unit is there, enabled and at work
    Status,
}

/// `service install`.
#[derive(Debug, Args)]
pub struct ServiceInstall {
    /// Print the unit, and do nothing
    #[arg(long)]
    pub print: bool,
    /// What `up` is to be called with, after `--`
    #[arg(last = true, value_name = "FLAGS OF UP")]
    pub up: Vec<String>,
}
