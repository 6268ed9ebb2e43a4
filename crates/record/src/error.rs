//! What can go wrong with files.

use std::io;
use std::path::{Path, PathBuf};

use herder_domain::run::RunId;

/// Why a file could not be read or written. The text fits "failed to ..."; what the system said is the
/// error's source.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The environment names no place for the state directory.
    #[error("find the state directory: set RALPH_DIR or HOME")]
    NoHome,
    /// The state directory cannot be written.
    #[error("use {path} as the state directory; set RALPH_DIR to a directory that you can write")]
    NotWritable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An operation on a file failed.
    #[error("{doing} {path}")]
    Io {
        /// The operation, a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is written whole is not what it should be.
    #[error("understand {path}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A value could not be written as JSON.
    #[error("encode {what}")]
    Encode {
        /// Which value.
        what: &'static str,
        /// What the encoder said.
        source: serde_json::Error,
    },
    /// The directory of a run holds another order already.
    #[error("create run {run}: it was already created for another order")]
    AnotherRun {
        /// The run.
        run: RunId,
    },
    /// The run ended before; an outcome is written once.
    #[error("record the outcome of run {run}: it has one")]
    AlreadyEnded {
        /// The run.
        run: RunId,
    },
    /// A row of `stats.jsonl` that is appended must name its run.
    #[error("append a row to {path}: it names no run")]
    RowWithoutRun {
        /// The file.
        path: PathBuf,
    },
    /// The redactor could not be built.
    #[error("prepare the redaction of secrets: {0}")]
    Redaction(String),
}

/// Turns an error of the system into ours by naming the operation and the file.
pub(crate) trait During<T> {
    /// Names the operation (a verb) and the file.
    fn during(self, doing: &'static str, path: &Path) -> Result<T, RecordError>;
}

impl<T, E: Into<io::Error>> During<T> for Result<T, E> {
    fn during(self, doing: &'static str, path: &Path) -> Result<T, RecordError> {
        self.map_err(|source| RecordError::Io { doing, path: path.into(), source: source.into() })
    }
}
