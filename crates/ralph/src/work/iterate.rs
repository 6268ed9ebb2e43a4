//! Calling the agent for one iteration.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use herder_agent::{AgentEvent, Expected, Invocation, LimitState, Line, Place};
use herder_domain::ledger::Spend;
use herder_domain::usage_window::{UsageWindow, WindowState};
use herder_executor::Limits;
use herder_record::{LiveStatus, Phase, RunWriter};
use jiff::Timestamp;

use super::Work;
use crate::call::{Bounds, Call, Called, Ear};
use crate::error::RalphError;
use crate::voice;

/// How often `status.json` tells what was spent within an iteration.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// The directory among the package caches in which agents keep what outlives a run.
const PLACES: &str = "places";

impl Work {
    /// One iteration of the agent.
    pub(super) fn iterate(&mut self, number: u32, prompt: &str) -> Result<Called, RalphError> {
        self.writer.log(&format!("-- iteration {number}"))?;
        self.say(Phase::Working, None)?;
        let model = self.spec.model.clone();
        let called = self.call(prompt, &model, Expected::Answer)?;
        self.account.add(called.spend);
        self.account.exit_code = called.exit.and_then(exit_code);
        self.account.used(called.measured.as_ref());
        for sentence in called.measured.iter().flat_map(herder_executor::Ending::held) {
            self.writer.log(&format!("-- {sentence}"))?;
        }
        Ok(called)
    }

    /// One process of the agent, in the clone and in the sandbox.
    pub(super) fn call(
        &mut self,
        prompt: &str,
        model: &str,
        expected: Expected,
    ) -> Result<Called, RalphError> {
        let setup = &self.spec.setup;
        let env = self.env();
        let place = setup.caches.join(PLACES);
        fs_err::create_dir_all(&place)?;
        let key = self.place_key();
        let mark = self.writer.dir().mark();
        let (home, tmpdir) = (self.room.home(), self.room.tmp());
        let invocation = Invocation {
            prompt,
            model,
            reasoning: self.spec.reasoning,
            expected,
            home: &home,
            tmpdir: &tmpdir,
            budget_usd: self.account.usd_left(&self.spec.budget),
            credential: self.credential.as_ref(),
            env: &env,
            is_root: is_root(),
            place: Some(Place { dir: &place, key: &key }),
        };
        let call = Call {
            agent: self.agent.as_ref(),
            invocation,
            launcher: &self.launcher,
            run: &mark,
            cwd: &setup.clone,
            sandbox: self.sandbox(&setup.clone),
            limits: Limits::of(setup),
            bounds: Bounds {
                clocks: setup.clocks,
                working: self.account.working_left(&self.spec.budget),
                tokens: self.account.tokens_left(&self.spec.budget),
                deadline: self.deadline(),
            },
            stop: &self.stop,
        };
        let phase = match expected {
            Expected::Answer => Phase::Working,
            Expected::Text => Phase::Summarizing,
        };
        let mut scribe =
            Scribe::new(&self.writer, self.status(phase, None), &mut self.account.agent_version)?;
        let called = call.run(&mut scribe);
        self.windows = scribe.status.windows;
        called
    }

    fn place_key(&self) -> String {
        let name = self.spec.goal.as_ref().map_or_else(|| self.spec.run.to_string(), ToString::to_string);
        name.replace(['/', '#'], "-")
    }

    /// The environment of agent and gate.
    pub(super) fn env(&self) -> BTreeMap<String, String> {
        let mut env = self.room.env(&self.toolchains, &self.spec.setup.pass);
        env.extend(self.spec.setup.env.clone());
        env
    }

    /// The sandbox of everything that works at `work`.
    pub(super) fn sandbox(&self, work: &std::path::Path) -> herder_executor::Sandbox {
        let setup = &self.spec.setup;
        let sandbox = setup.read.iter().fold(self.room.sandbox(work), |sandbox, path| sandbox.reading(path));
        setup.write.iter().fold(sandbox, |sandbox, path| sandbox.writing(path))
    }
}

fn exit_code(exit: herder_agent::Exit) -> Option<i32> {
    match exit {
        herder_agent::Exit::Code(code) => Some(code),
        herder_agent::Exit::Signal(_) => None,
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Writes down what is heard: the stream for machines, the log for people, the spend for both.
struct Scribe<'a> {
    writer: &'a RunWriter,
    events: herder_record::run::EventsWriter,
    status: LiveStatus,
    /// What the agent is at while it does not wait.
    phase: Phase,
    /// What was spent before this call.
    before: Spend,
    told: Instant,
    version: &'a mut Option<String>,
}

impl<'a> Scribe<'a> {
    fn new(
        writer: &'a RunWriter,
        status: LiveStatus,
        version: &'a mut Option<String>,
    ) -> Result<Self, RalphError> {
        let (before, phase) = (status.spend, status.state);
        let events = writer.events()?;
        Ok(Self { writer, events, status, phase, before, told: Instant::now(), version })
    }

    /// Notes a usage window, an announced wait, or its end; gives whether that is news.
    fn attend(&mut self, event: &AgentEvent) -> bool {
        if let Some(window) = reported(event) {
            window.note(&mut self.status.windows);
            return true;
        }
        if let AgentEvent::Waiting { wait, why } = event {
            self.status.state = Phase::Waiting;
            self.status.waiting_until = Timestamp::now().checked_add(*wait).ok();
            self.status.waiting_for = Some(why.clone());
            return true;
        }
        let has_waited = self.status.state != self.phase;
        self.status.state = self.phase;
        self.status.waiting_until = None;
        self.status.waiting_for = None;
        let begins_tool = matches!(event, AgentEvent::ToolStarted { .. });
        match event {
            AgentEvent::ToolStarted { name, .. } => self.status.detail = Some(format!("tool {name}")),
            AgentEvent::Started { .. }
            | AgentEvent::Text(_)
            | AgentEvent::Thought(_)
            | AgentEvent::ToolEnded { .. }
            | AgentEvent::ToolDenied { .. } => self.status.detail = Some("thinking".to_owned()),
            AgentEvent::Waiting { .. }
            | AgentEvent::LimitReported { .. }
            | AgentEvent::TurnEnded(_)
            | AgentEvent::LineCut { .. }
            | AgentEvent::Ignored { .. } => {}
        }
        // A tool may be the last that is heard of for an hour.
        has_waited || begins_tool
    }

    fn tell(&mut self, spend: &Spend, is_news: bool) {
        if !is_news && self.told.elapsed() < STATUS_EVERY {
            return;
        }
        self.told = Instant::now();
        self.status.heartbeat = Timestamp::now();
        self.status.spend = self.before;
        self.status.spend += *spend;
        // The next one will tell; the run does not depend on it.
        let _ = self.writer.status(&self.status);
    }
}

/// What an agent reports of a usage window; one that nobody says the end of cannot be minded.
fn reported(event: &AgentEvent) -> Option<UsageWindow> {
    let AgentEvent::LimitReported { state, window, used, resets_at } = event else { return None };
    let state = match state {
        LimitState::Allowed | LimitState::Warned => WindowState::Open,
        LimitState::Rejected => WindowState::Spent,
    };
    let (name, used) = (window.clone(), *used);
    Some(UsageWindow { name, state, used, resets_at: (*resets_at)?, seen_at: Timestamp::now() })
}

impl Ear for Scribe<'_> {
    fn line(&mut self, line: Line<'_>) {
        // The stream is for looking into later; a full disk shows where it matters, at the snapshot.
        let _ = self.events.line(&String::from_utf8_lossy(line.bytes));
    }

    fn event(&mut self, event: &AgentEvent, spend: &Spend) {
        if let AgentEvent::Started { version: Some(version), .. } = event {
            *self.version = Some(version.clone());
        }
        if let Some(text) = voice::line(event) {
            let _ = self.writer.log(&text);
        }
        let is_news = self.attend(event);
        self.tell(spend, is_news);
    }
}
