//! From a job to a running program: all that happens between fork and exec.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource as Raw, Rlimit, Signal, WaitOptions};

use crate::cgroup::Leaf;
use crate::job::{Job, Limits, RUN_MARKER, Resource};
use crate::privilege;
use crate::process::ProcessId;
use crate::sandbox::{Rules, SandboxSupport};
use crate::sys::{self, Birth};
use crate::wire::{Refusal, Step};

/// A program that runs.
pub(super) struct Program {
    pub process: ProcessId,
    pub leaf: Leaf,
}

/// Starts the job's program; all copies of its streams in this process are closed on return.
pub(super) fn start(job: &Job, streams: [OwnedFd; 3]) -> Result<Program, Refusal> {
    let rules = rules(job, &streams)?;
    let mut leaf = Leaf::create(&job.run, &std::process::id().to_string(), &job.limits.bounds);
    let setup = Setup {
        limits: job.limits.instead_of(leaf.held()),
        last_capability: privilege::last_capability(),
        cwd: job.cwd.clone(),
        rules,
        keeper: rustix::process::getpid(),
    };
    // Drops this process's copies of the streams.
    let child = born(&mut leaf, setup, command(job, streams))?;
    // The keeper has not reaped it, so it is there, at least as a zombie.
    let process = ProcessId::of(child).map_err(|error| Refusal {
        step: Step::Execute,
        errno: None,
        detail: error.to_string(),
    })?;
    Ok(Program { process, leaf })
}

/// Makes the child, in its cgroup from its first moment where the kernel can do that, and returns when it has become
/// the program.
fn born(leaf: &mut Leaf, setup: Setup, mut command: Command) -> Result<u32, Refusal> {
    let failed = |error| Refusal::new(Step::Execute, &error);
    let (told, teller) = io::pipe().map_err(failed)?;
    let (directory, entrance, old) = (leaf.open_unified(), leaf.entrance(), leaf.old_entrances());
    let become_it = move |birth| {
        match birth {
            Birth::Inside => enter(old),
            Birth::Beside => enter(entrance.into_iter().chain(old)),
        }
        let refusal = setup.run().err().unwrap_or_else(|| Refusal::new(Step::Execute, &command.exec()));
        tell(teller, &refusal);
    };
    let child = sys::fork(directory.as_ref(), become_it).map_err(failed)?;
    if let Some(refusal) = refusal(told).map_err(failed)? {
        reap(child);
        return Err(refusal);
    }
    leaf.keep_those_of(child);
    Ok(child)
}

/// While there is the privilege; a refusal is seen by the keeper, which then does without.
fn enter(entrances: impl IntoIterator<Item = File>) {
    for mut entrance in entrances {
        let _ = entrance.write_all(b"0");
    }
}

/// Tells the keeper why the child does not become the program.
fn tell(mut teller: PipeWriter, refusal: &Refusal) {
    // It fails only if the keeper is gone, and then nobody asks.
    let _ = serde_json::to_writer(&mut teller, refusal);
}

/// What the child has told; nothing if it has become the program, for the pipe is closed by exec.
fn refusal(mut told: PipeReader) -> io::Result<Option<Refusal>> {
    let mut text = Vec::new();
    told.read_to_end(&mut text)?;
    if text.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_slice(&text)?)) }
}

fn reap(child: u32) {
    let child = Pid::from_raw(child.cast_signed());
    while let Err(rustix::io::Errno::INTR) = rustix::process::waitpid(child, WaitOptions::empty()) {}
}

fn rules(job: &Job, streams: &[OwnedFd; 3]) -> Result<Option<Rules>, Refusal> {
    let Some(sandbox) = &job.sandbox else { return Ok(None) };
    let support = SandboxSupport::detect();
    if !support.is_sufficient() {
        let detail = format!("this kernel's landlock does not suffice: {support:?}");
        return Err(Refusal { step: Step::Rules, errno: None, detail });
    }
    match Rules::build(sandbox, streams) {
        Ok(rules) => Ok(Some(rules)),
        Err(error) => Err(Refusal { step: Step::Rules, errno: None, detail: error.to_string() }),
    }
}

fn command(job: &Job, streams: [OwnedFd; 3]) -> Command {
    let [stdin, stdout, stderr] = streams;
    let mut command = Command::new(&job.program);
    command
        .args(&job.args)
        .env_clear()
        .envs(&job.env)
        .env(RUN_MARKER, job.run.as_str())
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr));
    command
}

/// What the child does to itself before it becomes the program.
struct Setup {
    limits: Limits,
    last_capability: u32,
    cwd: PathBuf,
    rules: Option<Rules>,
    keeper: Pid,
}

impl Setup {
    fn run(mut self) -> Result<(), Refusal> {
        Step::IN_CHILD
            .into_iter()
            .try_for_each(|step| self.take(step).map_err(|error| Refusal::new(step, &error)))
    }

    fn take(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::Descriptors => sys::close_others_on_exec(),
            Step::Session => Ok(rustix::process::setsid().map(drop)?),
            Step::Limits => limit(&self.limits),
            Step::Capabilities => privilege::drop_capabilities(self.last_capability),
            Step::WorkingDirectory => Ok(rustix::process::chdir(&self.cwd)?),
            Step::NoNewPrivileges => Ok(rustix::thread::set_no_new_privs(true)?),
            Step::Landlock => self.rules.take().map_or(Ok(()), Rules::apply),
            Step::DeathSignal => die_with(self.keeper),
            // Steps of the keeper, not of the child.
            Step::Receive | Step::Rules | Step::Execute => Ok(()),
        }
    }
}

/// Last of all, because a change of credentials takes the wish back.
fn die_with(keeper: Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // The keeper may have died before the wish was heard.
    if rustix::process::getppid() == Some(keeper) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
}

fn limit(limits: &Limits) -> io::Result<()> {
    if limits.bounds.nice > 0 {
        let nice = limits.bounds.nice;
        rustix::process::nice(nice.into())?;
        // Where the kernel groups processes by session, each session has a niceness beside others: sched(7). Where it
        // does not, or has just done it for somebody else, the processes' own has to do.
        let _ = std::fs::write("/proc/self/autogroup", nice.to_string());
    }
    for (resource, value) in &limits.resources {
        let raw = raw(*resource);
        // Above the hard bound would need a privilege, and would not be a restriction.
        let value = rustix::process::getrlimit(raw).maximum.map_or(*value, |hard| hard.min(*value));
        rustix::process::setrlimit(raw, Rlimit { current: Some(value), maximum: Some(value) })?;
    }
    Ok(())
}

fn raw(resource: Resource) -> Raw {
    match resource {
        Resource::AddressSpace => Raw::As,
        Resource::CoreSize => Raw::Core,
        Resource::CpuSeconds => Raw::Cpu,
        Resource::Data => Raw::Data,
        Resource::FileSize => Raw::Fsize,
        Resource::OpenFiles => Raw::Nofile,
        Resource::Processes => Raw::Nproc,
    }
}
