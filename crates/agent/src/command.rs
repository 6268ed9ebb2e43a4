//! Any program as an agent: the prompt on its standard input, the answer on its standard output.
//!
//! The last JSON object that is a valid answer is the answer, wherever it stands. Without one, something
//! that was clearly meant as an answer makes the iteration invalid; else exit code 0 is a claim of done (the
//! gate decides), and what it printed last is the summary. Any other exit is a failed iteration. What it
//! costs, nobody knows.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use herder_domain::agent::{Answer, Status};
use herder_domain::ledger::{Cost, CostSource, Spend};

use crate::invocation::environment;
use crate::lines::Line;
use crate::program::{self, Program};
use crate::registry::Entry;
use crate::session::{Activity, AgentEvent, Ending, Exit, Session, tail, without_verdict};
use crate::sieve::Sieve;
use crate::stopwatch::Stopwatch;
use crate::{Agent, AgentError, Credential, Expected, Input, Invocation, Launch};

/// What is kept of the printed text as a summary, bytes.
const SUMMARY_TAIL: usize = 4 << 10;

/// A program of the configuration.
#[derive(Debug)]
pub struct Command {
    name: String,
    program: PathBuf,
    args: Vec<String>,
    credential: Option<String>,
    summarizer: Option<String>,
    env: BTreeMap<String, String>,
    read: Vec<PathBuf>,
}

impl Command {
    /// The program of an entry.
    ///
    /// # Errors
    /// [`AgentError::NoCommand`].
    pub fn new(entry: Entry) -> Result<Self, AgentError> {
        let mut command = entry.command.into_iter();
        let Some(program) = command.next().filter(|program| !program.is_empty()) else {
            return Err(AgentError::NoCommand { name: entry.name });
        };
        Ok(Self {
            name: entry.name,
            program: program.into(),
            args: command.collect(),
            credential: entry.credential,
            summarizer: entry.summarizer,
            env: entry.env,
            read: entry.read,
        })
    }
}

impl Agent for Command {
    fn name(&self) -> &str {
        &self.name
    }

    fn find(&self, path: &OsStr) -> Result<Program, AgentError> {
        let mut program = program::find(&self.program, path).ok_or_else(|| AgentError::ProgramMissing {
            agent: self.name.clone(),
            program: self.program.clone(),
            hint: "correct the agent's command in the configuration".into(),
        })?;
        program.read.extend(self.read.iter().cloned());
        Ok(program)
    }

    fn credential(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Credential>, AgentError> {
        let Some(variable) = &self.credential else { return Ok(None) };
        let value = lookup(variable).filter(|value| !value.trim().is_empty());
        let missing =
            || AgentError::NoCredential { agent: self.name.clone(), variables: vec![variable.clone()] };
        let value = value.ok_or_else(missing)?;
        Ok(Some(Credential { variable: variable.clone(), value }))
    }

    fn launch(&self, invocation: &Invocation<'_>) -> Result<Launch, AgentError> {
        let path = invocation.env.get("PATH").map(String::as_str).unwrap_or_default();
        let program = self.find(OsStr::new(path))?;
        let mut env = environment(invocation);
        env.extend(self.env.clone());
        env.insert("HERDER_MODEL".into(), invocation.model.into());
        env.insert("HERDER_REASONING".into(), invocation.reasoning.as_str().into());
        Ok(Launch {
            program: program.path,
            args: self.args.clone(),
            env,
            first_input: invocation.prompt.as_bytes().to_vec(),
            input: Input::CloseAfterFirst,
            read: program.read,
            write: Vec::new(),
        })
    }

    fn session(&self, invocation: &Invocation<'_>) -> Box<dyn Session> {
        Box::new(CommandSession::new(invocation.expected))
    }

    fn answers_by_schema(&self) -> bool {
        false
    }

    fn summarizer(&self) -> Option<&str> {
        self.summarizer.as_deref()
    }
}

#[derive(Debug)]
struct CommandSession {
    expected: Expected,
    sieve: Sieve,
    watch: Stopwatch,
}

impl CommandSession {
    fn new(expected: Expected) -> Self {
        let mut watch = Stopwatch::default();
        // Nobody knows what it does when; all of it is booked as the model's time.
        watch.working();
        Self { expected, sieve: Sieve::default(), watch }
    }

    fn claim(&self) -> Answer {
        let printed = tail(self.sieve.printed(), SUMMARY_TAIL);
        let summary = if printed.is_empty() { "The command ended without a word." } else { printed };
        Answer::new(Status::Done, summary)
    }
}

impl Session for CommandSession {
    fn line(&mut self, line: Line<'_>, at: Duration) -> Vec<AgentEvent> {
        self.watch.advance(at);
        if line.is_cut() {
            return vec![AgentEvent::LineCut { length: line.length }];
        }
        let text = String::from_utf8_lossy(line.bytes).into_owned();
        self.sieve.line(&text);
        vec![AgentEvent::Text(text)]
    }

    fn correction(&mut self, _at: Duration) -> Option<Vec<u8>> {
        None
    }

    fn activity(&self) -> Activity {
        self.watch.activity()
    }

    fn spend(&self, at: Duration) -> Spend {
        Spend {
            cost: Cost::UNKNOWN,
            cost_source: CostSource::Unknown,
            time: self.watch.split_at(at),
            ..Spend::default()
        }
    }

    fn end(&mut self, exit: Exit, stderr_tail: &str, at: Duration) -> Ending {
        self.watch.advance(at);
        self.watch.idle();
        if exit != Exit::Code(0) {
            return without_verdict(exit, stderr_tail);
        }
        match self.expected {
            Expected::Text => Ending::Replied(self.sieve.printed().to_owned()),
            Expected::Answer => match self.sieve.answer() {
                Some(Ok(answer)) => Ending::Answered(answer),
                Some(Err(problem)) => Ending::Invalid { problem: problem.to_string() },
                None => Ending::Answered(self.claim()),
            },
        }
    }
}
