//! A keeper for this crate's tests, which has no program of its own to be one.

use std::process::ExitCode;

fn main() -> ExitCode {
    herder_executor::keeper_main()
}
