//! The suites of tests: which there are, what each needs, and how they ended.
//!
//! [`registry`] is the one home of the list. A suite that lacks something on this machine is skipped by name
//! with the reason; with `CI=true` that is a failure, except for suites marked live.

pub mod need;
pub mod outcome;
pub mod registry;
mod runner;

use std::path::Path;

use anyhow::{Result, bail};

use crate::root::target_directory;
use crate::step;
use outcome::{Outcome, Row};
use registry::{Runs, SUITES, Suite};
use runner::Runner;

/// Builds what tests start and no runner builds for them: `herder`, and the programs among the examples.
const PROGRAMS: [&str; 4] = ["build", "--workspace", "--bins", "--examples"];

/// Runs the suites that are named (when none is, all; outside CI but for the long ones), prints a table, and says whether all is well.
///
/// # Errors
/// When a name is not that of a suite, or the test runner cannot be started.
pub fn run(root: &Path, names: &[String], args: &[String]) -> Result<bool> {
    let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let chosen = choose(names, args, is_ci)?;
    let runner = Runner::detect(root, is_ci);
    println!("test runner: {}", runner.name());
    if !step::run(&mut step::cargo(root, PROGRAMS))? {
        println!("the programs that tests start could not be built");
        return Ok(false);
    }
    let mut rows = Vec::new();
    for suite in chosen {
        println!("\n--> suite {}: {}", suite.name, suite.about);
        let (outcome, time) = step::timed(|| run_one(root, suite, runner, args));
        rows.push(Row { suite: suite.name, is_live: suite.is_live, outcome: outcome?, time });
    }
    println!("\n{}", outcome::table(&rows, is_ci));
    let left_out = left_out(is_ci);
    if names.is_empty() && args.is_empty() && !left_out.is_empty() {
        println!("left out unless named: {}", left_out.join(", "));
    }
    Ok(rows.iter().all(|row| !row.is_failure(is_ci)))
}

/// The suites of these names in the registry's order; without names all, the long ones in CI only; with arguments
/// for the runner and no name only `default`, because a filter that fits one suite leaves the others without a test.
fn choose(names: &[String], args: &[String], is_ci: bool) -> Result<Vec<&'static Suite>> {
    let is_known = |name: &&String| SUITES.iter().any(|suite| suite.name == name.as_str());
    if let Some(stranger) = names.iter().find(|name| !is_known(name)) {
        let known: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
        bail!("no suite is called {stranger:?}; there are: {}", known.join(", "));
    }
    let is_chosen = |suite: &&Suite| match names {
        [] if args.is_empty() => is_chosen_unnamed(suite.runs, is_ci),
        [] => suite.name == "default",
        names => names.iter().any(|name| name == suite.name),
    };
    Ok(SUITES.iter().filter(is_chosen).collect())
}

/// Whether a suite is run when none is named.
fn is_chosen_unnamed(runs: Runs, is_ci: bool) -> bool {
    match runs {
        Runs::Always => true,
        Runs::InCi => is_ci,
    }
}

/// The suites that are run here only when they are named.
fn left_out(is_ci: bool) -> Vec<&'static str> {
    SUITES.iter().filter(|suite| !is_chosen_unnamed(suite.runs, is_ci)).map(|suite| suite.name).collect()
}

/// One suite from its presence in the tree to its end.
fn run_one(root: &Path, suite: &Suite, runner: Runner, args: &[String]) -> Result<Outcome> {
    if let Some(file) = suite.tests.missing_file(root) {
        return Ok(Outcome::NotPresent { file });
    }
    let cache = need::cache_directory(&target_directory(root), suite.name);
    let mut provided = Vec::new();
    for need in suite.needs {
        match need.provide(&cache) {
            Ok(variable) => provided.extend(variable),
            Err(reason) => return Ok(Outcome::Skipped { reason }),
        }
    }
    let mut command = runner.command(root, &suite.tests, args);
    command.envs(provided);
    let is_green = step::run(&mut command)?;
    Ok(if is_green { Outcome::Passed } else { Outcome::Failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_every_suite_is_chosen_but_the_long_ones_outside_ci() {
        assert_eq!(choose(&[], &[], true).unwrap().len(), SUITES.len());
        assert_eq!(choose(&[], &[], false).unwrap().len() + left_out(false).len(), SUITES.len());
        assert!(left_out(false).contains(&"crash-points") && !left_out(false).contains(&"default"));
    }

    #[test]
    fn a_named_suite_is_chosen_alone() {
        let chosen = choose(&["default".to_owned()], &[], true).unwrap();
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0].name, "default");
    }

    #[test]
    fn a_filter_without_a_name_means_the_default_suite() {
        let chosen = choose(&[], &["keeper".to_owned()], true).unwrap();
        let names: Vec<&str> = chosen.iter().map(|suite| suite.name).collect();
        assert_eq!(names, ["default"]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = choose(&["real-clod".to_owned()], &[], false).unwrap_err().to_string();
        assert!(error.contains("real-clod") && error.contains("real-claude"), "{error}");
    }

    #[test]
    fn a_suite_without_its_test_file_is_not_present() {
        let empty = tempfile::tempdir().unwrap();
        let suite = SUITES.iter().find(|suite| suite.name == "real-claude").unwrap();
        let runner = Runner::Nextest { is_ci: false };
        let outcome = run_one(empty.path(), suite, runner, &[]).unwrap();
        assert!(matches!(outcome, Outcome::NotPresent { .. }), "{outcome:?}");
    }
}
