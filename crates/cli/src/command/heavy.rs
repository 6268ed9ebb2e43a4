//! `heavy`: a program between taking build tokens and giving them back. Outside of a run it just runs.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};

use herder_executor::{Heavy, InHand, TOKENS_MARKER};

use crate::args;
use crate::call::env_text;
use crate::failure::Failure;

/// Runs the program; its exit code is this one's, and 128 and its number for a signal, as of a shell.
pub fn heavy(args: &args::Heavy) -> Result<ExitCode, Failure> {
    let Some((program, rest)) = args.command.split_first() else {
        return Err(Failure::usage("no program is named").hint("for example: herder heavy -- pytest -x"));
    };
    let _tokens = tokens(args)?;
    let status = Command::new(program).args(rest).status().map_err(|error| {
        Failure::environment(format!("failed to run {}: {error}", program.display()))
            .hint("name a program on the PATH, after `--`")
    })?;
    Ok(code(status))
}

fn tokens(args: &args::Heavy) -> Result<Option<InHand>, Failure> {
    let Some(marker) = env_text(TOKENS_MARKER) else { return Ok(None) };
    let taken = Heavy::of(&marker).and_then(|heavy| heavy.take(args.count.map(|count| count.get())));
    taken.map(Some).map_err(|error| {
        Failure::environment(format!("failed to {}", crate::failure::chain(&error)))
            .hint(format!("without {TOKENS_MARKER} in its environment it runs without tokens"))
    })
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
