//! Colours, where they are wanted: on a terminal, unless NO_COLOR says no or CLICOLOR_FORCE says yes.
//!
//! `anstream` knows terminals and these variables; what goes through it loses its colours where none are wanted.

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};

use crate::args::Colour;

/// The word in front of an error.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The word in front of a warning.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// The word in front of a hint.
pub const HINT: Style = AnsiColor::Cyan.on_default();

/// Settles `--color` for this process.
pub fn colour(choice: Colour) {
    match choice {
        Colour::Auto => ColorChoice::Auto,
        Colour::Always => ColorChoice::Always,
        Colour::Never => ColorChoice::Never,
    }
    .write_global();
}
