//! The writer's side: one ralph, which holds the lock.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use herder_domain::gate::BaseSaid;
use herder_domain::iteration::{Iteration, Progress};

use super::{Ending, EventsWriter, LiveStatus, RunDir, RunLock, SummaryMeta, rotation};
use crate::error::{During, RecordError};
use crate::files::{self, Durability};
use crate::lines;
use crate::redact::{RedactingWriter, Redactor};

/// How large one of the two parts of `ralph.log` grows, in bytes.
pub const LOG_LIMIT: u64 = 8 << 20;

/// How many logs of the gate are kept; each is bounded by the gate.
pub const GATE_LOGS_KEPT: u32 = 20;

/// Writes a run's files, each through the redactor. Holding one means holding the run's lock.
#[derive(Debug)]
pub struct RunWriter {
    dir: RunDir,
    redactor: Arc<Redactor>,
    _lock: RunLock,
}

/// The output of one gate run, redacted. Whole lines reach the file as they come.
pub type GateLog = RedactingWriter<fs::File>;

impl RunWriter {
    /// Begins to write.
    pub fn new(dir: RunDir, lock: RunLock, redactor: Arc<Redactor>) -> Self {
        Self { dir, redactor, _lock: lock }
    }

    /// The directory, for reading.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// The redactor, for what leaves by other ways.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// Replaces `status.json`. Not synced: a status matters only while its ralph lives.
    pub fn status(&self, status: &LiveStatus) -> Result<(), RecordError> {
        files::replace_json(&self.dir.status_path(), status, &self.redactor, Durability::Lazy)
    }

    /// Appends to `progress.jsonl`, synced.
    pub fn progress(&self, progress: &Progress) -> Result<(), RecordError> {
        lines::append_synced(&self.dir.progress_path(), &self.redactor.json(progress)?)
    }

    /// Appends to `iterations.jsonl`, synced.
    pub fn iteration(&self, iteration: &Iteration) -> Result<(), RecordError> {
        lines::append_synced(&self.dir.iterations_path(), &self.redactor.json(iteration)?)
    }

    /// The summary with which a run begins that goes on where another ended.
    pub fn carry_over(&self, text: &str) -> Result<(), RecordError> {
        self.summary(text, 0)
    }

    /// Replaces the summary. After a crash in between, the older `covers_up_to` stands beside the newer
    /// text: some progress is told twice, none is lost.
    pub fn summary(&self, text: &str, covers_up_to: u32) -> Result<(), RecordError> {
        files::replace(&self.dir.summary_path(), &self.redactor.line(text), Durability::Synced)?;
        let meta = SummaryMeta { covers_up_to };
        files::replace_json(&self.dir.summary_meta_path(), &meta, &self.redactor, Durability::Synced)
    }

    /// The log of the `count`-th gate run, from 1, emptied. One that is too old to be kept goes.
    pub fn gate_log(&self, count: u32) -> Result<GateLog, RecordError> {
        if let Some(old) = count.checked_sub(GATE_LOGS_KEPT).filter(|old| *old > 0) {
            // One that was never written is gone already; another that stays is bounded by the next runs.
            let _ = fs::remove_file(self.dir.gate_log_path(old));
        }
        self.emptied(&self.dir.gate_log_path(count))
    }

    /// The log of a question about the base branch itself, emptied.
    pub fn base_log(&self) -> Result<GateLog, RecordError> {
        self.emptied(&self.dir.base_log_path())
    }

    /// Keeps what the gate says of the base branch itself. Not synced: the branch can be asked again.
    pub fn base_said(&self, said: &BaseSaid) -> Result<(), RecordError> {
        files::make_dir(&self.dir.path().join("gate"))?;
        files::replace_json(&self.dir.base_said_path(), said, &self.redactor, Durability::Lazy)
    }

    fn emptied(&self, path: &Path) -> Result<GateLog, RecordError> {
        files::make_dir(&self.dir.path().join("gate"))?;
        let file = files::open_append(path)?;
        file.set_len(0).during("empty", path)?;
        Ok(RedactingWriter::new(Arc::clone(&self.redactor), file))
    }

    /// The agent's stream.
    pub fn events(&self) -> Result<EventsWriter, RecordError> {
        EventsWriter::open(self.dir.events_path(), Arc::clone(&self.redactor))
    }

    /// Adds to `ralph.log`: one text, any number of lines, in one write. What no longer fits begins a new
    /// file, and the one before is kept as its older part.
    pub fn log(&self, text: &str) -> Result<(), RecordError> {
        self.log_within(LOG_LIMIT, text)
    }

    /// As [`RunWriter::log`] with another limit, in bytes.
    pub fn log_within(&self, limit: u64, text: &str) -> Result<(), RecordError> {
        let path = self.dir.log_path();
        let text = self.redactor.line(text.trim_end_matches('\n'));
        let mut file = files::open_append(&path)?;
        let length = file.metadata().during("look at", &path)?.len();
        if length > 0 && length + text.as_str().len() as u64 >= limit {
            rotation::rotate(&path)?;
            file = files::open_append(&path)?;
        }
        lines::append_to(&file, &path, &text)
    }

    /// Writes the outcome, last of all and once; after this it outlives a power failure.
    pub fn finish(&self, ending: &Ending) -> Result<(), RecordError> {
        let path = self.dir.outcome_path();
        if fs::exists(&path).during("look at", &path)? {
            return Err(RecordError::AlreadyEnded { run: self.dir.run().clone() });
        }
        files::replace_json(&path, ending, &self.redactor, Durability::Synced)
    }
}
