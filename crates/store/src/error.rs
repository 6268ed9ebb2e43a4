//! Why the store refuses.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use herder_domain::illegal::IllegalEvent;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::RunId;
use rusqlite::ErrorCode;

/// How long a write waits for another process's write.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Why the database cannot be used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its directory, or the file itself, cannot be made.
    #[error("it cannot be made: {0}")]
    NotMade(std::io::Error),
    /// It cannot be opened: a directory in its place, permissions.
    #[error("it cannot be opened: {0}")]
    NotOpened(rusqlite::Error),
    /// The file holds something else.
    #[error("the file is not a database")]
    NotADatabase,
    /// It belongs to another program.
    #[error("the database belongs to another program (application id {found:#x})")]
    Foreign {
        /// SQLite's `application_id` in it.
        found: i32,
    },
    /// A newer version of herder wrote it.
    #[error("the database was written by a newer herder (schema {found}; this one knows {known})")]
    Newer {
        /// The schema's version in it.
        found: i32,
        /// The latest version that this program knows.
        known: i32,
    },
    /// Its pages contradict each other.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A value in a row cannot be what it is to be.
    #[error("the database holds a row that cannot be read: {0}")]
    Unreadable(Box<dyn std::error::Error + Send + Sync>),
    /// The file, its directory or the file system takes no writes.
    #[error("the database cannot be written: the file, its directory or its file system is read-only")]
    ReadOnly,
    /// No space is left.
    #[error("the disk is full")]
    DiskFull,
    /// The disk, or a quota, failed.
    #[error("the disk failed: {0}")]
    Disk(rusqlite::Error),
    /// Another process writes for very long.
    #[error("another process has held the database for {} s", PATIENCE.as_secs())]
    Busy,
    /// The file system has no shared memory, for example a network file system.
    #[error("the file system does not support a write-ahead log (journal mode {mode:?} instead)")]
    NoWriteAheadLog {
        /// What SQLite uses instead.
        mode: String,
    },
    /// Planning decided again and again without an end; an error of herder.
    #[error("planning did not come to rest in {rounds} rounds")]
    Restless {
        /// How often it was tried.
        rounds: usize,
    },
    /// Anything else that SQLite refuses; an error of herder.
    #[error("the database refused: {0}")]
    Refused(rusqlite::Error),
}

impl StoreError {
    /// Whether the same may work a little later: another process writes, or the disk is full.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Busy | Self::DiskFull | Self::Disk(_) => true,
            Self::NotMade(_)
            | Self::NotOpened(_)
            | Self::NotADatabase
            | Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::Damaged(_)
            | Self::Unreadable(_)
            | Self::ReadOnly
            | Self::NoWriteAheadLog { .. }
            | Self::Restless { .. }
            | Self::Refused(_) => false,
        }
    }

    /// What a person can do about it, one sentence; empty where nothing is known.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotMade(_) => "make the state directory writable, or name another one with RALPH_DIR",
            Self::NotOpened(_) => "look at the file's owner and mode",
            Self::NotADatabase | Self::Foreign { .. } => {
                "nothing was changed; move the file away, or name another state directory with RALPH_DIR"
            }
            Self::Newer { .. } => "nothing was changed; use the newer herder",
            Self::Damaged(_) | Self::Unreadable(_) => {
                "nothing was changed; keep a copy of herder.db with its -wal and -shm files, and restore \
                 an older copy or try `sqlite3 herder.db .recover`"
            }
            Self::ReadOnly => "make the state directory writable, or name another one with RALPH_DIR",
            Self::DiskFull => "make room on the disk; nothing was lost, and work goes on from here",
            Self::Disk(_) => "look at the kernel's log and at quotas",
            Self::Busy => "look for a herder that hangs: `fuser -v herder.db` lists who has it open",
            Self::NoWriteAheadLog { .. } => "name a state directory on a local file system with RALPH_DIR",
            Self::Restless { .. } | Self::Refused(_) => "please report it with the last lines of the log",
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::FromSqlConversionFailure(_, _, reason) = error {
            return Self::Unreadable(reason);
        }
        let code = error.sqlite_error_code();
        if code == Some(ErrorCode::DatabaseCorrupt) {
            return Self::Damaged(error.to_string());
        }
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::NotOpened(error),
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error),
            _ => Self::Refused(error),
        }
    }
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("open {}: {reason}", path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: StoreError,
}

impl OpenError {
    /// What a person can do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        self.reason.hint()
    }
}

/// Why an event was not taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A state machine refuses it.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// It is about something that is not there.
    #[error("{0} does not exist")]
    Unknown(Missing),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for AppendError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why a goal that somebody has seen was not changed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReviseError {
    /// Somebody else changed it meanwhile.
    #[error("{0} was changed by somebody else meanwhile")]
    Stale(GoalRef),
    /// An event was not taken.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<StoreError> for ReviseError {
    fn from(error: StoreError) -> Self {
        Self::Append(error.into())
    }
}

impl From<rusqlite::Error> for ReviseError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Append(error.into())
    }
}

/// Something that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A repository that was never registered.
    Repo(RepoId),
    /// A goal.
    Goal(GoalRef),
    /// A story.
    Story(GoalRef),
    /// A run, or a run of another goal.
    Run(RunId),
    /// An effect, by its key.
    Effect(String),
    /// A number for a new goal or story: those of this repository are issues, and numbered on its host.
    Number(RepoId),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repo(repo) => write!(f, "the repository {repo}"),
            Self::Goal(goal) => write!(f, "the goal {goal}"),
            Self::Story(story) => write!(f, "the story {story}"),
            Self::Run(run) => write!(f, "the run {run}"),
            Self::Effect(key) => write!(f, "the effect {key}"),
            Self::Number(repo) => write!(f, "a number of our own for a new issue of {repo}"),
        }
    }
}
