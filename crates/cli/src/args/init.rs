//! `herder init`.

use clap::Args;

/// `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// A directory in the repository, or its name on GitHub
    #[arg(value_name = "PATH|OWNER/NAME", default_value = ".")]
    pub what: String,
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}
