//! From a run directory to a ralph at work, and to its outcome.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use herder_agent::{Agent, Credential};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::RunSpec;
use herder_domain::setup::GateSetup;
use herder_executor::{self as executor, Launcher, ProcessId, Room, Toolchains};
use herder_gate::{Gate, GateError};
use herder_record::{Ending, Phase, Redactor, RunDir, RunLock, RunWriter};
use herder_workspace::{PrivateGit, RunKey, use_caches};
use jiff::Timestamp;

use crate::account::Account;
use crate::awake::Vigil;
use crate::error::RalphError;
use crate::memory::Memory;
use crate::prompt::Layout;
use crate::signals;
use crate::stop::Stop;
use crate::work::{Breakers, Doubt, Work};

/// Finds the adapter that a run's setup names.
pub type FindAgent = dyn Fn(&RunSpec) -> Result<Arc<dyn Agent>, RalphError>;

/// What a ralph is given beside its run directory.
pub struct Order<'a> {
    /// The run directory.
    pub dir: &'a Path,
    /// Starts keepers.
    pub launcher: Launcher,
    /// Finds the adapter that the run's setup names.
    pub agent: &'a FindAgent,
    /// Looks a variable of the environment up.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Whether whoever started it waits for word that it has taken over.
    pub announces: bool,
}

/// Works at a run until it has an outcome, which is written into the run directory.
///
/// # Errors
/// Only where there is no run to work at, or another ralph does. Whatever keeps it from its work later
/// is an outcome, too.
pub fn run(order: &Order<'_>) -> Result<Ending, RalphError> {
    let missing = || RalphError::NoOrder { path: order.dir.display().to_string() };
    let dir = RunDir::at(order.dir).ok_or_else(missing)?;
    let spec = dir.spec()?.ok_or_else(missing)?;
    let lock = RunLock::try_take(&dir)?.ok_or_else(|| RalphError::Taken { run: spec.run.to_string() })?;
    if let Some(ending) = dir.ending()? {
        return Ok(ending);
    }
    let redactor = Arc::new(redactor(&spec, order.lookup)?);
    let stop = Stop::default();
    signals::turn(&stop)?;
    signals::heed_frost(&stop, &dir)?;
    let writer = RunWriter::new(dir, lock, redactor);
    executor::become_subreaper()?;
    let _vigil = Vigil::of(&spec);
    let process = ProcessId::own().map_err(std::io::Error::other)?;
    let parts = match Parts::gather(order, &spec, &writer) {
        Ok(parts) => parts,
        Err(error) => return finish(&writer, &Account::default(), cannot_work(&error)),
    };
    let mut work = parts.assemble(order.launcher.clone(), (spec, writer), stop, process);
    work.report_start()?;
    if order.announces {
        // Nobody waits for the word any more where this fails.
        let _ = executor::announce_ready();
    }
    let outcome = work.until_outcome().unwrap_or_else(|error| work.gave_up(&error));
    // A status only matters while its ralph lives; the outcome says the rest.
    let _ = work.say(Phase::Ended, None);
    finish(&work.writer, &work.account, outcome)
}

fn redactor(spec: &RunSpec, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Redactor, RalphError> {
    let names = spec.setup.secrets.iter().chain(&spec.setup.agent.credential);
    let known =
        ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "OPENAI_API_KEY", "GITHUB_TOKEN", "GH_TOKEN"];
    let names = names.map(String::as_str).chain(known);
    // A file that is gone has nothing that could be told.
    let files = spec.setup.secret_files.iter().filter_map(|file| fs_err::read(file).ok());
    let assigned =
        files.flat_map(|bytes| herder_record::redact::assigned_values(&String::from_utf8_lossy(&bytes)));
    let values = names.filter_map(lookup).chain(assigned);
    Ok(Redactor::new(values.filter(|value| value.len() >= herder_record::redact::SHORTEST))?)
}

/// What a run directory and its setup amount to.
struct Parts {
    agent: Arc<dyn Agent>,
    credential: Option<Credential>,
    git: PrivateGit,
    room: Room,
    _caches: File,
    goal: String,
    layout: Layout,
    memory: Memory,
    gate: Option<Gate>,
}

impl Parts {
    fn gather(order: &Order<'_>, spec: &RunSpec, writer: &RunWriter) -> Result<Self, RalphError> {
        let agent = (order.agent)(spec)?;
        let credential = agent.credential(order.lookup)?;
        let key = RunKey::new(spec.goal.as_ref().map_or(0, |goal| goal.number.0), spec.run.as_str())?;
        let git = PrivateGit::at(&writer.dir().git_dir(), &spec.setup.clone, key);
        let room = Room::new(&spec.setup.room, &spec.setup.caches);
        let caches = use_caches(&spec.setup.caches)?;
        room.create()?;
        let goal = writer.dir().goal_text()?.unwrap_or_default();
        let layout = Layout::of(writer.dir().prompt()?)?;
        let summary = writer.dir().summary()?.map(|summary| (summary.text, summary.covers_up_to));
        let memory = Memory::restored(summary, writer.dir().progress()?);
        let gate = match &spec.setup.gate {
            GateSetup::At { dir, .. } => Gate::at(dir),
            GateSetup::Missing => None,
        };
        Ok(Self { agent, credential, git, room, _caches: caches, goal, layout, memory, gate })
    }

    fn assemble(
        self,
        launcher: Launcher,
        (spec, writer): (RunSpec, RunWriter),
        stop: Stop,
        process: ProcessId,
    ) -> Work {
        Work {
            goal: self.goal,
            told: spec.told.clone(),
            proposed: Vec::new(),
            agent: self.agent,
            credential: self.credential,
            launcher,
            git: self.git,
            room: self.room,
            _caches: self._caches,
            toolchains: Toolchains::detect(),
            memory: self.memory,
            gate: self.gate,
            stop,
            process,
            account: Account { prompt_hash: Some(self.layout.hash().to_owned()), ..Account::default() },
            layout: self.layout,
            refusal: None,
            doubt: Doubt::default(),
            base: None,
            breakers: Breakers::new(spec.setup.agent.context_window),
            windows: Vec::new(),
            failures: 0,
            waits: 0,
            writer,
            spec,
        }
    }
}

/// What keeps a ralph from its work is nobody's fault, or the configuration's.
pub(crate) fn cannot_work(error: &RalphError) -> Outcome {
    use herder_agent::AgentError;
    let detail = error.in_full();
    match error {
        RalphError::Agent(AgentError::NoCredential { .. }) => {
            Outcome::Interrupted { cause: Interruption::LoginFailed, detail }
        }
        RalphError::Agent(_) | RalphError::Layout { .. } | RalphError::Gate(GateError::NotRunnable(..)) => {
            Outcome::Misconfigured { detail }
        }
        RalphError::Record(_)
        | RalphError::Workspace(_)
        | RalphError::Start(_)
        | RalphError::Gate(_)
        | RalphError::Prompt(_)
        | RalphError::NoOrder { .. }
        | RalphError::Dirty { .. }
        | RalphError::Occupied { .. }
        | RalphError::Taken { .. }
        | RalphError::NoCommit { .. }
        | RalphError::CommitOfAgents
        | RalphError::CalledOff
        | RalphError::System(_)
        | RalphError::Detach(_) => Outcome::Interrupted { cause: Interruption::Crashed, detail },
    }
}

fn finish(writer: &RunWriter, account: &Account, outcome: Outcome) -> Result<Ending, RalphError> {
    let ending = Ending {
        iterations: account.iterations,
        spend: account.spend,
        snapshot: account.snapshot.clone(),
        gate_runs: account.gate_runs,
        gate_flakes: account.gate_flakes,
        flaky: account.flaky.items.clone(),
        gate_seconds: account.gate_time.as_secs_f64(),
        agent_version: account.agent_version.clone(),
        exit_code: account.exit_code,
        prompt_hash: account.prompt_hash.clone(),
        peak_memory_bytes: account.peak_memory,
        cpu_seconds: Some(account.cpu.as_secs_f64()),
        ..Ending::new(outcome, Timestamp::now())
    };
    let spent = crate::account::in_words(&ending.spend);
    // On a disk that takes no more lines there may still be room for the outcome, which counts.
    let _ = writer.log(&format!("== ended: {} ({spent})", ending.outcome.sentence()));
    writer.finish(&ending)?;
    Ok(ending)
}
