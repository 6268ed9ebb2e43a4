//! Clearing away what nobody needs any more.
//!
//! First everything is looked at, then what is past its time goes: each thing by itself, renamed into a trash
//! directory before it is deleted, so that a crash leaves nothing half there. It looks at what is, not at
//! what was planned, so that it may be repeated and interrupted at will. Needed is whatever belongs to a run
//! that is not closed or to a goal that is not settled; a clone with work that no snapshot takes; the journal
//! and `stats.jsonl`, always.

mod caches;
mod clear;
mod find;
mod measure;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use herder_config::Retention;
use herder_domain::repo::{Number, RepoId};
use herder_domain::run::RunId;
use herder_record::{RecordError, StateDir};
use herder_store::{OpenError, Store, StoreError};
use herder_workspace::{Cached, WorkspaceError};
use jiff::Timestamp;

/// What is to be cleared away, and by which rules.
pub struct Gc {
    /// The state directory.
    pub state: StateDir,
    /// The directory that clones lie below.
    pub root: PathBuf,
    /// How long things are kept.
    pub retention: Retention,
    /// Runs whose clone goes although it holds what no snapshot takes.
    pub clones: Vec<RunId>,
    /// When it is.
    pub now: Timestamp,
}

/// A kind of thing that piles up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The large files of a run directory: the agent's stream, gate logs, the private git directory.
    RunFiles,
    /// A whole run directory.
    RunDirectory,
    /// HOME, TMPDIR and gate of a run that is over.
    Room,
    /// A clone with work that no snapshot takes.
    Clone,
    /// A goal's refs in the vault.
    Snapshots,
    /// Green verdicts of landing gates.
    Verdicts,
    /// A repository's package caches.
    Caches,
    /// The orchestrator's log.
    Log,
    /// Effects of settled goals that are done, in the database.
    Rows,
    /// A mirror of a repository that is not registered, or of a submodule that nobody needs.
    Mirror,
    /// A ready-made clone of a branch that nobody works on.
    Template,
    /// What set-ups or builds have made and nobody uses.
    Setup,
    /// What a killed process had begun.
    Begun,
    /// What an interrupted clearing left.
    Trash,
}

impl Kind {
    /// The word for tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RunFiles => "run files",
            Self::RunDirectory => "run directory",
            Self::Room => "room",
            Self::Clone => "clone",
            Self::Snapshots => "snapshots",
            Self::Verdicts => "verdicts",
            Self::Caches => "caches",
            Self::Log => "log",
            Self::Rows => "rows",
            Self::Mirror => "mirror",
            Self::Template => "template",
            Self::Setup => "setup",
            Self::Begun => "begun",
            Self::Trash => "trash",
        }
    }
}

/// Something that goes, or stays for a reason worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What kind of thing.
    pub kind: Kind,
    /// Its name: a run, a goal, a path.
    pub what: String,
    /// Why it goes or stays.
    pub why: String,
    /// How much it takes, in bytes. Refs free nothing by themselves: what they alone held goes when the
    /// vault is repacked, and [`Cleared::repacked`] says how much that was.
    pub bytes: u64,
    pub(crate) deed: Deed,
}

/// How it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Files and directories below a root.
    Remove { root: PathBuf, paths: Vec<PathBuf>, guard: Guard },
    /// A goal's refs.
    Forget { repo: RepoId, goal: Number, runs: Vec<RunId> },
    /// A log is begun anew; its last part is kept beside it.
    Rotate { path: PathBuf },
    /// Rows of the database.
    Prune { before: Timestamp },
    /// It stays.
    Stay,
}

/// What is looked at once more, and held, when a thing goes: others are at work meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Nobody can need it.
    Free,
    /// No ralph may live in the run.
    Run(RunId),
    /// Nobody may use it, nor have used it since then.
    Unused(Cached, SystemTime),
    /// The repository must not be registered.
    Unregistered(RepoId),
}

impl Found {
    /// Whether it goes.
    pub fn goes(&self) -> bool {
        self.deed != Deed::Stay
    }
}

/// What came of a clearing.
#[derive(Debug, Default)]
pub struct Cleared {
    /// What went.
    pub gone: Vec<Found>,
    /// What should have gone and could not, with the reason.
    pub failed: Vec<(Found, String)>,
    /// What stays.
    pub kept: Vec<Found>,
    /// Bytes that repacking vaults has freed.
    pub repacked: u64,
}

impl Cleared {
    /// How many bytes it freed.
    pub fn freed(&self) -> u64 {
        self.gone.iter().map(|thing| thing.bytes).sum::<u64>() + self.repacked
    }
}

/// Failed to clear.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// Another process clears at this moment.
    #[error("clear away what is old: another process is at it")]
    Busy,
    /// Somebody needs the thing after all.
    #[error("clear it away: it is needed")]
    Needed,
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state directory.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A vault.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A file.
    #[error("look at what is old: {0}")]
    Io(#[from] io::Error),
}

/// What would go, and what stays although it is old; nothing is changed.
///
/// # Errors
/// [`GcError`].
pub fn look(order: &Gc) -> Result<Vec<Found>, GcError> {
    find::all(order, &Store::open(&order.state.database())?)
}

/// Clears away what is past its time.
///
/// # Errors
/// [`GcError`]; one thing that cannot be removed is no error and is told of.
pub fn clear(order: &Gc) -> Result<Cleared, GcError> {
    let mut lock = Lock::take(&order.state)?;
    let mut store = Store::open(&order.state.database())?;
    let found = find::all(order, &store)?;
    let cleared = clear::all(order, &mut store, found);
    lock.note(order.now)?;
    Ok(cleared)
}

/// When clearing was last done to its end.
pub(crate) fn last(state: &StateDir) -> Option<Timestamp> {
    std::fs::read_to_string(lock_path(state)).ok()?.trim().parse().ok()
}

fn lock_path(state: &StateDir) -> PathBuf {
    state.root().join("gc.lock")
}

/// One clearing at a time; the file holds when it was last done.
struct Lock {
    file: File,
}

impl Lock {
    fn take(state: &StateDir) -> Result<Self, GcError> {
        let path = lock_path(state);
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(GcError::Busy),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn note(&mut self, at: Timestamp) -> Result<(), GcError> {
        self.file.set_len(0)?;
        std::os::unix::fs::FileExt::write_all_at(&self.file, at.to_string().as_bytes(), 0)?;
        Ok(self.file.flush()?)
    }
}
