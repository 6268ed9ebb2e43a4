//! Restoring a backup: unpacked and verified beside the state directory, made ready, then put in its place by one
//! rename.

use std::io;
use std::path::{Path, PathBuf};

use herder_domain::event::Repo;
use herder_domain::repo::GoalRef;
use herder_record::{RecordError, StateDir};
use herder_store::{AppendError, OpenError, Store, StoreError};
use herder_workspace::{Vault, WorkspaceError};
use jiff::Timestamp;

use super::requeue::requeue;
use super::unpack::unpack;
use super::{Scratch, contents_name, vault_name};
use crate::lock::holder;

/// What a restored state directory may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// Nothing: there is none, or an empty one.
    Empty,
    /// One that is there, which is moved aside.
    Aside,
}

/// What is to be restored where.
#[derive(Debug)]
pub struct RestoreOrder<'a> {
    /// The backup.
    pub file: &'a Path,
    /// Where the state directory is to be.
    pub state: &'a StateDir,
    /// Where the user's settings belong; ones that are there stay.
    pub config: Option<&'a Path>,
    /// What it may replace.
    pub onto: Onto,
}

/// What became of the settings in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFate {
    /// There were none in it, or those here are the same.
    Same,
    /// They are where they belong.
    Written(PathBuf),
    /// There are other ones, which stay; those of the backup are in this file.
    Beside(PathBuf),
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made.
    pub created_at: Timestamp,
    /// The version of herder that made it.
    pub herder: String,
    /// How many files it held.
    pub files: usize,
    /// The goals whose runs were not over: they are queued again when the orchestrator is up, uncounted.
    pub requeued: Vec<GoalRef>,
    /// Where the state directory is that was there before.
    pub moved_aside: Option<PathBuf>,
    /// What became of the settings.
    pub config: ConfigFate,
}

/// Failed to restore. What was there before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is no backup, or not a whole one.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// A newer herder wrote it.
    #[error("the backup was written by a newer herder ({herder})")]
    Newer {
        /// Its version.
        herder: String,
    },
    /// There is a state directory.
    #[error("{0:?} is not empty")]
    NotEmpty(PathBuf),
    /// An orchestrator works on it.
    #[error("an orchestrator is at work on {0:?}")]
    Busy(PathBuf),
    /// A ralph of the backup is still at work on this machine, in the state directory that was backed up.
    #[error("the ralph of {goal} is still at work (process {pid}), on what was backed up")]
    StillAtWork {
        /// Its goal.
        goal: GoalRef,
        /// Its process id.
        pid: u32,
    },
    /// A file could not be read or written.
    #[error("failed to restore: {0}")]
    Io(#[from] io::Error),
    /// The database.
    #[error("failed to {0}")]
    Open(#[from] OpenError),
    /// The database.
    #[error("failed to restore the database: {0}")]
    Store(#[from] StoreError),
    /// The database.
    #[error("failed to queue what was running: {0}")]
    Append(#[from] AppendError),
    /// A run directory.
    #[error("failed to {0}")]
    Record(#[from] RecordError),
    /// A vault.
    #[error("failed to restore a vault: {0}")]
    Workspace(#[from] WorkspaceError),
}

/// Restores a backup.
///
/// # Errors
/// [`RestoreError`]; nothing was changed then.
pub fn restore(order: &RestoreOrder<'_>, now: Timestamp) -> Result<Restored, RestoreError> {
    let root = order.state.root();
    refuse(order)?;
    let parent = root.parent().unwrap_or(Path::new("/"));
    fs_err::create_dir_all(parent)?;
    let scratch = Scratch::beside(parent, "herder-restore")?;
    let made = StateDir::at(scratch.path("state"));
    fs_err::create_dir(made.root())?;
    let manifest = unpack(order.file, made.root())?;
    made.create()?;
    let config = take_config(&made)?;
    let mut store = Store::open(&made.database())?;
    let repos = store.repos()?;
    restore_vaults(&made, &repos)?;
    let requeued = requeue(&mut store, &made, order.state, now)?;
    drop(store);
    let moved_aside = put_in_place(made.root(), root, now)?;
    let config = put_config(config, order)?;
    let (created_at, herder, files) = (manifest.created_at, manifest.herder, manifest.files.len());
    Ok(Restored { created_at, herder, files, requeued, moved_aside, config })
}

fn refuse(order: &RestoreOrder<'_>) -> Result<(), RestoreError> {
    let root = order.state.root();
    if holder(order.state)?.is_some() {
        return Err(RestoreError::Busy(root.to_owned()));
    }
    match (is_empty(root)?, order.onto) {
        (true, _) | (false, Onto::Aside) => Ok(()),
        (false, Onto::Empty) => Err(RestoreError::NotEmpty(root.to_owned())),
    }
}

fn is_empty(dir: &Path) -> io::Result<bool> {
    match fs_err::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn restore_vaults(made: &StateDir, repos: &[Repo]) -> Result<(), RestoreError> {
    for repo in repos {
        let bundle = made.root().join(vault_name(&repo.id));
        if bundle.is_file() {
            let vault = Vault::restore(&made.vault(&repo.id), &bundle)?;
            fs_err::remove_file(&bundle)?;
            let contents = made.root().join(contents_name(&repo.id));
            if contents.is_dir() {
                vault.take_contents(&contents)?;
                fs_err::remove_dir(&contents)?;
            }
        }
    }
    Ok(())
}

/// Moves what is there aside and the restored directory into its place.
fn put_in_place(made: &Path, root: &Path, now: Timestamp) -> Result<Option<PathBuf>, RestoreError> {
    let mut aside = None;
    if is_empty(root)? {
        match fs_err::remove_dir(root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
    } else {
        let mut name = root.as_os_str().to_owned();
        name.push(format!(".before-{}", now.strftime("%Y%m%dT%H%M%SZ")));
        fs_err::rename(root, &name)?;
        aside = Some(PathBuf::from(name));
    }
    fs_err::rename(made, root)?;
    Ok(aside)
}

/// The settings of the backup, which do not lie in a state directory.
fn take_config(made: &StateDir) -> Result<Option<Vec<u8>>, RestoreError> {
    let path = made.root().join("config.toml");
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs_err::read(&path)?;
    fs_err::remove_file(&path)?;
    Ok(Some(text))
}

fn put_config(text: Option<Vec<u8>>, order: &RestoreOrder<'_>) -> Result<ConfigFate, RestoreError> {
    let (Some(text), Some(place)) = (text, order.config) else { return Ok(ConfigFate::Same) };
    match fs_err::read(place) {
        Ok(there) if there == text => Ok(ConfigFate::Same),
        Ok(_) => {
            let beside = order.state.root().join("config.restored.toml");
            fs_err::write(&beside, text)?;
            Ok(ConfigFate::Beside(beside))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs_err::create_dir_all(place.parent().unwrap_or(place))?;
            fs_err::write(place, text)?;
            Ok(ConfigFate::Written(place.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
