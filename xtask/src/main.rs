//! `cargo xtask`: the chores of this repository, as one small program.
#![allow(clippy::print_stderr, reason = "a chore speaks to the person who called it")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::bench::Depth;
use xtask::release::{Demo, Order};

/// The repository's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

/// What can be asked for.
#[derive(Subcommand)]
enum Chore {
    /// Run every suite of tests, or those that are named
    Test {
        /// A suite to run; may be given several times. Without it all suites are run
        #[arg(long = "suite", value_name = "NAME")]
        suites: Vec<String>,
        /// Passed on to the test runner; without --suite only `default` is run then
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Everything that must hold before a change lands: format, lints, house rules, docs, tests
    Ci,
    /// Check the house rules
    Tidy,
    /// Measure, side by side with peers: every benchmark, or those that are named
    Bench {
        /// Benchmarks to run. Without a name all are run
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Only see whether they run: one pair each, at the smallest size
        #[arg(long)]
        quick: bool,
    },
    /// Build a static program, check it, and pack it with its papers, licences and sums
    Release {
        /// The target's triple [default: this machine's architecture with musl]
        #[arg(long, value_name = "TRIPLE")]
        target: Option<String>,
        /// Where to put the archive [default: dist in cargo's target directory]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Do not have the program show the demo
        #[arg(long)]
        skip_demo: bool,
    },
    /// Write the papers that are made of the program: docs/reference/commands.md
    Gen,
}

fn main() -> ExitCode {
    match call(Arguments::parse().chore) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one chore; `false` means that it ran and found something wrong.
fn call(chore: Chore) -> anyhow::Result<bool> {
    let root = xtask::root::find()?;
    match chore {
        Chore::Test { suites, args } => xtask::suites::run(&root, &suites, &args),
        Chore::Ci => xtask::ci::run(&root),
        Chore::Tidy => xtask::tidy::report(&root),
        Chore::Bench { names, quick } => {
            let depth = if quick { Depth::Quick } else { Depth::Full };
            xtask::bench::run(&root, &names, depth)
        }
        Chore::Release { target, out, skip_demo } => {
            let demo = if skip_demo { Demo::Skip } else { Demo::Show };
            xtask::release::run(&root, &Order { target, out, demo })
        }
        Chore::Gen => xtask::papers::generate(&root),
    }
}
