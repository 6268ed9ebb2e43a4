//! The last entry of a backup: what it holds, and what each file must be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Known, Runs};
use crate::lock::VERSION;

/// What the entry is called.
pub(super) const NAME: &str = "manifest.json";

/// The version of the backup's shape that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of herder that wrote it.
    pub herder: String,
    /// The database's schema.
    pub schema: i32,
    /// When.
    pub created_at: Timestamp,
    /// Of which state directory.
    pub state: PathBuf,
    /// Whether the directories of all runs are in it.
    pub has_all_runs: bool,
    /// Every file by its name.
    #[serde(default)]
    pub files: BTreeMap<String, Sum>,
}

/// What a file must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    pub(super) fn of(state: &Path, known: &Known, runs: Runs, now: Timestamp) -> Self {
        Self {
            format: FORMAT,
            herder: VERSION.to_owned(),
            schema: known.schema,
            created_at: now,
            state: state.to_owned(),
            has_all_runs: runs == Runs::All,
            files: BTreeMap::new(),
        }
    }
}
