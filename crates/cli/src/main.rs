//! The herder command line: arguments in, text out.
//!
//! *Invariant:* nothing is decided here. A command calls the crate that knows, and renders what it says;
//! an error becomes a sentence, hints and an exit code in one place ([`failure`]).

mod agents;
mod args;
mod call;
mod command;
mod desk;
mod failure;
mod item;
mod killed;
mod names;
mod output;
mod place;
mod secrets;
mod window;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use output::Output;

fn main() -> ExitCode {
    let argv: Vec<OsString> = std::env::args_os().collect();
    match inner(&argv) {
        Some(exit) => exit,
        None => outer(argv),
    }
}

/// The processes that herder starts of itself. They come first: a keeper supervises best in a process that
/// did nothing else before, and a ralph need not know of all commands to begin.
fn inner(argv: &[OsString]) -> Option<ExitCode> {
    match argv.get(1)?.to_str()? {
        "keeper" if argv.len() == 2 => Some(herder_executor::keeper_main()),
        "ralph" if argv.len() == 4 && argv[2] == "--run" => {
            Some(Output::new(false).finish(command::ralph::of_orchestrator(Path::new(&argv[3]))))
        }
        herder_agent::replay::COMMAND => Some(ExitCode::from(herder_agent::replay::perform())),
        _ => None,
    }
}

fn outer(argv: Vec<OsString>) -> ExitCode {
    let argv = names::as_herder(argv);
    match args::read(&argv) {
        Ok(cli) => {
            output::colour(cli.color);
            let output = Output::new(cli.json);
            if let args::Command::Heavy(heavy) = &cli.command {
                // Its exit code is the program's, which no reply has.
                return command::heavy::heavy(heavy).unwrap_or_else(|failure| output.finish(Err(failure)));
            }
            output.finish(command::perform(cli, output))
        }
        Err(refusal) => refusal.finish(Output::new(names::asks_for_json(&argv))),
    }
}
