//! The scripts of a repository: a directory out of the agent's reach that holds a copy of `.ralph/`.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file in `.ralph/` that is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// The gate itself.
    Check,
    /// Makes what the files of a checkout need before anything can work with them.
    Setup,
    /// Ends what the set-up has begun.
    Teardown,
}

impl Script {
    /// Its name in `.ralph/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A materialized gate, or another script beside it that is run in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    dir: PathBuf,
    script: Script,
}

impl Gate {
    /// The gate in a copy of `.ralph/`, if there is one in it.
    pub fn at(dir: impl Into<PathBuf>) -> Option<Self> {
        Self::script(dir, Script::Check)
    }

    /// A script in a copy of `.ralph/`, if there is one in it.
    pub fn script(dir: impl Into<PathBuf>, script: Script) -> Option<Self> {
        let gate = Self { dir: dir.into(), script };
        gate.program().is_file().then_some(gate)
    }

    /// The copy of `.ralph/`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The program to run.
    pub fn program(&self) -> PathBuf {
        self.dir.join(self.script.name())
    }

    pub(crate) fn which(&self) -> Script {
        self.script
    }
}
