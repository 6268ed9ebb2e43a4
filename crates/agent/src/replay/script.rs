//! A script: sessions of steps, out of a goal's text.
//!
//! ````text
//! ```replay
//! [{"say": "Looking around."}, {"write": {"path": "a.txt", "text": "1\n"}},
//!  {"answer": {"status": "continue", "summary": "Wrote a.txt."}}]
//! [{"limit": {"resets_in_s": 2}}]
//! [{"run": "cargo test"}, {"usage": {"input": 900, "output": 40}}, {"cost_usd": 0.02},
//!  {"answer": {"status": "done", "summary": "All tests pass."}}]
//! ```
//! ````
//!
//! The block holds one JSON array of sessions, or sessions one after another. A session is an array of
//! steps; a step is an object with one field, or the bare word of a step that needs nothing more.

use herder_domain::agent::Answer;
use herder_domain::ledger::Tokens;
use serde::Deserialize;
use serde_json::Value;

/// The first line of the block.
const FENCE: &str = "```replay";

/// One thing that a scripted agent does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Writes to its reader.
    Say(String),
    /// Thinks.
    Think(Pace),
    /// Uses a tool that does nothing.
    Tool(Tool),
    /// Writes a file; parents are made.
    Write(Text),
    /// Appends to a file; parents are made.
    Append(Text),
    /// Deletes a file.
    Delete {
        /// Its path, relative to the clone.
        path: String,
    },
    /// Runs a command and waits for it; what it leaves in the background stays.
    Run(Program),
    /// The same, with the player's own standard output and error: what stays holds them open.
    RunAttached(Program),
    /// Spends tokens.
    Usage(Spent),
    /// Spends money, US dollars.
    CostUsd(f64),
    /// Reports how full its context is.
    Context(Context),
    /// Announces a wait and waits.
    Wait(Pace),
    /// Ends the turn with a valid answer. Steps behind it are played still.
    Answer(Answer),
    /// Ends the turn with any value as an answer; goes on once it is corrected.
    Invalid(Value),
    /// Ends the session by a usage limit.
    Limit {
        /// When it is lifted, seconds from now; nothing to leave that open.
        #[serde(default)]
        resets_in_s: Option<u32>,
    },
    /// Ends the session: the provider is overloaded.
    Overloaded,
    /// Ends the session: the provider cannot be reached.
    Unreachable,
    /// Ends the session: the login is rejected.
    LoginFailed,
    /// Ends the session: tools were refused.
    PermissionDenied {
        /// Which.
        tools: Vec<String>,
    },
    /// Ends the session: the money is spent.
    BudgetSpent,
    /// Ends the session: the turns are spent.
    TurnsSpent,
    /// Ends the session: there is no such model.
    ModelRefused,
    /// Ends the session: the context is full.
    ContextFull,
    /// Ends the process.
    Crash(Crash),
    /// Does nothing more, until it is killed.
    Hang,
    /// Prints a line that is no event.
    Garbage(String),
    /// Prints an event as long as this.
    LongLine {
        /// Mebibytes.
        mib: u32,
    },
    /// Crashes unless the prompt has this text in it, outside the script.
    Expect(String),
    /// Crashes if the prompt is longer than so many bytes, outside the script.
    ExpectWithin(usize),
}

/// Time that something takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// What is said with it.
    pub text: String,
    /// Played: reported and not waited for, seconds.
    pub seconds: f64,
    /// Passed in fact, milliseconds.
    pub real_ms: u64,
}

/// A tool that does nothing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its input, one line.
    #[serde(default)]
    pub input: String,
    /// Played: reported and not waited for, seconds.
    #[serde(default)]
    pub seconds: f64,
    /// Passed in fact, milliseconds.
    #[serde(default)]
    pub real_ms: u64,
    /// Whether it fails.
    #[serde(default)]
    pub fails: bool,
    /// What it says when it fails.
    #[serde(default)]
    pub error: String,
}

/// How full a context is, tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// What is in it.
    pub used: u64,
    /// What it holds.
    #[serde(default)]
    pub window: Option<u64>,
}

/// Text for a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The file, relative to the clone.
    pub path: String,
    /// The text.
    pub text: String,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Program {
    /// For the shell.
    Shell(String),
    /// A program and its arguments.
    Argv(Vec<String>),
}

/// Tokens; kinds that are left out are nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spent {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_create: u64,
}

impl From<Spent> for Tokens {
    fn from(spent: Spent) -> Self {
        let Spent { input, output, cache_read, cache_create } = spent;
        Self { input, output, cache_read, cache_create }
    }
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crash {
    /// With a code.
    Exit(u8),
    /// By a signal, its number.
    Signal(i32),
}

/// Why there is nothing to play.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// No block.
    #[error("the goal has no script: a block that begins with a line ```replay")]
    Missing,
    /// No end of the block.
    #[error("the script has no end: a line ``` after ```replay")]
    Unclosed,
    /// A block with nothing in it.
    #[error("the script has no session")]
    Empty,
    /// Something that is no session.
    #[error("session {number} of the script cannot be read: {cause}")]
    Session {
        /// Which, from 1.
        number: usize,
        /// Why.
        cause: serde_json::Error,
    },
}

/// The sessions of the first script in a text.
///
/// # Errors
/// [`ScriptError`]: there is none, or it cannot be read.
pub fn of(text: &str) -> Result<Vec<Vec<Step>>, ScriptError> {
    let block = block(text)?;
    let mut sessions = Vec::new();
    for value in serde_json::Deserializer::from_str(&block).into_iter::<Value>() {
        let number = sessions.len() + 1;
        let read = |value| session(value).map_err(|cause| ScriptError::Session { number, cause });
        match value.map_err(|cause| ScriptError::Session { number, cause })? {
            Value::Array(all) if all.iter().all(Value::is_array) => {
                for (index, one) in all.into_iter().enumerate() {
                    let number = number + index;
                    sessions.push(session(one).map_err(|cause| ScriptError::Session { number, cause })?);
                }
            }
            one => sessions.push(read(one)?),
        }
    }
    if sessions.is_empty() { Err(ScriptError::Empty) } else { Ok(sessions) }
}

/// What stands before and behind the first script in a text.
pub fn around(text: &str) -> String {
    let mut is_inside = false;
    let mut was_inside = false;
    let is_around = |line: &&str| {
        let line = line.trim();
        if is_inside {
            is_inside = line != "```";
            return false;
        }
        is_inside = !was_inside && line == FENCE;
        was_inside |= is_inside;
        !is_inside
    };
    text.lines().filter(is_around).flat_map(|line| [line, "\n"]).collect()
}

fn session(value: Value) -> Result<Vec<Step>, serde_json::Error> {
    serde_json::from_value(value)
}

/// The lines between the fences.
fn block(text: &str) -> Result<String, ScriptError> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != FENCE);
    lines.next().ok_or(ScriptError::Missing)?;
    let mut block = String::new();
    for line in lines {
        if line == "```" {
            return Ok(block);
        }
        block.push_str(line);
        block.push('\n');
    }
    Err(ScriptError::Unclosed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_read_as_one_array_or_one_after_another() {
        let one = "before\n```replay\n[[{\"say\":\"a\"},\"hang\"],[\"overloaded\"]]\n```\nafter";
        let many = "```replay\n[{\"say\":\"a\"},\n \"hang\"]\n\n[\"overloaded\"]\n```";
        let expected = vec![vec![Step::Say("a".into()), Step::Hang], vec![Step::Overloaded]];
        assert_eq!(of(one).unwrap(), expected);
        assert_eq!(of(many).unwrap(), expected);
    }

    #[test]
    fn every_step_is_read_as_documented() {
        for step in [
            r#"{"say":"x"}"#,
            r#"{"think":{"text":"hm","seconds":2.5}}"#,
            r#"{"tool":{"name":"Bash","seconds":60,"real_ms":5}}"#,
            r#"{"write":{"path":"a","text":"b"}}"#,
            r#"{"append":{"path":"a","text":"b"}}"#,
            r#"{"delete":{"path":"a"}}"#,
            r#"{"run":"true"}"#,
            r#"{"run":["true","x"]}"#,
            r#"{"run_attached":"sleep 1 &"}"#,
            r#"{"usage":{"input":1,"cache_read":2}}"#,
            r#"{"cost_usd":0.25}"#,
            r#"{"context":{"used":190000,"window":200000}}"#,
            r#"{"tool":{"name":"Bash","fails":true,"error":"no such file"}}"#,
            r#"{"wait":{"seconds":1,"real_ms":1}}"#,
            r#"{"answer":{"status":"needs_review","summary":"x"}}"#,
            r#"{"invalid":{"status":"maybe"}}"#,
            r#"{"limit":{"resets_in_s":2}}"#,
            r#"{"limit":{}}"#,
            r#""overloaded""#,
            r#""unreachable""#,
            r#""login_failed""#,
            r#"{"permission_denied":{"tools":["Bash"]}}"#,
            r#""budget_spent""#,
            r#""turns_spent""#,
            r#""model_refused""#,
            r#""context_full""#,
            r#"{"crash":{"exit":3}}"#,
            r#"{"crash":{"signal":9}}"#,
            r#""hang""#,
            r#"{"garbage":"x"}"#,
            r#"{"long_line":{"mib":12}}"#,
            r#"{"expect":"the gate was red"}"#,
            r#"{"expect_within":60000}"#,
        ] {
            assert!(of(&format!("```replay\n[{step}]\n```")).is_ok(), "{step}");
        }
    }

    #[test]
    fn what_stands_around_a_script_is_told_without_it() {
        let text = "a\n```replay\n[]\n```\nb\n```replay\nc\n```\n";
        assert_eq!(around(text), "a\nb\n```replay\nc\n```\n");
        assert_eq!(around("no script"), "no script\n");
    }

    #[test]
    fn a_wrong_script_says_where() {
        let message = |text: &str| of(text).unwrap_err().to_string();
        assert!(message("no script").contains("```replay"));
        assert!(message("```replay\n[]").contains("no end"));
        assert!(message("```replay\n\n```").contains("no session"));
        assert!(message("```replay\n[\"hang\"]\n[{\"sya\":\"x\"}]\n```").starts_with("session 2"));
        assert!(message("```replay\n[{\"tool\":{\"name\":\"x\",\"secs\":1}}]\n```").contains("secs"));
        assert!(message("```replay\n[\"hang\"\n```").starts_with("session 1"));
    }
}
