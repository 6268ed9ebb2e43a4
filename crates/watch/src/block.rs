//! One running ralph with the end of its log.

use herder_domain::capacity::Headroom;
use herder_domain::run::RunSpec;
use herder_record::RunDir;
use herder_view::{Work, log_lines};
use jiff::Timestamp;
use serde::Serialize;

use crate::WatchError;

/// A running ralph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Block {
    /// It.
    #[serde(flatten)]
    pub work: Work,
    /// The last lines of its log.
    pub log: Vec<String>,
}

impl Block {
    /// The block of a run whose ralph lives, with the last `lines` of its log.
    pub(crate) fn of(
        dir: &RunDir,
        spec: &RunSpec,
        measured: Option<&Headroom>,
        now: Timestamp,
        lines: usize,
    ) -> Result<Self, WatchError> {
        let log = log_lines(&dir.log_parts(), lines)?;
        Ok(Self { work: Work::of_run(dir, spec, measured, now)?, log })
    }
}
