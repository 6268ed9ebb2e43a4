//! Everything that must hold before a change lands. One red step does not hide the next.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::{step, suites, tidy};

/// What one step does; `Ok(false)` means that it ran and was red.
type Work = fn(&Path) -> Result<bool>;

/// The steps in their order: cheap ones first, so that the first red line comes early.
const STEPS: &[(&str, Work)] =
    &[("format", format), ("tidy", tidy::report), ("clippy", clippy), ("docs", docs), ("test", test)];

/// Runs every step and prints which were red; `true` when none was.
///
/// # Errors
/// None of its own: a step that could not be run is printed and counts as red.
pub fn run(root: &Path) -> Result<bool> {
    let mut outcomes = Vec::new();
    for (name, work) in STEPS {
        println!("\n==> {name}");
        let (result, time) = step::timed(|| work(root));
        let is_green = result.unwrap_or_else(|error| {
            println!("error: {error:#}");
            false
        });
        outcomes.push((*name, is_green, time));
    }
    println!("\n{}", summary(&outcomes));
    Ok(outcomes.iter().all(|(_, is_green, _)| *is_green))
}

/// The table of steps, and under it one sentence with the names of the red ones.
fn summary(outcomes: &[(&str, bool, Duration)]) -> String {
    let mut text = format!("{:<10} {:<7} {:>8}\n", "step", "result", "seconds");
    for (name, is_green, time) in outcomes {
        let result = if *is_green { "passed" } else { "FAILED" };
        text += &format!("{name:<10} {result:<7} {:>8.1}\n", time.as_secs_f64());
    }
    let red: Vec<&str> =
        outcomes.iter().filter(|(_, is_green, _)| !is_green).map(|(name, _, _)| *name).collect();
    if red.is_empty() {
        text + "ci: all steps passed"
    } else {
        text + &format!("ci: failed steps: {}", red.join(", "))
    }
}

fn format(root: &Path) -> Result<bool> {
    step::run(&mut step::cargo(root, ["fmt", "--all", "--check"]))
}

fn clippy(root: &Path) -> Result<bool> {
    let args = ["clippy", "--workspace", "--all-targets", "--", "-D"];
    step::run(step::cargo(root, args).arg("warnings"))
}

/// Private items too: the readers of these pages are the people who change the code.
fn docs(root: &Path) -> Result<bool> {
    let args = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    let mut command: Command = step::cargo(root, args);
    step::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn test(root: &Path) -> Result<bool> {
    suites::run(root, &[], &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_every_red_step() {
        let second = Duration::from_secs(1);
        let text = summary(&[("format", false, second), ("tidy", true, second), ("test", false, second)]);
        assert!(text.ends_with("ci: failed steps: format, test"), "{text}");
    }

    #[test]
    fn the_summary_of_green_steps_says_so() {
        let text = summary(&[("format", true, Duration::ZERO)]);
        assert!(text.ends_with("ci: all steps passed"), "{text}");
    }
}
