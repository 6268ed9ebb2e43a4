//! What keeps work, brings it back, and takes it into a person's hands: `salvage`, `take`, `give`, `undo`, `gc`.

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

/// `take`.
#[derive(Debug, Args)]
pub struct Take {
    /// The goal's number, or OWNER/NAME#NUMBER
    #[arg(value_name = "NUMBER")]
    pub number: Reference,
    /// Print where its workspace is, and open no shell
    #[arg(long)]
    pub print: bool,
}

/// `give`.
#[derive(Debug, Args)]
pub struct Give {
    /// The goal's number, or OWNER/NAME#NUMBER
    #[arg(value_name = "NUMBER")]
    pub number: Reference,
    /// A ralph goes on from here
    #[arg(long, conflicts_with = "drop")]
    pub back: bool,
    /// Forget what was changed; the vault keeps it
    #[arg(long)]
    pub drop: bool,
    /// Words for the ralph that goes on; they stand first in its prompt
    #[arg(long, value_name = "TEXT", requires = "back")]
    pub say: Option<String>,
}

/// `undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// The goal's number, or OWNER/NAME#NUMBER
    #[arg(value_name = "NUMBER")]
    pub number: Reference,
    /// Queue the goal again; otherwise it becomes a draft
    #[arg(long)]
    pub queue: bool,
    /// Why; it stands in the commit and first in the next prompt
    #[arg(long, value_name = "TEXT")]
    pub say: Option<String>,
    /// Do not ask the gate
    #[arg(long)]
    pub force: bool,
    /// Although other goals were built on it
    #[arg(long)]
    pub yes: bool,
    /// Write a draft that asks an agent to take the work out, and touch nothing
    #[arg(long, conflicts_with_all = ["queue", "force", "yes"])]
    pub as_goal: bool,
}

/// `gc`.
#[derive(Debug, Args)]
pub struct Gc {
    /// Say what would go, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Remove also the clones of these runs, which hold what no snapshot takes
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub clones: Vec<String>,
}
