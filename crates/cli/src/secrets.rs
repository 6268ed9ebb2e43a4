//! What must not reach a file.

use herder_config::Settings;
use herder_record::redact::SHORTEST;
use herder_record::{RecordError, Redactor};

use crate::call::env_text;

/// Hides the secrets that the settings name.
pub fn redactor(settings: &Settings) -> Result<Redactor, RecordError> {
    let values = settings.secrets.iter().filter_map(|name| env_text(name));
    Redactor::new(values.filter(|value| value.len() >= SHORTEST))
}
