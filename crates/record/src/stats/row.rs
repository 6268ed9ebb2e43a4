//! One row. The fields of the development journal come first, in its order, then ours.

use std::collections::BTreeMap;
use std::fmt;

use herder_domain::capacity::Usage;
use herder_domain::ledger::{Cost, CostSource, TimeSplit, Tokens};
use herder_domain::outcome::Outcome;
use herder_domain::repo::RepoId;
use herder_domain::run::{RunId, RunSpec};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::run::Ending;

/// A moment as it was written, offset included, so that a row comes out as it went in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Stamp {
    text: String,
    at: Timestamp,
}

impl Stamp {
    /// The moment.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

impl From<Timestamp> for Stamp {
    fn from(at: Timestamp) -> Self {
        Self { text: at.to_string(), at }
    }
}

impl TryFrom<String> for Stamp {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let at = text.parse()?;
        Ok(Self { text, at })
    }
}

impl From<Stamp> for String {
    fn from(stamp: Stamp) -> Self {
        stamp.text
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Working time by what it was spent on, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeSeconds {
    /// The model thinks or writes.
    pub llm: f64,
    /// Tools run, the gate included.
    pub tools: f64,
    /// Neither.
    pub other: f64,
    /// All of it; waiting is not in it.
    pub total: f64,
}

impl From<TimeSplit> for TimeSeconds {
    fn from(time: TimeSplit) -> Self {
        let rounded = |duration: std::time::Duration| (duration.as_secs_f64() * 1000.0).round() / 1000.0;
        Self {
            llm: rounded(time.llm),
            tools: rounded(time.tools),
            other: rounded(time.other),
            total: rounded(time.working()),
        }
    }
}

/// One run that ended. Absent and null are the same: nobody knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatsRow {
    /// The file that held the goal's text.
    #[serde(default)]
    pub goal_file: String,
    /// When the run began.
    pub started_at: Stamp,
    /// How it ended, one word: [`Outcome::word`].
    pub exit_reason: String,
    /// The model, as it was asked for.
    #[serde(default)]
    pub model: String,
    /// The reasoning level.
    #[serde(default)]
    pub reasoning: String,
    /// Iterations that counted.
    #[serde(default)]
    pub iterations: u64,
    /// Messages that the model wrote.
    #[serde(default)]
    pub assistant_messages: u64,
    /// Tools that the model used.
    #[serde(default)]
    pub tool_uses: u64,
    /// Tokens, from the agent's terminal events; unknown is null, never 0.
    #[serde(default)]
    pub tokens: Option<Tokens>,
    /// US dollars; unknown is null, never 0.
    #[serde(default = "unknown")]
    pub cost_usd: Cost,
    /// US dollars of those iterations whose cost is known, where that of the whole is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_known_usd: Option<f64>,
    /// Working time.
    #[serde(default)]
    pub time_seconds: TimeSeconds,
    /// The commit that the work began at.
    #[serde(default)]
    pub commit_start: Option<String>,
    /// The commit that holds the work.
    #[serde(default)]
    pub commit_end: Option<String>,
    /// Lines added from start to end.
    #[serde(default)]
    pub lines_added: Option<u64>,
    /// Lines deleted from start to end.
    #[serde(default)]
    pub lines_deleted: Option<u64>,
    /// The goal's title.
    #[serde(default)]
    pub name: Option<String>,
    /// The version of this shape; absent in the journal's rows.
    #[serde(default)]
    pub schema: Option<u32>,
    /// The run.
    #[serde(default)]
    pub run: Option<RunId>,
    /// The goal's number.
    #[serde(default)]
    pub goal: Option<u64>,
    /// The repository, in full.
    #[serde(default)]
    pub repo: Option<String>,
    /// The story's number.
    #[serde(default)]
    pub story: Option<u64>,
    /// The goal's total run number.
    #[serde(default)]
    pub attempt: Option<u32>,
    /// The coding agent.
    #[serde(default)]
    pub agent: Option<String>,
    /// Its version.
    #[serde(default)]
    pub agent_version: Option<String>,
    /// When the run ended.
    #[serde(default)]
    pub ended_at: Option<Stamp>,
    /// The kind of ending: accepted, undecided, needs_review, blocked, failed, interrupted,
    /// budget_spent, misconfigured, by_hand.
    #[serde(default)]
    pub outcome: Option<String>,
    /// The code that the last agent exited with.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// Who said what it cost.
    #[serde(default)]
    pub cost_source: Option<CostSource>,
    /// Waiting for a limit, a token or a thaw, in seconds.
    #[serde(default)]
    pub waiting_seconds: Option<f64>,
    /// Waiting in the queue before the run, in seconds.
    #[serde(default)]
    pub queue_seconds: Option<f64>,
    /// How often the gate was asked.
    #[serde(default)]
    pub gate_runs: Option<u32>,
    /// How long the gate took in all, in seconds.
    #[serde(default)]
    pub gate_seconds: Option<f64>,
    /// How often the gate said now one thing and now another, asked by the run.
    #[serde(default)]
    pub gate_flakes: Option<u32>,
    /// What failed one time only in these, by name.
    #[serde(default)]
    pub flaky: Option<Vec<String>>,
    /// The pull request's number.
    #[serde(default)]
    pub pr: Option<u64>,
    /// The machine.
    #[serde(default)]
    pub host: Option<String>,
    /// The most memory held at once, in bytes.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// Processor time, in seconds.
    #[serde(default)]
    pub cpu_seconds: Option<f64>,
    /// The most memory that its processes held at once without files that the kernel could drop, in bytes, as far as
    /// it was seen once a second.
    #[serde(default)]
    pub peak_working_bytes: Option<u64>,
    /// The most processes at once, as far as it was seen.
    #[serde(default)]
    pub peak_processes: Option<u32>,
    /// Read from disks, in bytes, as far as it was seen.
    #[serde(default)]
    pub read_bytes: Option<u64>,
    /// Written to disks, in bytes, as far as it was seen.
    #[serde(default)]
    pub written_bytes: Option<u64>,
    /// The goal's labels.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
    /// The hash of the prompt's template.
    #[serde(default)]
    pub prompt_hash: Option<String>,
    /// What a later version wrote.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, Value>,
}

fn unknown() -> Cost {
    Cost::UNKNOWN
}

impl StatsRow {
    /// The version of this shape.
    pub const SCHEMA: u32 = 1;

    /// The row of a run, from its own files. What they do not hold (`commit_end`, lines, pull request,
    /// host, labels) is left unknown for the caller to fill in.
    pub fn of(spec: &RunSpec, ending: &Ending, goal_file: String) -> Self {
        let spend = &ending.spend;
        Self {
            goal_file,
            started_at: spec.created_at.into(),
            exit_reason: ending.outcome.word().into(),
            model: spec.model.clone(),
            reasoning: spec.reasoning.to_string(),
            iterations: ending.iterations.into(),
            assistant_messages: spend.assistant_messages,
            tool_uses: spend.tool_uses,
            tokens: spend.known_tokens(),
            cost_usd: spend.cost,
            cost_known_usd: None,
            time_seconds: spend.time.into(),
            commit_start: Some(spec.base_commit.clone()),
            commit_end: None,
            lines_added: None,
            lines_deleted: None,
            name: Some(spec.title.clone()),
            schema: Some(Self::SCHEMA),
            run: Some(spec.run.clone()),
            goal: spec.goal.as_ref().map(|goal| goal.number.0),
            repo: spec.goal.as_ref().map(|goal| RepoId::to_string(&goal.repo)),
            story: spec.story.map(|story| story.0),
            attempt: Some(spec.attempt),
            agent: Some(spec.agent.clone()),
            agent_version: ending.agent_version.clone(),
            ended_at: Some(ending.ended_at.into()),
            outcome: Some(kind(&ending.outcome).into()),
            exit_code: ending.exit_code,
            cost_source: Some(spend.cost_source),
            waiting_seconds: Some(spend.time.waiting.as_secs_f64()),
            queue_seconds: Some(spec.queue_seconds),
            gate_runs: Some(ending.gate_runs),
            gate_seconds: Some(ending.gate_seconds),
            gate_flakes: Some(ending.gate_flakes),
            flaky: Some(ending.flaky.clone()),
            pr: None,
            host: None,
            peak_memory_bytes: ending.peak_memory_bytes,
            cpu_seconds: ending.cpu_seconds,
            peak_working_bytes: None,
            peak_processes: None,
            read_bytes: None,
            written_bytes: None,
            labels: None,
            prompt_hash: ending.prompt_hash.clone().or_else(|| spec.prompt_hash.clone()),
            unknown: BTreeMap::new(),
        }
    }

    /// Takes in what was seen of its processes while it ran.
    pub fn measured(&mut self, usage: &Usage) {
        self.peak_working_bytes = usage.memory_peak;
        self.peak_processes = usage.processes_peak;
        self.read_bytes = usage.io.map(|io| io.read);
        self.written_bytes = usage.io.map(|io| io.written);
    }

    /// Whether the run met its goal. The journal's rows know `exit_reason` only.
    pub fn is_success(&self) -> bool {
        self.exit_reason == "done"
    }
}

/// The kind of an outcome, as `outcome.json` spells it.
fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Undecided { .. } => "undecided",
        Outcome::NeedsReview { .. } => "needs_review",
        Outcome::Blocked { .. } => "blocked",
        Outcome::Failed { .. } => "failed",
        Outcome::Interrupted { .. } => "interrupted",
        Outcome::BudgetSpent { .. } => "budget_spent",
        Outcome::Misconfigured { .. } => "misconfigured",
        Outcome::ByHand { .. } => "by_hand",
    }
}
