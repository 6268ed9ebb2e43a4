//! The check itself: a directory out of the agent's reach that holds a copy of `.ralph/`.

use std::path::{Path, PathBuf};

/// The file in `.ralph/` that is the gate.
const PROGRAM: &str = "check";

/// A materialized gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    dir: PathBuf,
}

impl Gate {
    /// The gate in a copy of `.ralph/`, if there is one in it.
    pub fn at(dir: impl Into<PathBuf>) -> Option<Self> {
        let gate = Self { dir: dir.into() };
        gate.program().is_file().then_some(gate)
    }

    /// The copy of `.ralph/`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The program to run.
    pub fn program(&self) -> PathBuf {
        self.dir.join(PROGRAM)
    }
}
