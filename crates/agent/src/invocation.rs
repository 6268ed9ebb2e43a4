//! One process of an agent, before it runs: what is asked of it, and what to start.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use herder_domain::agent::Reasoning;

/// What the caller wants back from an invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// The structured answer `{status, summary}` of an iteration.
    #[default]
    Answer,
    /// Any text, for example a summary of earlier progress.
    Text,
}

/// What one process of an agent is asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// The whole prompt.
    pub prompt: &'a str,
    /// The model's name as the agent takes it.
    pub model: &'a str,
    /// How much it is to think.
    pub reasoning: Reasoning,
    /// What is wanted back.
    pub expected: Expected,
    /// Its home directory.
    pub home: &'a Path,
    /// Its directory for temporary files.
    pub tmpdir: &'a Path,
    /// The most it may spend in this process, US dollars, where the agent can hold to that.
    pub budget_usd: Option<f64>,
    /// Its credential, see [`crate::Agent::credential`].
    pub credential: Option<&'a Credential>,
    /// The allow-listed environment (PATH, LANG, toolchains, caches). Never the caller's own as a whole.
    pub env: &'a BTreeMap<String, String>,
    /// Whether it will run as root inside a sandbox; some agents refuse that unless told.
    pub is_root: bool,
    /// Where an agent that remembers something from one run of a goal to the next may keep it.
    pub place: Option<Place<'a>>,
}

/// A memory of an agent that outlives a run.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The directory, made by the caller and writable for the agent.
    pub dir: &'a Path,
    /// What distinguishes this goal from all others.
    pub key: &'a str,
}

/// A secret by the name of the environment variable that carries it. Its value is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The variable's name.
    pub variable: String,
    /// The secret.
    pub value: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}=...)", self.variable)
    }
}

/// What becomes of the standard input once the first input is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// It stays open: a correction may follow, and closing it tells the agent to end.
    KeepOpen,
    /// It is closed at once: the agent begins when it has read everything.
    CloseAfterFirst,
}

/// What to start. The caller does, in the clone, through a keeper.
#[derive(Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program, resolved: a native binary where the agent has one, never a wrapper around it.
    pub program: PathBuf,
    /// Its arguments, without the program's name.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// What to write to its standard input first. An agent that ends without reading it all is judged by
    /// its end, so a broken pipe here is no error.
    pub first_input: Vec<u8>,
    /// What becomes of the standard input then.
    pub input: Input,
    /// Files and directories of the agent itself that a sandbox must let it read and execute.
    pub read: Vec<PathBuf>,
    /// Directories beside clone, HOME and TMPDIR that a sandbox must let it write.
    pub write: Vec<PathBuf>,
}

impl fmt::Debug for Launch {
    /// Names of variables only: the environment carries the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launch")
            .field("program", &self.program)
            .field("args", &self.args)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

/// The environment that every agent gets: the allow-listed one, its own HOME and TMPDIR, no terminal.
pub(crate) fn environment(invocation: &Invocation<'_>) -> BTreeMap<String, String> {
    let mut env = invocation.env.clone();
    // Only we may say that an agent is in a sandbox.
    env.remove("IS_SANDBOX");
    env.entry("LANG".into()).or_insert_with(|| "C.UTF-8".into());
    let text = |path: &Path| path.to_string_lossy().into_owned();
    env.insert("HOME".into(), text(invocation.home));
    env.insert("TMPDIR".into(), text(invocation.tmpdir));
    env.insert("TERM".into(), "dumb".into());
    if let Some(credential) = invocation.credential {
        env.insert(credential.variable.clone(), credential.value.clone());
    }
    env
}
