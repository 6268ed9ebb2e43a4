//! How a run is to be carried out: all that its ralph has to know beside the goal.
//!
//! It stands in `run.json`, so that a ralph needs nothing but its run directory. Secrets are named
//! here, by the variable that holds them, and never written.

mod token_count;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use token_count::{BadTokenCount, TokenCount};

/// Where and with what a run works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The clone.
    pub clone: PathBuf,
    /// A directory for HOME, TMPDIR and the gate's copy; its path is short.
    pub room: PathBuf,
    /// Package caches that the repository's runs share.
    pub caches: PathBuf,
    /// The coding agent.
    pub agent: AgentSetup,
    /// Time-outs.
    pub clocks: Clocks,
    /// The gate.
    pub gate: GateSetup,
    /// Further paths that the sandbox lets jobs read.
    pub read: Vec<PathBuf>,
    /// Further paths that the sandbox lets jobs write.
    pub write: Vec<PathBuf>,
    /// Names of variables of herder's environment that jobs are given.
    pub pass: Vec<String>,
    /// Names of variables whose values are secret and never reach a file.
    pub secrets: Vec<String>,
    /// Who makes the commits.
    pub author: Author,
    /// Further variables of jobs, such as the ports that they may use. No secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Files whose assignments (`NAME=VALUE`) are secret and never reach a file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_files: Vec<PathBuf>,
    /// What the clone was given beyond what git has; absent where nobody knows, as of a person's own checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub furnished: Option<Furnished>,
    /// Whether this machine is kept awake for the run where no orchestrator does it.
    #[serde(default = "Sleep::of_old")]
    pub sleep: Sleep,
    /// What each of its jobs may take of the machine; runs that were ordered before it could be said have no bound.
    #[serde(default)]
    pub bounds: Bounds,
    /// The build tokens that its jobs share with those of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
}

/// Build tokens: how many processes of builds are at work at once, of all runs together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// The directory of those who share them.
    pub pool: PathBuf,
    /// How many there are.
    pub count: u32,
    /// Programs that do not know of tokens, and are given all of them before they begin. Names without a path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heavy: Vec<String>,
}

/// What a job may take of the machine, with all that it starts; a run has one job at a time. What is absent has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bounds {
    /// How much nicer than herder itself it is to others on processors, and so on disks: 0 to 19, see sched(7).
    pub nice: u8,
    /// Bytes of memory. From nine tenths on, what can be had back is taken back.
    pub memory: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u32>,
    /// Its share of processors beside others, 1 to 10000, of which others have 100.
    pub cpu_weight: Option<u16>,
    /// Its share of disks beside others, the same.
    pub io_weight: Option<u16>,
}

impl Bounds {
    /// Where nobody says otherwise: a little behind what a person does on the machine, and no storm of processes. How
    /// much memory a build needs, nobody can know.
    pub const USUAL: Self =
        Self { nice: 5, memory: None, processes: Some(4096), cpu_weight: None, io_weight: None };
}

/// What becomes of this machine's sleep while anything is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sleep {
    /// It is asked to stay awake.
    #[default]
    Inhibit,
    /// It may go to sleep whenever it wants to.
    Allow,
}

impl Sleep {
    /// What runs had that were ordered before it could be said.
    fn of_old() -> Self {
        Self::Allow
    }
}

impl fmt::Display for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inhibit => "inhibit",
            Self::Allow => "allow",
        })
    }
}

impl Setup {
    /// What jobs in the clone have beyond the files of git, as one text; empty where that is nothing. Where it is the
    /// same, a gate says the same of the same files.
    pub fn surroundings(&self) -> String {
        let Some(Furnished { files, submodules, made, seed: _ }) = &self.furnished else {
            return String::new();
        };
        let files = files.iter().map(|(path, source)| format!("{}={}", path.display(), source.display()));
        let submodules = submodules.iter().map(|from| format!("submodules={}", from.url));
        let made = made.iter().map(|made| format!("made={}", made.dir.display()));
        // Which ports they are is all the same.
        let names = self.env.keys().cloned();
        files.chain(submodules).chain(made).chain(names).collect::<Vec<_>>().join("\n")
    }
}

/// What a clone was given beyond what git has, so that clean files of its base can be given the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Furnished {
    /// Files of the person's: the path in the clone, and where each comes from.
    pub files: BTreeMap<PathBuf, PathBuf>,
    /// Where the files of submodules come from; absent where their directories are empty.
    pub submodules: Option<SubmodulesFrom>,
    /// What the set-up makes of the base; absent where it is made each time.
    pub made: Option<Kept>,
    /// Build directories of the last landing.
    pub seed: Option<Kept>,
}

/// Where the files of submodules come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmodulesFrom {
    /// The repository's own address, which theirs may be relative to.
    pub url: String,
    /// The directory of their mirrors.
    pub mirrors: PathBuf,
}

/// Directories that are kept to be copied, out of every job's reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// They lie in this one.
    pub dir: PathBuf,
    /// The file whose lock users share.
    pub lock: PathBuf,
    /// Without this file or directory they are not whole.
    pub whole: PathBuf,
    /// Their paths.
    pub names: Vec<String>,
}

/// A coding agent as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSetup {
    /// Which adapter drives it.
    pub kind: AgentKind,
    /// Its program, where it is not the kind's own on the PATH.
    pub program: Option<PathBuf>,
    /// Further arguments.
    pub args: Vec<String>,
    /// Where its model is served, where it is not the provider's own address.
    pub base_url: Option<String>,
    /// The name of the variable that holds its credential.
    pub credential: Option<String>,
    /// The cheap model that folds old progress; without one it is folded mechanically.
    pub summarizer: Option<String>,
    /// What its model's context holds, tokens, where the agent does not say so itself.
    #[serde(default)]
    pub context_window: Option<u64>,
}

/// The adapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentKind {
    /// Claude Code.
    Claude,
    /// Any program that reads the prompt and prints the answer.
    Command,
    /// Plays a script that stands in the goal's text.
    Replay,
}

/// Time-outs of one iteration and its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// How long an agent may say nothing; stands still in a tool call and in an announced wait.
    #[serde(with = "crate::duration::seconds")]
    pub silence: Duration,
    /// How long one tool call may take.
    #[serde(with = "crate::duration::seconds")]
    pub tool: Duration,
    /// How long one iteration may take.
    #[serde(with = "crate::duration::seconds")]
    pub iteration: Duration,
    /// How long the gate may take.
    #[serde(with = "crate::duration::seconds")]
    pub gate: Duration,
    /// How long a set-up or a tear-down may take.
    #[serde(default = "usual_setup", with = "crate::duration::seconds")]
    pub setup: Duration,
    /// The longest wait for a limit inside the run; a longer one ends it.
    #[serde(with = "crate::duration::seconds")]
    pub wait: Duration,
    /// The first wait after an overload; doubles with each.
    #[serde(with = "crate::duration::seconds")]
    pub backoff: Duration,
}

impl Default for Clocks {
    /// 15 min of silence, 60 min for a tool call, 2 h for an iteration, 30 min for the gate and for the
    /// set-up, waits of up to 15 min from 30 s on.
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self {
            silence: minutes(15),
            tool: minutes(60),
            iteration: minutes(120),
            gate: minutes(30),
            setup: usual_setup(),
            wait: minutes(15),
            backoff: Duration::from_secs(30),
        }
    }
}

fn usual_setup() -> Duration {
    Duration::from_secs(30 * 60)
}

/// Where the gate comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum GateSetup {
    /// The base's `.ralph/`, materialized here by the orchestrator, out of the agent's reach.
    At {
        /// The copy of `.ralph/`.
        dir: PathBuf,
        /// Where it is kept what gates said of base branches; without it each run asks for itself.
        #[serde(default)]
        said: Option<PathBuf>,
    },
    /// The base has none.
    Missing,
}

/// Who makes the commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
}
