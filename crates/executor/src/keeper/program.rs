//! From a job to a running program: all that happens between fork and exec.

use std::fs::File;
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource as Raw, Rlimit, Signal};

use crate::cgroup::Leaf;
use crate::job::{Job, Limits, RUN_MARKER, Resource};
use crate::privilege;
use crate::process::ProcessId;
use crate::sandbox::{Rules, SandboxSupport};
use crate::sys;
use crate::wire::{Refusal, Step};

/// A program that runs.
pub(super) struct Program {
    pub process: ProcessId,
    pub leaf: Leaf,
}

/// Starts the job's program; all copies of its streams in this process are closed on return.
pub(super) fn start(job: &Job, streams: [OwnedFd; 3]) -> Result<Program, Refusal> {
    let rules = rules(job, &streams)?;
    let mut leaf = Leaf::create(&job.run, &std::process::id().to_string());
    let (mut told, teller) = io::pipe().map_err(|error| Refusal::new(Step::Execute, &error))?;
    let mut command = command(job, streams);
    let mut setup = Some(Setup {
        entrances: leaf.entrances(),
        limits: job.limits.clone(),
        last_capability: privilege::last_capability(),
        cwd: job.cwd.clone(),
        rules,
        keeper: rustix::process::getpid(),
        teller,
    });
    sys::before_exec(&mut command, move || match setup.take() {
        Some(setup) => setup.run(),
        None => Err(io::ErrorKind::InvalidInput.into()),
    });
    let spawned = command.spawn();
    // Drops this process's end of the pipe and its copies of the streams.
    drop(command);
    let child = spawned.map_err(|error| Refusal::new(failed_step(&mut told), &error))?;
    leaf.keep_those_of(child.id());
    // The keeper has not reaped it, so it is there, at least as a zombie.
    let process = ProcessId::of(child.id()).map_err(|error| Refusal {
        step: Step::Execute,
        errno: None,
        detail: error.to_string(),
    })?;
    Ok(Program { process, leaf })
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

/// The step whose code the child wrote before it gave up; without one it was exec itself.
fn failed_step(told: &mut impl Read) -> Step {
    let mut code = [0];
    match told.read(&mut code) {
        Ok(1) => Step::IN_CHILD.get(usize::from(code[0])).copied().unwrap_or(Step::Execute),
        Ok(_) | Err(_) => Step::Execute,
    }
}

/// What the child does to itself before it becomes the program.
struct Setup {
    entrances: Vec<File>,
    limits: Limits,
    last_capability: u32,
    cwd: PathBuf,
    rules: Option<Rules>,
    keeper: Pid,
    teller: PipeWriter,
}

impl Setup {
    fn run(mut self) -> io::Result<()> {
        self.enter_cgroups();
        for (code, step) in (0_u8..).zip(Step::IN_CHILD) {
            if let Err(error) = self.take(step) {
                // The error itself travels by the spawn; if this write fails, only the step is lost.
                let _ = self.teller.write_all(&[code]);
                return Err(error);
            }
        }
        Ok(())
    }

    /// First, while there is the privilege; a refusal is seen by the keeper, which then does without.
    fn enter_cgroups(&mut self) {
        for mut entrance in self.entrances.drain(..) {
            let _ = entrance.write_all(b"0");
        }
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
    if let Some(nice) = limits.nice {
        rustix::process::nice(nice)?;
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
        Resource::FileSize => Raw::Fsize,
        Resource::OpenFiles => Raw::Nofile,
        Resource::Processes => Raw::Nproc,
    }
}
