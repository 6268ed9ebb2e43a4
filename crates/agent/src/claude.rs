//! Claude Code, driven by its stream of JSON lines in both directions. Observed with version 2.1.330.
//!
//! One process stays for one iteration: the prompt is the first line of its standard input, a correction
//! another, and the end of its input ends it. Sessions are never resumed.

mod account;
mod classify;
mod session;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use herder_domain::agent::Reasoning;
use serde_json::json;

use crate::invocation::environment;
use crate::program::{self, Program};
use crate::registry::Entry;
use crate::{Agent, AgentError, Credential, Expected, Input, Invocation, Launch, Session, answer};

/// The variables that carry a credential, in the order in which Claude Code itself prefers them.
const CREDENTIALS: [&str; 2] = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"];

/// What keeps it to its task: no reports, no updates, nothing that outlives the session or waits for a
/// later time, and no memory of earlier iterations.
const SWITCHES: [&str; 6] = [
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "DISABLE_TELEMETRY",
    "DISABLE_AUTOUPDATER",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS",
    "CLAUDE_CODE_DISABLE_CRON",
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY",
];

/// The cheap model that folds progress.
const SUMMARIZER: &str = "haiku";

/// Claude Code.
#[derive(Debug)]
pub struct Claude {
    name: String,
    program: PathBuf,
    leading: Vec<String>,
    credential: Option<String>,
    base_url: Option<String>,
    summarizer: String,
    env: BTreeMap<String, String>,
    read: Vec<PathBuf>,
}

impl Claude {
    /// Claude Code as configured.
    pub fn new(entry: Entry) -> Self {
        let mut command = entry.command.into_iter();
        Self {
            name: entry.name,
            program: command.next().unwrap_or_else(|| "claude".into()).into(),
            leading: command.collect(),
            credential: entry.credential,
            base_url: entry.base_url,
            summarizer: entry.summarizer.unwrap_or_else(|| SUMMARIZER.into()),
            env: entry.env,
            read: entry.read,
        }
    }

    fn arguments(&self, invocation: &Invocation<'_>) -> Vec<String> {
        let mut args = self.leading.clone();
        let mut add = |words: &[&str]| args.extend(words.iter().map(|word| (*word).to_owned()));
        add(&["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);
        add(&["--no-session-persistence", "--permission-mode", "bypassPermissions"]);
        add(&["--model", invocation.model]);
        if let Some(effort) = effort(invocation.reasoning) {
            add(&["--effort", effort]);
        }
        if let Some(usd) = invocation.budget_usd {
            add(&["--max-budget-usd", &usd.to_string()]);
        }
        if invocation.expected == Expected::Answer {
            add(&["--json-schema", &answer::schema().to_string()]);
        }
        args
    }

    fn environment(&self, invocation: &Invocation<'_>) -> BTreeMap<String, String> {
        let mut env = environment(invocation);
        env.extend(self.env.clone());
        env.extend(SWITCHES.map(|name| (name.to_owned(), "1".to_owned())));
        if let Some(url) = &self.base_url {
            env.insert("ANTHROPIC_BASE_URL".into(), url.clone());
        }
        if invocation.reasoning == Reasoning::None {
            env.insert("CLAUDE_CODE_DISABLE_THINKING".into(), "1".into());
        }
        if invocation.is_root {
            // As root it refuses to work without asking unless it is told of the sandbox around it.
            env.insert("IS_SANDBOX".into(), "1".into());
        }
        env
    }
}

impl Agent for Claude {
    fn name(&self) -> &str {
        &self.name
    }

    fn find(&self, path: &OsStr) -> Result<Program, AgentError> {
        let found = program::find(&self.program, path).ok_or_else(|| AgentError::ProgramMissing {
            agent: self.name.clone(),
            program: self.program.clone(),
            hint: "install it with npm install -g @anthropic-ai/claude-code".into(),
        })?;
        let mut program = native(&found).map_or_else(|| found.clone(), program::describe);
        program.read.extend(self.read.iter().cloned());
        Ok(program)
    }

    fn credential(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Credential>, AgentError> {
        let variables: Vec<&str> = match &self.credential {
            Some(name) => vec![name.as_str()],
            None => CREDENTIALS.to_vec(),
        };
        let found = variables.iter().find_map(|name| {
            let value = lookup(name).filter(|value| !value.trim().is_empty())?;
            Some(Credential { variable: (*name).to_owned(), value })
        });
        found.map(Some).ok_or_else(|| AgentError::NoCredential {
            agent: self.name.clone(),
            variables: variables.into_iter().map(str::to_owned).collect(),
        })
    }

    fn launch(&self, invocation: &Invocation<'_>) -> Result<Launch, AgentError> {
        let path = invocation.env.get("PATH").map(String::as_str).unwrap_or_default();
        let program = self.find(OsStr::new(path))?;
        Ok(Launch {
            program: program.path,
            args: self.arguments(invocation),
            env: self.environment(invocation),
            first_input: user_line(invocation.prompt),
            input: Input::KeepOpen,
            read: program.read,
            write: Vec::new(),
        })
    }

    fn session(&self, invocation: &Invocation<'_>) -> Box<dyn Session> {
        Box::new(session::ClaudeSession::new(invocation.expected, invocation.model))
    }

    fn answers_by_schema(&self) -> bool {
        true
    }

    fn summarizer(&self) -> Option<&str> {
        Some(&self.summarizer)
    }
}

/// Its word for a level of reasoning; `none` has no word but a switch.
fn effort(reasoning: Reasoning) -> Option<&'static str> {
    match reasoning {
        Reasoning::None => None,
        Reasoning::Low => Some("low"),
        Reasoning::Med => Some("medium"),
        Reasoning::High => Some("high"),
    }
}

/// One message to the agent, as a line of its standard input.
fn user_line(text: &str) -> Vec<u8> {
    let content = json!([{"type": "text", "text": text}]);
    let message = json!({"type": "user", "message": {"role": "user", "content": content}});
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

/// The native binary behind an npm wrapper, from the package for this kind of machine beside it. A wrapper
/// would stay between us and the agent, and signals would end the wrapper only.
fn native(found: &Program) -> Option<PathBuf> {
    if program::is_native(&found.path) {
        return None;
    }
    let package = program::package_of(&found.path)?;
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    ["", "-musl"].iter().find_map(|libc| {
        let name = format!("claude-code-linux-{machine}{libc}/claude");
        let places = [package.join("node_modules/@anthropic-ai"), package.parent()?.to_path_buf()];
        places.iter().find_map(|place: &PathBuf| program::executable(&Path::new(place).join(&name)))
    })
}
