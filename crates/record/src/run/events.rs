//! The agent's stream, kept line by line in two files of bounded size.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::rotation;
use crate::error::{During, RecordError};
use crate::redact::{Redacted, Redactor};
use crate::{files, lines};

/// How large one of the two files grows, in bytes.
pub const EVENTS_LIMIT: u64 = 64 * 1024 * 1024;

/// Writes `events.jsonl`; what is older goes to `events.jsonl.1`, what is older still is dropped.
#[derive(Debug)]
pub struct EventsWriter {
    path: PathBuf,
    file: File,
    length: u64,
    limit: u64,
    redactor: Arc<Redactor>,
}

impl EventsWriter {
    pub(super) fn open(path: PathBuf, redactor: Arc<Redactor>) -> Result<Self, RecordError> {
        let file = files::open_append(&path)?;
        let length = file.metadata().during("look at", &path)?.len();
        Ok(Self { path, file, length, limit: EVENTS_LIMIT, redactor })
    }

    /// Sets another limit than [`EVENTS_LIMIT`], in bytes.
    #[must_use]
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Adds one line of the stream, without its line end, as it came but for secrets. A line that alone
    /// is larger than the limit is left out and a line that says so stands for it.
    pub fn line(&mut self, line: &str) -> Result<(), RecordError> {
        let redactor = Arc::clone(&self.redactor);
        let clean = redactor.line(line.trim_end_matches(['\r', '\n']));
        let size = clean.as_str().len() as u64 + 1;
        if size > self.limit {
            let note = serde_json::json!({"type": "herder", "omitted_bytes": size});
            return self.append(&redactor.json(&note)?);
        }
        if self.length + size > self.limit && self.length > 0 {
            self.rotate()?;
        }
        self.append(&clean)
    }

    fn append(&mut self, line: &Redacted<'_>) -> Result<(), RecordError> {
        lines::append_to(&self.file, &self.path, line)?;
        self.length += line.as_str().len() as u64 + 1;
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), RecordError> {
        rotation::rotate(&self.path)?;
        self.file = files::open_append(&self.path)?;
        self.length = 0;
        Ok(())
    }
}
