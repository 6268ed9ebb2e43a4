//! An agent that plays what a script says: for demonstrations and tests, deterministic and free.
//!
//! The script stands in the goal's text, in a block fenced by three backticks and the word `replay`; see
//! [`script`]. It runs as a process of its own, `herder replay-agent`, started, sandboxed, followed and
//! ended exactly as any other agent is, so nothing around it can tell the difference. [`perform`] is the
//! main function of that process; it alone in this crate touches files and starts commands.

pub mod place;
pub mod player;
pub mod script;
mod session;
pub mod wire;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use player::perform;

use crate::invocation::environment;
use crate::program::{self, Program};
use crate::registry::Entry;
use crate::{Agent, AgentError, Credential, Input, Invocation, Launch, Session};

/// The environment variable with the directory in which places are kept.
pub const PLACE_DIR: &str = "HERDER_PLACE_DIR";

/// The environment variable with the key of the goal's place.
pub const GOAL_KEY: &str = "HERDER_GOAL_KEY";

/// The hidden command of `herder` that is the player.
pub const COMMAND: &str = "replay-agent";

/// The player as an agent.
#[derive(Debug)]
pub struct Replay {
    name: String,
    program: PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    read: Vec<PathBuf>,
}

impl Replay {
    /// The player in a program, by default in `own`, this program's own file.
    pub fn new(entry: Entry, own: &Path) -> Self {
        let mut command = entry.command.into_iter();
        let (program, args) = match command.next() {
            Some(program) => (program.into(), command.collect()),
            None => (own.to_path_buf(), vec![COMMAND.to_owned()]),
        };
        Self { name: entry.name, program, args, env: entry.env, read: entry.read }
    }
}

impl Agent for Replay {
    fn name(&self) -> &str {
        &self.name
    }

    fn find(&self, path: &OsStr) -> Result<Program, AgentError> {
        let missing = || AgentError::ProgramMissing {
            agent: self.name.clone(),
            program: self.program.clone(),
            hint: "install herder anew".into(),
        };
        let mut program = program::find(&self.program, path).ok_or_else(missing)?;
        program.version.get_or_insert_with(|| env!("CARGO_PKG_VERSION").to_owned());
        program.read.extend(self.read.iter().cloned());
        Ok(program)
    }

    fn credential(&self, _lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Credential>, AgentError> {
        Ok(None)
    }

    fn launch(&self, invocation: &Invocation<'_>) -> Result<Launch, AgentError> {
        let path = invocation.env.get("PATH").map(String::as_str).unwrap_or_default();
        let program = self.find(OsStr::new(path))?;
        let mut env = environment(invocation);
        env.extend(self.env.clone());
        env.insert("HERDER_MODEL".into(), invocation.model.into());
        env.insert("HERDER_REASONING".into(), invocation.reasoning.as_str().into());
        let mut write = Vec::new();
        if let Some(place) = invocation.place {
            env.insert(PLACE_DIR.into(), place.dir.to_string_lossy().into_owned());
            env.insert(GOAL_KEY.into(), place.key.into());
            write.push(place.dir.to_path_buf());
        }
        Ok(Launch {
            program: program.path,
            args: self.args.clone(),
            env,
            first_input: wire::input_line(invocation.prompt),
            input: Input::KeepOpen,
            read: program.read,
            write,
        })
    }

    fn session(&self, invocation: &Invocation<'_>) -> Box<dyn Session> {
        Box::new(session::ReplaySession::new(invocation.expected, invocation.model))
    }

    fn answers_by_schema(&self) -> bool {
        true
    }

    fn summarizer(&self) -> Option<&str> {
        None
    }
}
