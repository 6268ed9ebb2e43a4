//! What a person says to a run that is at work.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use herder_domain::goal::Told;

use super::RunDir;
use crate::error::{During, RecordError};
use crate::redact::Redactor;
use crate::{files, lines};

impl RunDir {
    /// What was said to the run since it was ordered, in the order in which it was said.
    pub fn told(&self) -> Result<Vec<Told>, RecordError> {
        let mut told: Vec<Told> = lines::read_known(&self.told_path())?;
        told.sort_by_key(|told| told.id);
        told.dedup_by_key(|told| told.id);
        Ok(told)
    }

    /// Tells the run something. Said again it changes nothing, and several may tell at once; the run need not
    /// have been created yet.
    pub fn tell(&self, told: &Told, redactor: &Redactor) -> Result<(), RecordError> {
        files::make_dir(self.path())?;
        let path = self.told_path();
        let turn =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&path).during("open", &path)?;
        // One at a time (flock(2)); the turn ends with the file.
        turn.lock().during("lock", &path)?;
        if self.told()?.iter().any(|known| known.id == told.id) {
            return Ok(());
        }
        lines::append_synced(&path, &redactor.json(told)?)
    }
}
