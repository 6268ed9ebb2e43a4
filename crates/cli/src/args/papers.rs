//! `herder completions`, `man` and `reference`: the papers that are made of the definitions beside this file.

use std::path::PathBuf;

use clap::{Args, CommandFactory, ValueEnum};

use super::Cli;

/// `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// A shell that can be told what may be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash with bash-completion
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

/// `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for each command into this directory, which is made; without it, herder(1) is printed
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// All that can be typed, with what follows from it filled in.
pub fn definition() -> clap::Command {
    let mut definition = Cli::command();
    definition.build();
    definition
}

/// All that can be typed, as it is written down.
pub fn plain_definition() -> clap::Command {
    Cli::command()
}
