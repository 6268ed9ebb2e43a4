//! What must not reach a file.

use std::path::PathBuf;

use herder_config::Settings;
use herder_record::redact::{SHORTEST, assigned_values};
use herder_record::{RecordError, Redactor};

use crate::call::env_text;

/// Hides the secrets that the settings name.
pub fn redactor(settings: &Settings) -> Result<Redactor, RecordError> {
    redactor_with(settings, &[])
}

/// Hides those, and what is assigned in some files.
pub fn redactor_with(settings: &Settings, files: &[PathBuf]) -> Result<Redactor, RecordError> {
    // A file that is gone has nothing that could be told.
    let files = files.iter().filter_map(|file| fs_err::read(file).ok());
    let assigned = files.flat_map(|bytes| assigned_values(&String::from_utf8_lossy(&bytes)));
    let values = settings.secrets.iter().filter_map(|name| env_text(name)).chain(assigned);
    Redactor::new(values.filter(|value| value.len() >= SHORTEST))
}
