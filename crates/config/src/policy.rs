//! What the two files say beyond a goal's options: gate, protected paths, tests, sandbox, time-outs.

use std::ffi::OsString;

use herder_domain::repo::RepoId;
use herder_domain::setup::Clocks;

use crate::error::ConfigError;
use crate::file::{RepositoryConfig, UserConfig};
use crate::resolve::{GatePolicy, SandboxSettings};
use crate::settings::expanded;
use crate::source::{Source, Sourced};
use crate::text::GateWord;

/// What no list can leave out: the gate, and where the contents of Git LFS are sent with the user's credentials.
const ALWAYS_PROTECTED: [&str; 2] = [".ralph/**", ".lfsconfig"];

/// CI, build entry points and lock files of the usual ecosystems.
const PROTECTED: [&str; 24] = [
    ".github/workflows/**",
    ".gitlab-ci.yml",
    ".circleci/**",
    ".forgejo/workflows/**",
    "Jenkinsfile",
    "**/Makefile",
    "**/GNUmakefile",
    "**/justfile",
    "**/build.rs",
    "**/setup.py",
    "**/conftest.py",
    "**/.cargo/config.toml",
    "**/package.json",
    "**/Cargo.lock",
    "**/package-lock.json",
    "**/npm-shrinkwrap.json",
    "**/yarn.lock",
    "**/pnpm-lock.yaml",
    "**/poetry.lock",
    "**/uv.lock",
    "**/go.sum",
    "**/Gemfile.lock",
    "**/composer.lock",
    "**/gradle/wrapper/**",
];

/// Where the usual ecosystems keep tests.
const TESTS: [&str; 9] = [
    "**/tests/**",
    "**/test/**",
    "**/__tests__/**",
    "**/spec/**",
    "**/test_*.*",
    "**/*_test.*",
    "**/*.test.*",
    "**/*.spec.*",
    "**/*Test.java",
];

/// What decides whether finished work needs a person's look. It names no agent and no model, so it is known
/// of work that is there, whatever became of the settings under which it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// What happens without a gate.
    pub gate: GatePolicy,
    /// Globs of paths whose change sends work to spot-check.
    pub protect: Vec<String>,
    /// Globs of tests whose deletion sends work to spot-check.
    pub test_globs: Vec<String>,
}

/// What repository, user or nobody says of finished work.
pub fn review(repository: &RepositoryConfig, user: &UserConfig) -> Review {
    Review {
        gate: gate(repository).value,
        protect: protect(repository, user).value,
        test_globs: test_globs(repository, user).value,
    }
}

/// The repository's own word about a missing gate. Only it has one: the user cannot waive another
/// one's review by accident for all repositories.
pub(crate) fn gate(repository: &RepositoryConfig) -> Sourced<GatePolicy> {
    match repository.raw.gate.check {
        Some(GateWord::None) => Sourced::new(GatePolicy::Waived, repository.lines.source(&["gate", "check"])),
        None => Sourced::by_default(GatePolicy::Required),
    }
}

/// The gate itself, and what repository, user or nobody says.
pub(crate) fn protect(repository: &RepositoryConfig, user: &UserConfig) -> Sourced<Vec<String>> {
    let key = ["gate", "protect"];
    let said = either(
        repository.raw.gate.protect.as_ref().map(|globs| (globs, repository.lines.source(&key))),
        user.raw.gate.protect.as_ref().map(|globs| (globs, user.lines.source(&key))),
    );
    let rest = said.unwrap_or_else(|| Sourced::by_default(owned(&PROTECTED)));
    rest.map(|globs| owned(&ALWAYS_PROTECTED).into_iter().chain(globs).collect())
}

/// What repository, user or nobody says.
pub(crate) fn test_globs(repository: &RepositoryConfig, user: &UserConfig) -> Sourced<Vec<String>> {
    let key = ["test_globs"];
    let said = either(
        repository.raw.test_globs.as_ref().map(|globs| (globs, repository.lines.source(&key))),
        user.raw.test_globs.as_ref().map(|globs| (globs, user.lines.source(&key))),
    );
    said.unwrap_or_else(|| Sourced::by_default(owned(&TESTS)))
}

/// The programs that repository, else user, says are heavy.
pub(crate) fn heavy(repository: &RepositoryConfig, user: &UserConfig) -> Vec<String> {
    repository.raw.heavy.as_ref().or(user.raw.heavy.as_ref()).cloned().unwrap_or_default()
}

fn either(
    repository: Option<(&Vec<String>, Source)>,
    user: Option<(&Vec<String>, Source)>,
) -> Option<Sourced<Vec<String>>> {
    repository.or(user).map(|(globs, source)| Sourced::new(globs.clone(), source))
}

fn owned(globs: &[&str]) -> Vec<String> {
    globs.iter().map(|glob| (*glob).to_owned()).collect()
}

/// The branch that work lands on, where the user says one.
pub(crate) fn base(repo: Option<&RepoId>, user: &UserConfig) -> Option<Sourced<String>> {
    let (name, table) = user.repo(repo)?;
    table.base.clone().map(|base| Sourced::new(base, user.lines.source(&["repo", name, "base"])))
}

/// The user's time-outs; a repository knows best how long its gate and its set-up take.
pub(crate) fn clocks(repository: &RepositoryConfig, user: &UserConfig) -> Clocks {
    let clocks = user.clocks();
    let said = &repository.raw.timeouts;
    Clocks {
        gate: said.gate.map_or(clocks.gate, |span| span.0),
        setup: said.setup.map_or(clocks.setup, |span| span.0),
        ..clocks
    }
}

/// What the user lets through. A repository has no say: it would open the sandbox for its own code.
pub(crate) fn sandbox(
    user: &UserConfig,
    env: &impl Fn(&str) -> Option<OsString>,
) -> Result<SandboxSettings, ConfigError> {
    let said = &user.raw.sandbox;
    let all = |paths: &[String]| -> Result<Vec<_>, ConfigError> {
        paths.iter().map(|path| expanded(path, env)).collect()
    };
    Ok(SandboxSettings { read: all(&said.read)?, write: all(&said.write)?, env: said.env.clone() })
}
