//! The pages that people read, carried out: every command line in them, and every output that they show.
//!
//! How a page is marked up for it stands in CONTRIBUTING.md, "Pages that are tests".

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says so")]

mod compare;
mod gh;
mod harness;
mod inline;
mod inventory;
mod page;
mod perform;
mod stage;
mod transcript;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut args = std::env::args();
    if args.next().is_some_and(|name| name.ends_with("/gh") || name == "gh") {
        return gh::main(&args.collect::<Vec<_>>());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let pages = inventory::pages(&root);
    let mut trials: Vec<Trial> = pages.iter().map(|path| of_page(&root, path)).collect();
    let (at, of) = (root.clone(), pages.clone());
    trials.push(Trial::test("every_command_that_is_mentioned_exists", move || Ok(inline::check(&at, &of)?)));
    trials.push(Trial::test("what_is_not_run_is_listed_and_counted", move || {
        inventory::not_run(&root, &pages);
        Ok(())
    }));
    trials.extend(harness::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn of_page(root: &Path, path: &Path) -> Trial {
    let (root, path) = (root.to_owned(), path.to_owned());
    Trial::test(path.display().to_string(), move || {
        let text = fs_err::read_to_string(root.join(&path))?;
        Ok(perform::page(&path, &text)?)
    })
}

/// A place in a page, as compilers print it.
fn place(path: &Path, line: usize) -> String {
    format!("{}:{line}", PathBuf::from(path).display())
}
