//! `herder backup` and `herder restore`.

use std::path::PathBuf;

use clap::Args;

/// `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write, a compressed tar archive; it must not be there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Leave the directories of runs out that are over: logs, streams of the agents, progress
    #[arg(long)]
    pub without_runs: bool,
}

/// `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// A file that `herder backup` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Move a state directory aside that is there
    #[arg(long)]
    pub force: bool,
}
