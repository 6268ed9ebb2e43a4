//! What a keeper is asked to run, and how it ended.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use herder_domain::run::RunId;
use herder_domain::setup::{Bounds, Setup, Tokens};
use serde::{Deserialize, Serialize};

use crate::cgroup::Resource as Held;
use crate::procfs;
use crate::sandbox::Sandbox;

/// The environment variable that marks every process of a run, so that strays can be found.
pub const RUN_MARKER: &str = "HERDER_RUN";

/// The environment variable that marks every process below one keeper.
pub const KEEPER_MARKER: &str = "HERDER_KEEPER";

/// One program to run under a keeper.
#[derive(Clone, Serialize, Deserialize)]
pub struct Job {
    /// The program: a path, or a name that is looked up on the `PATH` of `env`.
    pub program: PathBuf,
    /// Its arguments, without argv\[0\].
    pub args: Vec<String>,
    /// Its whole environment; nothing is inherited. The markers are added to it.
    pub env: BTreeMap<String, String>,
    /// Its working directory, an absolute path.
    pub cwd: PathBuf,
    /// What of the file system it may touch; `None` is no restriction.
    pub sandbox: Option<Sandbox>,
    /// The run on whose behalf it runs.
    pub run: RunId,
    /// How much it may use and how it is ended.
    pub limits: Limits,
}

impl Job {
    /// A job without arguments, environment or sandbox and with the default limits.
    pub fn new(program: impl Into<PathBuf>, cwd: impl Into<PathBuf>, run: RunId) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: cwd.into(),
            sandbox: None,
            run,
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for Job {
    /// Leaves out the values of the environment, some of which are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("cwd", &self.cwd)
            .field("sandbox", &self.sandbox)
            .field("run", &self.run)
            .field("limits", &self.limits)
            .finish()
    }
}

/// How much a job may use, and how patiently it is ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// What the job may take of the machine, all of it together as far as a cgroup can hold it to that.
    pub bounds: Bounds,
    /// The build tokens that it shares with others; `None` is no bound on how much it builds at once.
    pub tokens: Option<Tokens>,
    /// Bounds of setrlimit(2), soft and hard alike; one above the present hard bound is lowered to it.
    pub resources: BTreeMap<Resource, u64>,
    /// Between SIGTERM and SIGKILL when a stop was ordered without a time of its own.
    pub grace: Duration,
    /// Between SIGTERM and SIGKILL for what the program left running when it exited.
    pub leftover_grace: Duration,
}

impl Default for Limits {
    /// 5 s of grace as decided for every stop, 1 s for what a program left behind.
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            tokens: None,
            resources: BTreeMap::new(),
            grace: Duration::from_secs(5),
            leftover_grace: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// Those of a run's jobs.
    pub fn of(setup: &Setup) -> Self {
        Self { bounds: setup.bounds, tokens: setup.tokens.clone(), ..Self::default() }
    }

    /// The usual ones with these bounds.
    pub fn within(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// With bounds of single processes in the place of those that no cgroup holds the whole job to. Its data and not
    /// its address space, of which sanitizers and virtual machines reserve terabytes. Of processes the kernel counts
    /// all that the user has, so those that there are come on top.
    pub(crate) fn instead_of(&self, held: &[Held]) -> Self {
        let mut limits = self.clone();
        let is_free = |resource| !held.contains(&resource);
        if let Some(memory) = self.bounds.memory.filter(|_| is_free(Held::Memory)) {
            limits.resources.entry(Resource::Data).or_insert(memory);
        }
        if let Some(most) = self.bounds.processes.filter(|_| is_free(Held::Processes)) {
            let present = procfs::tasks_of_own_user();
            limits.resources.entry(Resource::Processes).or_insert(u64::from(most) + present);
        }
        limits
    }
}

/// A resource that setrlimit(2) bounds for each process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Bytes of address space.
    AddressSpace,
    /// Bytes of a core file.
    CoreSize,
    /// Seconds of CPU time.
    CpuSeconds,
    /// Bytes of data that a process may write to: heap, stacks, private mappings.
    Data,
    /// Bytes of a file that is written.
    FileSize,
    /// Number of open files.
    OpenFiles,
    /// Number of processes of the user.
    Processes,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Exit code 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// A process that was ended because nobody was responsible for it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Its process id at that time.
    pub pid: u32,
    /// Its name, at most 15 bytes, as the kernel has it.
    pub name: String,
    /// The beginning of its command line; empty if it could not be read.
    pub command: String,
}

/// How a job ended, once nothing was left below its keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How the program itself ended.
    pub exit: Exit,
    /// The first of the processes that it left running when it exited unasked; at most 32. They
    /// were ended then.
    pub leftovers: Vec<Leftover>,
    /// How many those were in all.
    pub leftover_count: usize,
    /// CPU time of the program and all below it that were waited for.
    pub cpu: Duration,
    /// Memory at its peak.
    pub peak_memory: PeakMemory,
    /// How many of its processes the kernel killed for want of memory; `None` if unknown.
    pub out_of_memory_kills: Option<u64>,
    /// The bound of memory that all of it together ran into, in bytes: what the kernel then killed, it did not kill for
    /// want of memory on the machine.
    pub memory_bound_hit: Option<u64>,
    /// The bound of processes and threads at which it was refused another one.
    pub process_bound_hit: Option<u32>,
}

impl Ending {
    /// What of the job was killed or refused, and by which bound; a sentence each.
    pub fn held(&self) -> Vec<String> {
        let killed = self.out_of_memory_kills.filter(|kills| *kills > 0).map(|kills| {
            let why = match self.memory_bound_hit {
                Some(bound) => format!("at the {} MiB that a job may take (limits.memory_mib)", bound >> 20),
                None => "for want of memory".to_owned(),
            };
            format!("the kernel killed {kills} of its processes {why}")
        });
        let refused = self
            .process_bound_hit
            .map(|most| format!("it was refused more than {most} processes and threads (limits.processes)"));
        killed.into_iter().chain(refused).collect()
    }
}

/// Memory at its peak, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeakMemory {
    /// Of the whole job together, from its cgroup; with the files that the kernel cached for it.
    Job(u64),
    /// Of its largest single process (getrusage(2)).
    LargestProcess(u64),
}

impl PeakMemory {
    /// The number of bytes, whatever it is of.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Job(bytes) | Self::LargestProcess(bytes) => bytes,
        }
    }
}
