//! One run's directory: the contract between a ralph and everyone else.

mod events;
mod frost;
mod live_status;
mod lock;
mod prompt;
mod read;
mod rotation;
mod told;
mod write;

use std::path::{Path, PathBuf};

use herder_domain::ledger::Spend;
use herder_domain::outcome::Outcome;
use herder_domain::run::{RunId, RunSpec};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::RecordError;
use crate::files::{self, Durability};
use crate::redact::Redactor;
use crate::state_dir::StateDir;

pub use events::{EVENTS_LIMIT, EventsWriter};
pub use frost::Frost;
pub use live_status::{LiveStatus, Phase};
pub use lock::RunLock;
pub use prompt::{PROMPT_FILE, PROMPT_MAX, prompt_hash};
pub use write::{GATE_LOGS_KEPT, GateLog, LOG_LIMIT, RunWriter};

/// A run directory, as its readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    run: RunId,
    path: PathBuf,
}

/// `outcome.json`: how a run ended and what it came to. Written last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// The version of this shape, [`Ending::SCHEMA`].
    pub schema: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub ended_at: Timestamp,
    /// Iterations that were counted.
    pub iterations: u32,
    /// What it spent, the summarizer's calls included.
    pub spend: Spend,
    /// The last snapshot commit, where one was made.
    #[serde(default)]
    pub snapshot: Option<String>,
    /// How often ralph asked the gate.
    #[serde(default)]
    pub gate_runs: u32,
    /// How long the gate took in all, in seconds.
    #[serde(default)]
    pub gate_seconds: f64,
    /// How often the gate said now one thing and now another of the same files.
    #[serde(default)]
    pub gate_flakes: u32,
    /// What failed one time only in these, by name, each once, at most [`herder_domain::gate::Flake::NAMED_MAX`].
    #[serde(default)]
    pub flaky: Vec<String>,
    /// The agent's version, as it says itself.
    #[serde(default)]
    pub agent_version: Option<String>,
    /// The code that the last agent exited with.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// The hash of the prompt's template, see [`prompt_hash`].
    #[serde(default)]
    pub prompt_hash: Option<String>,
    /// The most memory that the run's processes held together, in bytes.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// Processor time of the run's processes, in seconds.
    #[serde(default)]
    pub cpu_seconds: Option<f64>,
}

impl Ending {
    /// The version of this shape.
    pub const SCHEMA: u32 = 1;

    /// An ending with nothing measured yet.
    pub fn new(outcome: Outcome, ended_at: Timestamp) -> Self {
        Self {
            schema: Self::SCHEMA,
            outcome,
            ended_at,
            iterations: 0,
            spend: Spend::default(),
            snapshot: None,
            gate_runs: 0,
            gate_seconds: 0.0,
            gate_flakes: 0,
            flaky: Vec::new(),
            agent_version: None,
            exit_code: None,
            prompt_hash: None,
            peak_memory_bytes: None,
            cpu_seconds: None,
        }
    }
}

/// Whether a run lives, from its files alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Liveness {
    /// The lock is free and no status was ever written: launch it (again).
    NotStarted,
    /// Its ralph holds the lock.
    Alive,
    /// The lock is free, there is a status and no outcome.
    Crashed,
    /// It wrote its outcome.
    Ended(Box<Ending>),
}

/// The folded history of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The text.
    pub text: String,
    /// The last iteration that it tells of.
    pub covers_up_to: u32,
}

#[derive(Serialize, Deserialize)]
struct SummaryMeta {
    covers_up_to: u32,
}

impl RunDir {
    /// The directory of a run; it need not exist.
    pub fn of(state: &StateDir, run: RunId) -> Self {
        Self { path: state.run(&run), run }
    }

    /// The directory at a path whose last part is the run's name (`herder ralph --run DIR`).
    pub fn at(path: &Path) -> Option<Self> {
        let run = RunId::try_from(path.file_name()?.to_str()?.to_owned()).ok()?;
        Some(Self { run, path: path.into() })
    }

    /// Creates the directory for what is asked. Once created, an order does not change: the same one
    /// again is no error, another one is.
    pub fn create(
        state: &StateDir,
        spec: &RunSpec,
        goal_text: &str,
        redactor: &Redactor,
    ) -> Result<Self, RecordError> {
        let dir = Self::of(state, spec.run.clone());
        files::make_dir(&dir.path)?;
        if let Some(earlier) = dir.spec()? {
            let same = redactor.json(&earlier)? == redactor.json(spec)?;
            return if same { Ok(dir) } else { Err(RecordError::AnotherRun { run: dir.run }) };
        }
        files::make_dir(&dir.gate_dir())?;
        files::replace(&dir.goal_path(), &redactor.line(goal_text), Durability::SyncedWithTheNext)?;
        // Last: a directory without run.json was never created.
        files::replace_json(&dir.spec_path(), spec, redactor, Durability::Synced)?;
        Ok(dir)
    }

    /// Removes what a ralph that was killed had begun to write and not yet renamed. The run must be over.
    ///
    /// # Errors
    /// The directory cannot be read, or a file not removed.
    pub fn remove_drafts(&self) -> Result<(), RecordError> {
        files::remove_drafts(&self.path)?;
        files::remove_drafts(&self.gate_dir())
    }

    fn gate_dir(&self) -> PathBuf {
        self.path.join("gate")
    }

    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// What the run's processes are marked with: its name and this directory.
    pub fn mark(&self) -> RunId {
        self.run.at(&self.path.to_string_lossy())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// herder's private git directory for the clone; it belongs to the workspace.
    pub fn git_dir(&self) -> PathBuf {
        self.path.join("git")
    }

    /// What a person reads, its newer part; [`RunDir::log_parts`] has the older one too.
    pub fn log_path(&self) -> PathBuf {
        self.path.join("ralph.log")
    }

    /// What a person reads, from its beginning as far as it is kept: the parts that there are, older first.
    pub fn log_parts(&self) -> Vec<PathBuf> {
        let newer = self.log_path();
        [rotation::older(&newer), newer].into_iter().filter(|path| path.is_file()).collect()
    }

    /// The agent's stream, its newer part; the older one has `.1` at the end.
    pub fn events_path(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// What takes room in it and tells a person little that the rest does not: the agent's stream, the gate's
    /// words, the older part of the log, the private git directory. Those that there are.
    pub fn large_files(&self) -> Vec<PathBuf> {
        let (events, log) = (self.events_path(), self.log_path());
        let all = [
            self.git_dir(),
            rotation::older(&events),
            events,
            rotation::older(&log),
            self.gate_dir(),
            self.path.join("ralph.stderr"),
        ];
        all.into_iter().filter(|path| path.exists()).collect()
    }

    /// Stands in the directory of a run without an orchestrator once `stats.jsonl` has its row, so that no
    /// command needs to look there.
    fn recorded_path(&self) -> PathBuf {
        self.path.join("recorded")
    }

    /// The output of the `count`-th gate run, from 1.
    pub fn gate_log_path(&self, count: u32) -> PathBuf {
        self.gate_dir().join(format!("{count}.log"))
    }

    /// The output of the gate when it was asked about the base branch itself.
    pub fn base_log_path(&self) -> PathBuf {
        self.gate_dir().join("base.log")
    }

    pub(crate) fn base_said_path(&self) -> PathBuf {
        self.gate_dir().join("base.json")
    }

    /// The goal's text, pinned.
    pub fn goal_path(&self) -> PathBuf {
        self.path.join("goal.md")
    }

    fn frost_path(&self) -> PathBuf {
        self.path.join("frost.json")
    }

    fn told_path(&self) -> PathBuf {
        self.path.join("told.jsonl")
    }

    fn prompt_path(&self) -> PathBuf {
        self.path.join("prompt.md")
    }

    fn spec_path(&self) -> PathBuf {
        self.path.join("run.json")
    }

    fn status_path(&self) -> PathBuf {
        self.path.join("status.json")
    }

    fn progress_path(&self) -> PathBuf {
        self.path.join("progress.jsonl")
    }

    fn iterations_path(&self) -> PathBuf {
        self.path.join("iterations.jsonl")
    }

    fn summary_path(&self) -> PathBuf {
        self.path.join("summary.md")
    }

    fn summary_meta_path(&self) -> PathBuf {
        self.path.join("summary-meta.json")
    }

    fn lock_path(&self) -> PathBuf {
        self.path.join("lock")
    }

    pub(crate) fn outcome_path(&self) -> PathBuf {
        self.path.join("outcome.json")
    }
}
