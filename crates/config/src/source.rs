//! Where a value comes from.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

/// Who said so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Nobody: herder's own default.
    Default,
    /// The user's `config.toml`.
    User {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
    },
    /// The repository's `.ralph/config.toml` at the base branch.
    Repository {
        /// From 1.
        line: usize,
    },
    /// A flag of the command.
    Flag,
    /// The goal's front matter.
    Goal,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::User { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Repository { line } => write!(f, ".ralph/config.toml:{line}"),
            Self::Flag => f.write_str("flag"),
            Self::Goal => f.write_str("goal"),
        }
    }
}

/// A value and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Who said so.
    pub source: Source,
}

impl<T> Sourced<T> {
    /// A value and who said so.
    pub fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }

    /// A default.
    pub fn by_default(value: T) -> Self {
        Self::new(value, Source::Default)
    }

    /// Another value of the same source.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: change(self.value), source: self.source }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
