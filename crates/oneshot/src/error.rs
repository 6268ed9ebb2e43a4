//! Why a one-shot program gave no usable answer.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a one-shot program gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum OneShotError {
    /// No such program on the `PATH`.
    #[error("find the program `{program}`")]
    NotFound {
        /// The program as it was named.
        program: String,
    },
    /// The working directory does not exist.
    #[error("run `{program}` in `{}`: no such directory", directory.display())]
    NoDirectory {
        /// The program as it was named.
        program: String,
        /// The missing directory.
        directory: PathBuf,
    },
    /// It ran longer than it may and was killed with its process group.
    #[error("finish `{program}` within {} s", limit.as_secs())]
    TimedOut {
        /// The program as it was named.
        program: String,
        /// The limit it broke.
        limit: Duration,
        /// The end of what it said on standard error.
        stderr: String,
    },
    /// It ended with a status other than 0.
    #[error("run `{program}` ({status}): {stderr}")]
    Failed {
        /// The program as it was named.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said on standard error.
        stderr: String,
    },
    /// The operating system refused something.
    #[error("{what} `{program}`")]
    Io {
        /// The program as it was named.
        program: String,
        /// What was being done to it.
        what: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}
