//! The reader's side: whatever can be understood, whenever it is looked at.

use std::fs;
use std::path::PathBuf;

use herder_domain::gate::{BaseSaid, Flake, Verdict};
use herder_domain::iteration::{Iteration, Progress};
use herder_domain::ledger::{Cost, CostSource, Spend};
use herder_domain::outcome::Outcome;
use herder_domain::run::RunSpec;
use jiff::Timestamp;

use super::{Ending, LiveStatus, Liveness, RunDir, RunLock, Summary, SummaryMeta};
use crate::error::{During, RecordError};
use crate::{files, lines};

impl RunDir {
    /// What was asked; `None` where the run was never created.
    pub fn spec(&self) -> Result<Option<RunSpec>, RecordError> {
        files::read_json(&self.spec_path())
    }

    /// Whether the run belongs to no orchestrator. One that cannot be read is somebody else's.
    pub fn is_standalone(&self) -> bool {
        matches!(self.spec(), Ok(Some(spec)) if spec.goal.is_none())
    }

    /// Whether `stats.jsonl` is known to have the run's row.
    pub fn is_recorded(&self) -> bool {
        self.recorded_path().exists()
    }

    /// Remembers that `stats.jsonl` has the run's row.
    pub fn mark_recorded(&self) -> Result<(), RecordError> {
        let path = self.recorded_path();
        fs::write(&path, "").during("write", &path)
    }

    /// The goal's text, pinned.
    pub fn goal_text(&self) -> Result<Option<String>, RecordError> {
        files::read_text(&self.goal_path())
    }

    /// What ralph said last; `None` where it said nothing, or nothing that can be understood.
    pub fn status(&self) -> Result<Option<LiveStatus>, RecordError> {
        let text = files::read_text(&self.status_path())?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// All progress, oldest first.
    pub fn progress(&self) -> Result<Vec<Progress>, RecordError> {
        lines::read_known(&self.progress_path())
    }

    /// All iterations that ended, oldest first.
    pub fn iterations(&self) -> Result<Vec<Iteration>, RecordError> {
        lines::read_known(&self.iterations_path())
    }

    /// US dollars of those iterations whose cost is known.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn known_usd(&self) -> Result<f64, RecordError> {
        Ok(self.iterations()?.iter().filter_map(|one| one.spend.cost.known()).sum())
    }

    /// The folded history, once there is one.
    pub fn summary(&self) -> Result<Option<Summary>, RecordError> {
        let meta = files::read_text(&self.summary_meta_path())?
            .and_then(|text| serde_json::from_str::<SummaryMeta>(&text).ok());
        let text = files::read_text(&self.summary_path())?;
        Ok(meta.zip(text).map(|(meta, text)| Summary { text, covers_up_to: meta.covers_up_to }))
    }

    /// How the run ended, once it has.
    pub fn ending(&self) -> Result<Option<Ending>, RecordError> {
        files::read_json(&self.outcome_path())
    }

    /// What the gate says of the base branch itself, where that came up in the run.
    pub fn base_said(&self) -> Result<Option<BaseSaid>, RecordError> {
        files::read_json(&self.base_said_path())
    }

    /// The logs of the gate that are kept, in the order of its runs.
    pub fn gate_logs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join("gate")).into_iter().flatten().flatten();
        let number = |name: &str| name.strip_suffix(".log").and_then(|number| number.parse().ok());
        let mut counts: Vec<u32> = entries.filter_map(|entry| number(entry.file_name().to_str()?)).collect();
        counts.sort_unstable();
        counts.into_iter().map(|count| self.gate_log_path(count)).collect()
    }

    /// The logs of the landing gate that there are.
    pub fn landing_gate_logs(&self) -> Vec<PathBuf> {
        let all = ["landing-base.log", "landing.log"].map(|name| self.path().join("gate").join(name));
        all.into_iter().filter(|path| path.is_file()).collect()
    }

    /// Whether the run lives.
    pub fn liveness(&self) -> Result<Liveness, RecordError> {
        if let Some(ending) = self.ending()? {
            return Ok(Liveness::Ended(Box::new(ending)));
        }
        if RunLock::is_held(self)? {
            return Ok(Liveness::Alive);
        }
        // It may have ended between the two looks.
        match self.ending()? {
            Some(ending) => Ok(Liveness::Ended(Box::new(ending))),
            None if self.has_status() => Ok(Liveness::Crashed),
            None => Ok(Liveness::NotStarted),
        }
    }

    fn has_status(&self) -> bool {
        fs::exists(self.status_path()).unwrap_or(true)
    }

    /// The ending of a run that could not write one itself, from what it left behind.
    ///
    /// What the iteration that was cut off spent is in the last status, as far as it is anywhere; what a
    /// model charged for a call that was cut off, nobody said.
    pub fn reconstruct(&self, outcome: Outcome, ended_at: Timestamp) -> Result<Ending, RecordError> {
        let iterations = self.iterations()?;
        let mut summed = Spend::default();
        iterations.iter().for_each(|iteration| summed += iteration.spend);
        let status = self.status()?;
        let said = status.as_ref().map(|status| status.spend);
        let mut spend = said.filter(|said| said.tokens.total() >= summed.tokens.total()).unwrap_or(summed);
        if status.is_some_and(|status| status.state.is_calling()) {
            spend.cost = spend.cost + Cost::UNKNOWN;
            spend.cost_source = CostSource::Unknown;
        }
        let asked = |verdict: &Verdict| verdict.is_of_a_gate();
        let gated = iterations.iter().filter(|iteration| iteration.gate.as_ref().is_some_and(asked)).count();
        let flakes = || iterations.iter().filter_map(|iteration| iteration.flake.as_ref());
        Ok(Ending {
            iterations: iterations.last().map_or(0, |last| last.iteration),
            spend,
            snapshot: iterations.iter().rev().find_map(|iteration| iteration.snapshot.clone()),
            gate_runs: gated.try_into().unwrap_or(u32::MAX),
            gate_flakes: flakes().count().try_into().unwrap_or(u32::MAX),
            flaky: Flake::merged(flakes()).items,
            ..Ending::new(outcome, ended_at)
        })
    }
}
