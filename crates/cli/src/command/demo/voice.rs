//! What is said while the demo goes on: each line with its speaker in front.

use std::io::IsTerminal;

use serde_json::json;

use crate::call::env;
use crate::failure::Failure;
use crate::output::{Output, printable};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The demo.
    Demo,
    /// The orchestrator.
    Herder,
    /// A ralph.
    Ralph,
}

/// Says lines.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    output: Output,
    is_coloured: bool,
}

impl Voice {
    /// Colours are for terminals, and not for those who refuse them (<https://no-color.org>).
    pub fn new(output: Output) -> Self {
        let is_refused = env("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { output, is_coloured: std::io::stdout().is_terminal() && !is_refused && !output.is_json() }
    }

    /// Says something of the demo's own; it may have several lines.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        text.lines().try_for_each(|line| self.line(Speaker::Demo, line))
    }

    /// Says a line.
    pub fn line(&self, speaker: Speaker, line: &str) -> Result<(), Failure> {
        let (name, colour) = match speaker {
            Speaker::Demo => ("demo", "1;33"),
            Speaker::Herder => ("herder", "36"),
            Speaker::Ralph => ("ralph", "2"),
        };
        let line = printable(line.trim_end());
        let said = match (self.output.is_json(), self.is_coloured) {
            (true, _) => self.output.say(&json!({ "from": name, "line": line }), ""),
            (false, true) => self.output.text(&format!("\u{1b}[{colour}m{name:>6} |\u{1b}[0m {line}\n")),
            (false, false) => self.output.text(&format!("{name:>6} | {line}\n")),
        };
        said.map_err(|error| Failure::environment(format!("failed to write to standard output: {error}")))
    }
}
