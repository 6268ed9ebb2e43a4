//! `herder demo`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Who works
    #[arg(long, value_enum, default_value_t = Player::Replay)]
    pub agent: Player,
    /// Where it takes place: a directory that is empty or not there yet [default: a new one among the
    /// temporary files]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Remove the directory afterwards, if all went as expected
    #[arg(long)]
    pub remove: bool,
}

/// Who works in the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Player {
    /// The scripted agent: free, and the same each time
    Replay,
    /// The `claude` on PATH, with a credential from the environment; it costs money
    Claude,
}
