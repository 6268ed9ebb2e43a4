//! The test runner: cargo-nextest where it is installed, cargo's own otherwise.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::registry::{Target, Tests};
use crate::step;

/// How tests are run. Both print their own totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `cargo nextest run`.
    Nextest {
        /// Whether the profile of CI is used.
        is_ci: bool,
    },
    /// `cargo test`, which every installation of Rust has.
    CargoTest,
}

impl Runner {
    /// The better runner that this machine has.
    pub fn detect(root: &Path, is_ci: bool) -> Self {
        match step::answer(&mut step::cargo(root, ["nextest", "--version"])) {
            Some(_) => Runner::Nextest { is_ci },
            None => Runner::CargoTest,
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Runner::Nextest { .. } => "cargo nextest run",
            Runner::CargoTest => "cargo test (cargo-nextest is not installed)",
        }
    }

    /// The call that runs these tests.
    pub fn command(self, root: &Path, tests: &Tests, args: &[String]) -> Command {
        let mut words = match (self, tests) {
            // nextest does not run the examples in the documentation.
            (_, Tests::Documentation) => words("test --workspace --doc"),
            (Runner::Nextest { is_ci }, tests) => nextest(is_ci, tests),
            (Runner::CargoTest, Tests::Workspace) => {
                words("test --workspace --no-fail-fast --lib --bins --tests")
            }
            (Runner::CargoTest, Tests::Targets(targets)) => {
                words(&format!("{} -- --include-ignored", plain(targets)))
            }
            (Runner::CargoTest, Tests::Modules { targets, module }) => {
                words(&format!("{} -- --ignored {module}::", plain(targets)))
            }
        };
        words.extend_from_slice(args);
        step::cargo(root, words)
    }
}

/// Always `--workspace`, also for one target: with `--package` cargo would choose other features for the
/// dependencies and build them all a second time.
fn nextest(is_ci: bool, tests: &Tests) -> Vec<String> {
    let profile = if is_ci { "ci" } else { "default" };
    let mut line = format!("nextest run --workspace --profile {profile}");
    match tests {
        Tests::Targets(targets) => {
            line += &format!("{} --run-ignored all -E {}", named(targets), packages(targets));
        }
        Tests::Modules { targets, module } => {
            let filter = format!("({})&test({module}::)", packages(targets));
            line += &format!("{} --run-ignored only -E {filter}", named(targets));
        }
        Tests::Workspace | Tests::Documentation => {}
    }
    words(&line)
}

/// A filter of nextest's: other packages may have a target of the same name.
fn packages(targets: &[Target]) -> String {
    each(targets, |target| format!("+package({})", target.package)).trim_start_matches('+').to_owned()
}

/// A call of cargo's own runner for these targets.
fn plain(targets: &[Target]) -> String {
    let packages = each(targets, |target| format!(" --package {}", target.package));
    format!("test{packages} --no-fail-fast{}", named(targets))
}

/// `--test` for each name, once.
fn named(targets: &[Target]) -> String {
    let names: BTreeSet<&str> = targets.iter().map(|target| target.name).collect();
    names.iter().map(|name| format!(" --test {name}")).collect()
}

fn each(targets: &[Target], word: impl Fn(&Target) -> String) -> String {
    targets.iter().map(word).collect()
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(runner: Runner, tests: &Tests, args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        step::describe(&runner.command(Path::new("."), tests, &args))
    }

    #[test]
    fn both_runners_run_the_whole_workspace() {
        let nextest = line(Runner::Nextest { is_ci: false }, &Tests::Workspace, &["keeper"]);
        assert!(nextest.ends_with("nextest run --workspace --profile default keeper"), "{nextest}");
        let plain = line(Runner::CargoTest, &Tests::Workspace, &[]);
        assert!(plain.contains("test --workspace --no-fail-fast"), "{plain}");
    }

    #[test]
    fn a_named_target_includes_its_ignored_tests() {
        let tests = Tests::Targets(&[Target { krate: "cli", package: "herder", name: "scene" }]);
        let nextest = line(Runner::Nextest { is_ci: true }, &tests, &[]);
        assert!(
            nextest.ends_with("--profile ci --test scene --run-ignored all -E package(herder)"),
            "{nextest}"
        );
        let plain = line(Runner::CargoTest, &tests, &[]);
        assert!(
            plain.ends_with("--package herder --no-fail-fast --test scene -- --include-ignored"),
            "{plain}"
        );
    }

    #[test]
    fn the_ignored_tests_of_a_module_are_run_without_the_others() {
        let targets = &[Target { krate: "cli", package: "herder", name: "scene" }];
        let tests = Tests::Modules { targets, module: "far" };
        let nextest = line(Runner::Nextest { is_ci: true }, &tests, &[]);
        let end = "--test scene --run-ignored only -E (package(herder))&test(far::)";
        assert!(nextest.ends_with(end), "{nextest}");
        let plain = line(Runner::CargoTest, &tests, &[]);
        assert!(plain.ends_with("--no-fail-fast --test scene -- --ignored far::"), "{plain}");
    }

    #[test]
    fn targets_of_one_name_in_several_packages_are_one_call() {
        let tests = Tests::Targets(&[
            Target { krate: "testkit", package: "herder-testkit", name: "scene" },
            Target { krate: "cli", package: "herder", name: "scene" },
        ]);
        let nextest = line(Runner::Nextest { is_ci: false }, &tests, &[]);
        let end = "--test scene --run-ignored all -E package(herder-testkit)+package(herder)";
        assert!(nextest.ends_with(end), "{nextest}");
        let plain = line(Runner::CargoTest, &tests, &[]);
        let end =
            "--package herder-testkit --package herder --no-fail-fast --test scene -- --include-ignored";
        assert!(plain.ends_with(end), "{plain}");
    }
}
