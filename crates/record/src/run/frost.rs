//! Whether a run is to stand still, as its ralph reads it.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use serde::{Deserialize, Serialize};

use super::RunDir;
use crate::error::{During, RecordError};
use crate::files::{self, Durability};
use crate::redact::Redactor;

/// What a ralph was told last of standing still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "frost", rename_all = "snake_case")]
pub enum Frost {
    /// Stand still.
    Frozen {
        /// The number of this word; the highest counts.
        turn: u32,
    },
    /// Go on.
    Thawed {
        /// The number of this word; the highest counts.
        turn: u32,
    },
}

impl Frost {
    fn turn(self) -> u32 {
        match self {
            Self::Frozen { turn } | Self::Thawed { turn } => turn,
        }
    }
}

impl RunDir {
    /// What was said last of standing still; nothing was where absent.
    pub fn frost(&self) -> Result<Option<Frost>, RecordError> {
        files::read_json(&self.frost_path())
    }

    /// Says whether the run is to stand still, unless something was said later. Several may say it at once.
    pub fn set_frost(&self, frost: Frost, redactor: &Redactor) -> Result<(), RecordError> {
        files::make_dir(self.path())?;
        let lock = self.path().join("frost.lock");
        let turn =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&lock).during("open", &lock)?;
        // One at a time (flock(2)); the turn ends with the file.
        turn.lock().during("lock", &lock)?;
        if self.frost()?.is_some_and(|said| said.turn() >= frost.turn()) {
            return Ok(());
        }
        files::replace_json(&self.frost_path(), &frost, redactor, Durability::Synced)
    }
}
