//! One process of the agent, from its start to the moment when nothing of it is left.

mod bounds;
mod pumps;
mod ration;

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use herder_agent::{Agent, AgentEvent, ContextUse, Ending, Exit, Invocation, Launch, Line, Session};
use herder_domain::ledger::Spend;
use herder_domain::run::RunId;
use herder_executor::{self as executor, Job, KeeperHandle, Launcher, Limits, Report, Sandbox};

pub(crate) use bounds::{Bounds, Cut};
use pumps::{Heard, Pumps};

use crate::error::RalphError;
use crate::stop::{Stop, pass_on};

/// How long the end of the output is awaited after nothing of the agent is left.
const DRAIN: Duration = Duration::from_secs(10);

/// How often it is looked whether an agent that stands still goes on again.
const FROZEN: Duration = Duration::from_secs(1);

/// What is asked of one process of the agent.
pub(crate) struct Call<'a> {
    pub agent: &'a dyn Agent,
    pub invocation: Invocation<'a>,
    pub launcher: &'a Launcher,
    pub run: &'a RunId,
    pub cwd: &'a Path,
    pub sandbox: Sandbox,
    pub limits: Limits,
    pub bounds: Bounds,
    pub stop: &'a Stop,
}

/// Hears what goes on in a call, as it does.
pub(crate) trait Ear {
    /// A line of the agent's stream, as it came.
    fn line(&mut self, line: Line<'_>);
    /// What it means, and what the call has spent until now.
    fn event(&mut self, event: &AgentEvent, spend: &Spend);
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Called {
    pub ending: Ending,
    /// Why we ended it, where we did.
    pub cut: Option<Cut>,
    pub spend: Spend,
    pub exit: Option<Exit>,
    /// How full the model's context was, as far as the agent told.
    pub context: Option<ContextUse>,
    /// What the last tool call said, where it failed.
    pub tool_error: Option<String>,
    /// For how long it stood still.
    pub frozen: Duration,
    /// What the keeper measured; absent where it was killed.
    pub measured: Option<executor::Ending>,
}

impl Call<'_> {
    /// Runs the agent.
    pub(crate) fn run(self, ear: &mut dyn Ear) -> Result<Called, RalphError> {
        let launch = self.agent.launch(&self.invocation)?;
        let (pumps, stdio) = Pumps::prepare()?;
        self.stop.until_thawed();
        let (handle, reports) = self.launcher.start(&self.job(&launch), stdio)?;
        let (heard, input) = pumps.start(reports, launch.first_input, launch.input)?;
        let _listening = self.stop.listen(pass_on(handle.clone()));
        let conversation = Conversation {
            session: self.agent.session(&self.invocation),
            begun: Instant::now(),
            bounds: &self.bounds,
            handle,
            input: Some(input),
            last_heard: Duration::ZERO,
            cut: None,
            exit: None,
        };
        conversation.hold(&heard, ear)
    }

    fn job(&self, launch: &Launch) -> Job {
        let mut job = Job::new(&launch.program, self.cwd, self.run.clone());
        job.args.clone_from(&launch.args);
        job.env.clone_from(&launch.env);
        job.limits = self.limits.clone();
        let reading = launch.read.iter().fold(self.sandbox.clone(), |sandbox, path| sandbox.reading(path));
        job.sandbox = Some(launch.write.iter().fold(reading, |sandbox, path| sandbox.writing(path)));
        job
    }
}

/// A call under way.
struct Conversation<'a> {
    session: Box<dyn Session>,
    begun: Instant,
    bounds: &'a Bounds,
    handle: KeeperHandle,
    /// Dropping it closes the agent's standard input.
    input: Option<Sender<Vec<u8>>>,
    last_heard: Duration,
    cut: Option<Cut>,
    exit: Option<Exit>,
}

impl Conversation<'_> {
    fn hold(mut self, heard: &Receiver<Heard>, ear: &mut dyn Ear) -> Result<Called, RalphError> {
        let mut end = None;
        let mut stderr = None;
        // Whoever got hold of the output and outlived the agent may write for ever; it is heard for so long.
        let mut last_call = None;
        while end.is_none() || stderr.is_none() {
            let patience = match last_call {
                Some(last_call) => Instant::saturating_duration_since(&last_call, Instant::now()),
                None => self.patience(),
            };
            match heard.recv_timeout(patience) {
                Ok(Heard::Line { .. }) if last_call.is_some_and(|last| last <= Instant::now()) => break,
                Ok(Heard::Line { bytes, length, share }) => {
                    self.line(Line { bytes: &bytes, length }, ear);
                    drop(share);
                }
                Ok(Heard::OutputEnded { stderr_tail }) => stderr = Some(stderr_tail),
                Ok(Heard::Keeper(Report::Exited(exit))) => self.exit = Some(exit_of(exit)),
                Ok(Heard::Keeper(report)) => {
                    end = Some(report);
                    last_call = Some(Instant::now() + DRAIN);
                }
                Err(RecvTimeoutError::Timeout) if end.is_some() => break,
                Err(RecvTimeoutError::Timeout) => self.enforce(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(self.called(end, &stderr.unwrap_or_default()))
    }

    /// Since it began, without the time in which it stood still: none of its clocks goes then.
    fn now(&self) -> Duration {
        self.begun.elapsed().saturating_sub(self.handle.frozen_for())
    }

    fn line(&mut self, line: Line<'_>, ear: &mut dyn Ear) {
        let at = self.now();
        self.last_heard = at;
        ear.line(line);
        for event in self.session.line(line, at) {
            ear.event(&event, &self.session.spend(at));
            if matches!(event, AgentEvent::TurnEnded(_)) {
                self.correct(at);
            }
        }
        self.enforce();
    }

    /// Has an invalid answer corrected in the same session, or lets the agent end.
    fn correct(&mut self, at: Duration) {
        match self.session.correction(at) {
            // An agent that reads no more has ended or will be cut; either is told by its exit.
            Some(bytes) => drop(self.input.as_ref().map(|input| input.send(bytes))),
            None => self.input = None,
        }
    }

    /// How long nothing has to be looked at.
    fn patience(&self) -> Duration {
        let at = self.now();
        match (self.cut, self.exit) {
            // The keeper ends it, or what it left; its report is awaited.
            (Some(_), _) | (_, Some(_)) => DRAIN,
            // Its clocks go on some time, and it says nothing of that.
            (None, None) if self.handle.is_frozen() => FROZEN,
            (None, None) => self.bounds.next(self.session.as_ref(), self.last_heard, at).saturating_sub(at),
        }
    }

    fn enforce(&mut self) {
        let at = self.now();
        if self.cut.is_none()
            && self.exit.is_none()
            && let Some(cut) = self.bounds.crossed(self.session.as_ref(), self.last_heard, at)
        {
            self.cut = Some(cut);
            self.handle.stop(None);
        }
    }

    fn called(mut self, end: Option<Report>, stderr_tail: &str) -> Called {
        let at = self.now();
        let measured = match end {
            Some(Report::Ended(ending)) => Some(ending),
            Some(Report::Exited(_) | Report::KeeperDied { .. }) | None => None,
        };
        let exit = self.exit.or_else(|| measured.as_ref().map(|ending| exit_of(ending.exit)));
        let ending = match exit {
            Some(exit) => self.session.end(exit, stderr_tail, at),
            None => Ending::Crashed { detail: "its keeper was killed".into() },
        };
        let mut spend = self.session.spend(at);
        let accounted = spend.time.llm + spend.time.tools + spend.time.other + spend.time.waiting;
        spend.time.other += at.saturating_sub(accounted);
        let (context, tool_error) = (self.session.context(), self.session.tool_error().map(str::to_owned));
        let frozen = self.handle.frozen_for();
        Called { ending, cut: self.cut, spend, exit, context, tool_error, frozen, measured }
    }
}

fn exit_of(exit: executor::Exit) -> Exit {
    match exit {
        executor::Exit::Code(code) => Exit::Code(code),
        executor::Exit::Signal(signal) => Exit::Signal(signal),
    }
}
