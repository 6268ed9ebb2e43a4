//! The process zoo of the test kit as a program, for this crate's tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    herder_testkit::zoo::visit(std::env::args().skip(1))
}
