//! Backup and restore: all that cannot be made anew, in one file, while the orchestrator is at work or not.
//!
//! The database is copied first, as of one moment (SQLite's `VACUUM INTO`). What it names in files only grows
//! afterwards: run directories are written to the end of their runs, vaults lose nothing. So files that are
//! copied later hold at least what the database tells of, and whatever they hold beyond is what a crash would
//! have left, which the next orchestrator knows to deal with. Mirrors, clones and caches are made anew.

mod archive;
mod manifest;
mod requeue;
mod restore;
mod unpack;

use std::io;
use std::path::{Path, PathBuf};

use herder_domain::repo::RepoId;
use herder_domain::run::RunId;
use herder_record::StateDir;
use herder_store::{OpenError, Store, StoreError};
use herder_workspace::{Vault, WorkspaceError};
use jiff::Timestamp;

use archive::Archive;
use manifest::Manifest;
pub use restore::{ConfigFate, Onto, RestoreError, RestoreOrder, Restored, restore};

/// Which run directories go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// All of them.
    All,
    /// Those of runs that are not over: without them their goals could not go on.
    Unfinished,
}

/// What is to be kept where.
#[derive(Debug)]
pub struct BackupOrder<'a> {
    /// The state directory.
    pub state: &'a StateDir,
    /// The user's settings, where there are some.
    pub config: Option<&'a Path>,
    /// The file to write, which must not be there.
    pub file: &'a Path,
    /// Which run directories go along.
    pub runs: Runs,
}

/// What was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// How many files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The backup's own bytes.
    pub packed: u64,
    /// The runs that were not over.
    pub unfinished: Vec<RunId>,
}

/// Failed to back up. No file of the backup's name was left.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to be kept.
    #[error("there is no database {0:?}, so that there is nothing to back up")]
    Nothing(PathBuf),
    /// The file is there.
    #[error("{0:?} is there already")]
    Exists(PathBuf),
    /// A file could not be read or written.
    #[error("failed to back up: {0}")]
    Io(#[from] io::Error),
    /// The database.
    #[error("failed to {0}")]
    Open(#[from] OpenError),
    /// The database.
    #[error("failed to back up the database: {0}")]
    Store(#[from] StoreError),
    /// A vault.
    #[error("failed to back up a vault: {0}")]
    Workspace(#[from] WorkspaceError),
}

/// Writes a backup.
///
/// # Errors
/// [`BackupError`].
pub fn backup(order: &BackupOrder<'_>, now: Timestamp) -> Result<BackedUp, BackupError> {
    let state = order.state;
    if !state.database().exists() {
        return Err(BackupError::Nothing(state.database()));
    }
    if order.file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(order.file.to_owned()));
    }
    let scratch = Scratch::beside(state.root(), "backup")?;
    let known = copy_database(state, &scratch)?;
    let mut archive = Archive::create(order.file)?;
    archive.file("herder.db", &scratch.path("herder.db"))?;
    archive.optional("stats.jsonl", &state.stats())?;
    if let Some(config) = order.config {
        archive.optional("config.toml", config)?;
    }
    archive.tree("logs", &state.logs(), &|_| true)?;
    let is_unfinished = |name: &str| known.unfinished.iter().any(|run| run.as_str() == name);
    archive.tree("runs", &state.runs(), &|path| is_wanted(path, order.runs, &is_unfinished))?;
    add_vaults(&mut archive, state, &known.repos, &scratch)?;
    let manifest = Manifest::of(state.root(), &known, order.runs, now);
    let (files, bytes, packed) = archive.finish(manifest)?;
    Ok(BackedUp { files, bytes, packed, unfinished: known.unfinished })
}

/// What the copy of the database tells.
struct Known {
    schema: i32,
    repos: Vec<RepoId>,
    unfinished: Vec<RunId>,
}

fn copy_database(state: &StateDir, scratch: &Scratch) -> Result<Known, BackupError> {
    let copy = scratch.path("herder.db");
    Store::open(&state.database())?.copy_into(&copy)?;
    let store = Store::open(&copy)?;
    Ok(Known {
        schema: store.check()?.schema,
        repos: store.repos()?.into_iter().map(|repo| repo.id).collect(),
        unfinished: store.active_runs()?.into_iter().map(|run| run.id).collect(),
    })
}

/// Whether a path below `runs` goes along. The private git directory of a run that is over holds nothing that
/// the vault has not.
fn is_wanted(path: &Path, runs: Runs, is_unfinished: &dyn Fn(&str) -> bool) -> bool {
    let mut parts = path.iter().filter_map(|part| part.to_str());
    let is_unfinished = parts.next().is_some_and(is_unfinished);
    let is_git = parts.next() == Some("git");
    is_unfinished || (runs == Runs::All && !is_git)
}

fn add_vaults(
    archive: &mut Archive,
    state: &StateDir,
    repos: &[RepoId],
    scratch: &Scratch,
) -> Result<(), BackupError> {
    for repo in repos {
        let bundle = scratch.path("vault.bundle");
        let vault = Vault::at(&state.vault(repo));
        if vault.bundle(&bundle)? {
            archive.file(&vault_name(repo), &bundle)?;
            fs_err::remove_file(&bundle)?;
        }
        for (hash, content) in vault.own_contents()? {
            archive.file(&format!("{}/{hash}", contents_name(repo)), &content)?;
        }
    }
    Ok(())
}

/// What a repository's vault is called in a backup.
fn vault_name(repo: &RepoId) -> String {
    format!("vault/{}/{}/{}.bundle", repo.host(), repo.owner(), repo.name())
}

/// Where the contents of Git LFS of a repository are in a backup that may be nowhere else.
fn contents_name(repo: &RepoId) -> String {
    format!("vault/{}/{}/{}.lfs", repo.host(), repo.owner(), repo.name())
}

/// A private directory that is removed in the end, however it ends.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    /// Makes a directory in a directory.
    fn beside(dir: &Path, what: &str) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;

        let path = dir.join(format!(".{what}-{}", std::process::id()));
        match fs_err::remove_dir_all(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it is told by nothing and harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
