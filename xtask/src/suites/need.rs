//! What a suite needs beyond Rust, git and a C compiler, and how it is provided.

mod file;
mod unpacked;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use file::{NpmFile, PipProgram};
pub use unpacked::Unpacked;

use crate::step;

/// Something that must be there before a suite can run.
#[derive(Debug)]
pub enum Need {
    /// A program on `PATH`; it is looked for and never installed for a person.
    Program {
        /// What it is called.
        name: &'static str,
        /// The Debian package that has it, for the reason of a skip.
        debian: &'static str,
    },
    /// A service of the network that a command gets an answer from.
    Service {
        /// What it is called.
        name: &'static str,
        /// The command, program first.
        probe: &'static [&'static str],
    },
    /// Something that the machine lets its users do, or has beside programs.
    Ability {
        /// What is wanted, so that it fits after "this machine has no".
        name: &'static str,
        /// A script for `sh` that ends well where it is there.
        probe: &'static str,
    },
    /// A program of a Debian package that is unpacked into the suite's own cache directory.
    Unpacked(Unpacked),
    /// A package that is installed into the suite's own cache directory.
    Npm(NpmPackage),
    /// A single file of an npm package: a description, or a program that needs no other.
    File(NpmFile),
    /// A script of an npm package, with the packages that it depends on.
    Script(NpmScript),
    /// A program from PyPI.
    Pip(PipProgram),
}

/// A program from the npm registry, in one pinned version.
#[derive(Debug)]
pub struct NpmPackage {
    /// The package's name with its scope.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// The name of the native program. The package itself only has a wrapper; the program lies in a sibling
    /// package for each platform, called `<name>-<platform>`, of which npm installs those that fit.
    pub native: &'static str,
    /// The environment variable that tells the tests where the program is.
    pub variable: &'static str,
}

/// A script of the npm registry, in one pinned version.
#[derive(Debug)]
pub struct NpmScript {
    /// The package's name with its scope.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// The script, from the package's directory.
    pub file: &'static str,
    /// The environment variable that tells the tests where the script is.
    pub variable: &'static str,
}

/// A variable for the environment of a suite's tests.
pub type Variable = (&'static str, OsString);

/// Where a suite's programs are installed: `HERDER_SUITE_CACHE/<suite>`, else `suites/<suite>` in cargo's
/// target directory.
#[must_use]
pub fn cache_directory(target: &Path, suite: &str) -> PathBuf {
    match std::env::var_os("HERDER_SUITE_CACHE") {
        Some(cache) => PathBuf::from(cache).join(suite),
        None => target.join("suites").join(suite),
    }
}

impl Need {
    /// Sees to it that the need is met, and says what the tests must be told.
    ///
    /// # Errors
    /// One sentence that says why it cannot be met on this machine: the reason of a skip.
    pub fn provide(&self, cache: &Path) -> Result<Option<Variable>, String> {
        match self {
            Need::Program { name, debian } => match step::answer(Command::new(name).arg("--version")) {
                Some(_) => Ok(None),
                None => Err(format!("{name} is not on PATH (Debian: apt-get install {debian})")),
            },
            Need::Service { name, probe } => {
                let (program, args) = probe.split_first().ok_or("nothing is asked")?;
                match step::answer(Command::new(program).args(args)) {
                    Some(_) => Ok(None),
                    None => Err(format!("{name} does not answer ({})", probe.join(" "))),
                }
            }
            Need::Ability { name, probe } => match step::answer(Command::new("sh").args(["-c", probe])) {
                Some(_) => Ok(None),
                None => Err(format!("this machine has no {name}")),
            },
            Need::Unpacked(program) => program.provide(cache),
            Need::Npm(package) => package.provide(cache).map(Some),
            Need::File(file) => file.provide(cache).map(Some),
            Need::Script(script) => script.provide(cache).map(Some),
            Need::Pip(program) => program.provide(cache).map(Some),
        }
    }
}

/// A call of npm with a cache of its own, so that nothing of the user's is touched.
fn npm(cache: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command
        .args(args)
        .args(["--fetch-retries=1", "--fetch-timeout=60000", "--cache"])
        .arg(cache.join("npm-cache"))
        .current_dir(cache)
        .stdin(Stdio::null());
    command
}

impl NpmPackage {
    fn provide(&self, cache: &Path) -> Result<Variable, String> {
        if self.program(cache).is_none() {
            self.install(cache)?;
        }
        let program = self.program(cache).ok_or_else(|| {
            let (name, version) = (self.name, self.version);
            format!("npm installed {name}@{version}, but no program of it for this machine says so")
        })?;
        println!("{}: {}", self.variable, program.display());
        Ok((self.variable, program.into_os_string()))
    }

    fn install(&self, cache: &Path) -> Result<(), String> {
        fs_err::create_dir_all(cache).map_err(|error| error.to_string())?;
        let mut command = npm(cache, &["install", "--no-audit", "--no-fund", "--no-save"]);
        command.arg("--prefix").arg(cache).arg(format!("{}@{}", self.name, self.version));
        match step::run(&mut command) {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("npm could not install {}@{}", self.name, self.version)),
            Err(error) => Err(format!("{error:#}")),
        }
    }

    /// The native program that answers with the pinned version: npm may have left one for another C library.
    fn program(&self, cache: &Path) -> Option<PathBuf> {
        let package = cache.join("node_modules").join(self.name);
        let prefix = format!("{}-", package.file_name()?.to_str()?);
        let siblings = fs_err::read_dir(package.parent()?).ok()?;
        siblings
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path().join(self.native))
            .find(|program| self.is_pinned(program))
    }

    fn is_pinned(&self, program: &Path) -> bool {
        step::answer(Command::new(program).arg("--version"))
            .is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: NpmPackage =
        NpmPackage { name: "@scope/tool", version: "1.2.3", native: "tool", variable: "TEST_TOOL" };

    /// A program for one platform that answers with this line.
    fn platform_program(cache: &Path, platform: &str, answer: &str) -> PathBuf {
        let directory = cache.join("node_modules/@scope").join(platform);
        fs_err::create_dir_all(&directory).unwrap();
        let program = directory.join("tool");
        // Written by another process: a test beside this one that forks while the file is open for writing
        // would keep it from being started.
        let script = r##"printf '#!/bin/sh\necho "%s"\n' "$1" > "$0" && chmod 755 "$0""##;
        let written = Command::new("sh").arg("-c").arg(script).arg(&program).arg(answer).status();
        assert!(written.unwrap().success());
        program
    }

    #[test]
    fn the_program_of_the_pinned_version_is_found() {
        let cache = tempfile::tempdir().unwrap();
        platform_program(cache.path(), "tool-linux-other", "1.2.30 (Tool)");
        let wanted = platform_program(cache.path(), "tool-linux-this", "1.2.3 (Tool)");
        assert_eq!(PACKAGE.program(cache.path()), Some(wanted));
    }

    #[test]
    fn another_version_is_not_taken_for_the_pinned_one() {
        let cache = tempfile::tempdir().unwrap();
        platform_program(cache.path(), "tool-linux", "1.2.4 (Tool)");
        assert_eq!(PACKAGE.program(cache.path()), None);
    }

    #[test]
    fn an_empty_cache_has_no_program() {
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(PACKAGE.program(cache.path()), None);
    }

    #[test]
    fn what_the_machine_does_not_allow_is_a_reason_that_names_it() {
        let need = |probe| Need::Ability { name: "wings", probe };
        let reason = need("exit 1").provide(Path::new("unused")).unwrap_err();
        assert_eq!(reason, "this machine has no wings");
        assert_eq!(need("true").provide(Path::new("unused")), Ok(None));
    }

    #[test]
    fn a_missing_program_is_a_reason_that_names_its_package() {
        let need = Need::Program { name: "no-such-program-anywhere", debian: "such-package" };
        let reason = need.provide(Path::new("unused")).unwrap_err();
        assert!(reason.contains("apt-get install such-package"), "{reason}");
    }
}
