//! A run with all that its row and its directory tell.

use herder_domain::iteration::{Iteration, Progress};
use herder_domain::ledger::{Cost, Spend};
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId};
use herder_record::{LiveStatus, RunDir, StateDir};
use jiff::Timestamp;
use serde::Serialize;

use super::goal::named;
use super::log::last_lines;
use super::run::RunItem;

/// A run whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WholeRun {
    /// It, in one line.
    #[serde(flatten)]
    pub item: RunItem,
    /// Its goal.
    #[serde(serialize_with = "named")]
    pub goal: GoalRef,
    /// The coding agent; null before it was prepared.
    pub agent: Option<String>,
    /// The model, as it was asked for.
    pub model: Option<String>,
    /// The branch that its work is to land on.
    pub base_branch: Option<String>,
    /// The commit that the work began at.
    pub base_commit: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What its ralph said of itself last, while it lives.
    pub live: Option<LiveStatus>,
    /// What it spent so far, or in all; null where nobody said.
    pub spend: Option<Spend>,
    /// Its iterations that ended, oldest first.
    pub steps: Vec<IterationItem>,
}

/// An iteration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IterationItem {
    /// Its number in the run, from 1.
    pub iteration: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended: the agent's word, else how the invocation ended.
    pub ending: String,
    /// What the gate said, where it was asked.
    pub gate: Option<&'static str>,
    /// The model thought or wrote, in seconds.
    pub llm_seconds: f64,
    /// Tools ran, the gate included, in seconds.
    pub tools_seconds: f64,
    /// Neither, in seconds.
    pub overhead_seconds: f64,
    /// It waited, in seconds.
    pub waiting_seconds: f64,
    /// US dollars; null where nobody knows.
    pub cost: Cost,
    /// Tokens of all kinds.
    pub tokens: u64,
    /// The snapshot after it.
    pub snapshot: Option<String>,
    /// What was done, in the agent's words.
    pub progress: Option<String>,
}

/// What one question to the gate was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GateOutput {
    /// The file's name without its ending: the question's number, `base` or `landing`.
    pub name: String,
    /// The end of the output.
    pub lines: Vec<String>,
}

impl WholeRun {
    /// Gathers it. What its directory does not tell, or tells no more, is absent.
    pub fn of(run: &Run, state: &StateDir) -> Self {
        let dir = RunDir::of(state, run.id.clone());
        let spec = dir.spec().ok().flatten();
        let ending = dir.ending().ok().flatten();
        let status = dir.status().ok().flatten();
        let spend = ending.as_ref().map(|ending| ending.spend).or(status.as_ref().map(|said| said.spend));
        let progress = dir.progress().unwrap_or_default();
        let steps = dir.iterations().unwrap_or_default();
        Self {
            item: RunItem::of(run, state),
            goal: run.goal.clone(),
            agent: spec.as_ref().map(|spec| spec.agent.clone()).or_else(|| run.agent.clone()),
            model: spec.as_ref().map(|spec| spec.model.clone()),
            base_branch: run.base_branch.clone(),
            base_commit: spec.map(|spec| spec.base_commit),
            ended_at: ending.map(|ending| ending.ended_at),
            live: status.filter(|_| run.state.process().is_some()),
            spend,
            steps: steps.into_iter().map(|step| IterationItem::of(step, &progress)).collect(),
        }
    }
}

impl IterationItem {
    fn of(step: Iteration, progress: &[Progress]) -> Self {
        let said = progress.iter().find(|said| said.iteration == step.iteration);
        let time = step.spend.time;
        Self {
            iteration: step.iteration,
            started_at: step.started_at,
            ended_at: step.ended_at,
            ending: step.status.map_or(step.ending, |status| status.as_str().to_owned()),
            gate: step.gate.as_ref().map(|verdict| verdict.word()),
            llm_seconds: time.llm.as_secs_f64(),
            tools_seconds: time.tools.as_secs_f64(),
            overhead_seconds: time.other.as_secs_f64(),
            waiting_seconds: time.waiting.as_secs_f64(),
            cost: step.spend.cost,
            tokens: step.spend.tokens.total(),
            snapshot: step.snapshot,
            progress: said.map(|said| said.progress.clone()),
        }
    }
}

impl GateOutput {
    /// The logs of the gate that are kept of a run, each with its last lines, the landing gate's last.
    pub fn all(state: &StateDir, run: &RunId, lines: usize) -> Vec<Self> {
        let dir = RunDir::of(state, run.clone());
        let mut paths = dir.gate_logs();
        paths.extend(dir.landing_gate_logs());
        let of = |path: std::path::PathBuf| {
            let name = path.file_stem()?.to_str()?.to_owned();
            Some(Self { name, lines: last_lines(path, lines).ok()? })
        };
        paths.into_iter().filter_map(of).collect()
    }
}
