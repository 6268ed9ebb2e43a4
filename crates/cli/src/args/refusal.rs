//! Arguments that are no command: a question for help, or a mistake.

use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::failure::Failure;
use crate::output::{Output, Reply};

/// Why there is no command to carry out.
#[derive(Debug)]
pub enum Refusal {
    /// Help or the version was asked for; this is it.
    Asked(String),
    /// Nothing was said; this is the help.
    Silent(String),
    /// It cannot be understood.
    Mistake(Failure),
}

impl Refusal {
    pub(super) fn of(error: clap::Error) -> Self {
        let text = error.render().to_string();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Asked(text),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Self::Silent(text),
            _ => Self::Mistake(mistake(&text)),
        }
    }

    /// Says it, and how the program ends.
    pub fn finish(self, output: Output) -> ExitCode {
        match self {
            Self::Asked(text) => {
                // Whoever closed the pipe has read enough of the help.
                let _ = output.text(&text);
                ExitCode::SUCCESS
            }
            Self::Silent(help) => {
                let failure = Failure::usage("no command was given");
                if output.is_json() {
                    return output.finish(Err(failure.hint("`herder --help` lists the commands")));
                }
                let _ = std::io::stderr().lock().write_all(help.as_bytes());
                ExitCode::from(failure.kind.exit_code())
            }
            Self::Mistake(failure) => output.finish(Ok(Reply::nothing().but(failure))),
        }
    }
}

/// The parser's text in our form: its first paragraph is the message, tips and usage are hints.
fn mistake(text: &str) -> Failure {
    let mut paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    let message = paragraphs.next().unwrap_or_default();
    let failure = Failure::usage(one_line(message.trim_start_matches("error: ")));
    let failure = paragraphs.flat_map(str::lines).map(str::trim).fold(failure, |failure, line| {
        let tip = line.strip_prefix("tip: ");
        match tip.or_else(|| line.strip_prefix("Usage: ").map(|_| line)) {
            Some(hint) => failure.hint(hint.replacen("Usage: ", "usage: ", 1)),
            None => failure,
        }
    });
    if failure.hints.is_empty() {
        failure.hint("--help behind the command shows what it takes")
    } else {
        failure
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_a_sentence_with_hints() {
        let text = "error: unexpected argument '--maxx' found\n\n  tip: a similar argument exists: '--max'\n\n\
                    Usage: herder up --max <N>\n\nFor more information, try '--help'.\n";
        let failure = mistake(text);
        assert_eq!(failure.message, "unexpected argument '--maxx' found");
        assert_eq!(failure.hints, ["a similar argument exists: '--max'", "usage: herder up --max <N>"]);
    }
}
