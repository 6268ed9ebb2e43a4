//! What keeps work and brings it back: `salvage`.

use std::path::PathBuf;

use clap::Args;

use super::reference::Reference;

/// `salvage`.
#[derive(Debug, Args)]
pub struct Salvage {
    /// The goal's number, or OWNER/NAME#NUMBER
    #[arg(value_name = "NUMBER")]
    pub number: Reference,
    /// Of this run [default: the last one]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// As it was after this iteration [default: the last one]
    #[arg(long, value_name = "N")]
    pub iteration: Option<u32>,
    /// What to call the branch [default: salvage-GOAL-ATTEMPT-ITERATION]
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// The checkout to bring it to [default: that of the current directory]
    #[arg(long, value_name = "DIR", conflicts_with = "vault")]
    pub into: Option<PathBuf>,
    /// Make the branch in herder's vault, and touch no checkout
    #[arg(long)]
    pub vault: bool,
    /// List what there is, and bring nothing back
    #[arg(long, conflicts_with_all = ["branch", "into", "vault"])]
    pub list: bool,
}
