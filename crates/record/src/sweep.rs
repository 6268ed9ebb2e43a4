//! Runs whose ralph died without a word.

use std::fs;
use std::io;
use std::path::Path;

use herder_domain::outcome::Outcome;
use herder_domain::run::{RunId, RunSpec};
use jiff::Timestamp;

use crate::error::{During, RecordError};
use crate::files;
use crate::files::Durability;
use crate::redact::Redactor;
use crate::run::{Ending, Liveness, RunDir, RunLock};
use crate::state_dir::StateDir;
use crate::stats::StatsFile;

/// A crashed run that nobody else settles meanwhile: its lock is held.
#[derive(Debug)]
pub struct Abandoned {
    dir: RunDir,
    _lock: RunLock,
}

/// All run directories, in the order of their names. What is no run directory is passed over.
pub fn runs(state: &StateDir) -> Result<Vec<RunDir>, RecordError> {
    let path = state.runs();
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).during("list", &path),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry.during("list", &path)?;
        ids.extend(entry.file_name().into_string().ok().and_then(|name| RunId::try_from(name).ok()));
    }
    ids.sort_unstable();
    Ok(ids.into_iter().map(|run| RunDir::of(state, run)).collect())
}

/// The orchestrated run whose clone a directory is, with what was asked of it. Only runs that are called as their
/// clone is, by goal and attempt, are looked at.
pub fn with_clone(state: &StateDir, clone: &Path) -> Result<Option<(RunDir, RunSpec)>, RecordError> {
    let Some(name) = clone.file_name().and_then(|name| name.to_str()) else { return Ok(None) };
    let (infix, clone) = (format!("-{name}-"), fs::canonicalize(clone).ok());
    let is_called_so = |dir: &RunDir| dir.run().as_str().contains(&infix);
    let mut asked =
        runs(state)?.into_iter().filter(is_called_so).filter_map(|dir| Some((dir.spec().ok()??, dir)));
    let is_its = |spec: &RunSpec| spec.goal.is_some() && clone == fs::canonicalize(&spec.setup.clone).ok();
    Ok(asked.find(|(spec, _)| clone.is_some() && is_its(spec)).map(|(spec, dir)| (dir, spec)))
}

/// The runs outside any orchestrator that ended and have no row in `stats.jsonl`: they were killed between
/// the two. An orchestrated run's row is its orchestrator's, which knows more.
///
/// `stats.jsonl` grows for ever and is read only where a directory does not say that its row is there.
pub fn unrecorded(state: &StateDir) -> Result<Vec<RunDir>, RecordError> {
    let mut open = unsettled(state)?;
    open.retain(|dir| matches!(dir.ending(), Ok(Some(_))));
    if open.is_empty() {
        return Ok(open);
    }
    let recorded = StatsFile::at(state.stats()).runs()?;
    let (known, unknown): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|dir| recorded.contains(dir.run().as_str()));
    known.iter().try_for_each(RunDir::mark_recorded)?;
    Ok(unknown)
}

/// The runs outside any orchestrator that are not known to have their row: those at work, and those that
/// were killed. Directories of others are passed over by their names.
pub fn unsettled(state: &StateDir) -> Result<Vec<RunDir>, RecordError> {
    let is_open = |dir: &RunDir| dir.run().may_be_standalone() && !dir.is_recorded() && dir.is_standalone();
    Ok(runs(state)?.into_iter().filter(is_open).collect())
}

/// The runs with a free lock, a status and no outcome. One that cannot be read is passed over here; the
/// next sweep sees it again.
pub fn abandoned(state: &StateDir) -> Result<Vec<RunDir>, RecordError> {
    let crashed = |dir: &RunDir| matches!(dir.liveness(), Ok(Liveness::Crashed));
    Ok(runs(state)?.into_iter().filter(crashed).collect())
}

impl Abandoned {
    /// Takes a crashed run to settle it; `None` where it lives, ended, or is being settled.
    pub fn take(dir: RunDir) -> Result<Option<Self>, RecordError> {
        if dir.liveness()? != Liveness::Crashed {
            return Ok(None);
        }
        let Some(lock) = RunLock::try_take(&dir)? else { return Ok(None) };
        // Between look and lock another one may have settled it.
        let is_open = dir.ending()?.is_none();
        Ok(is_open.then_some(Self { dir, _lock: lock }))
    }

    /// The run's directory.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Writes the outcome that the run could not write, from what it left behind.
    pub fn settle(self, outcome: Outcome, at: Timestamp, redactor: &Redactor) -> Result<Ending, RecordError> {
        let ending = self.dir.reconstruct(outcome, at)?;
        files::replace_json(&self.dir.outcome_path(), &ending, redactor, Durability::Synced)?;
        Ok(ending)
    }
}
