//! The process zoo of the test kit as a program: the coding agent of nights that end violently.

use std::process::ExitCode;

fn main() -> ExitCode {
    herder_testkit::zoo::visit(std::env::args().skip(1))
}
