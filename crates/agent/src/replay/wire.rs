//! What the player and its decoder say to each other: JSON lines in both directions.

use herder_domain::ledger::Tokens;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One line of the player's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Played {
    /// The session begins.
    Started {
        /// Which session of the script it is, from 1.
        session: u64,
        /// How many there are.
        of: u64,
        /// The model that was asked for.
        model: String,
        /// The player's version.
        version: String,
    },
    /// Text of the model.
    Text {
        /// The text.
        text: String,
    },
    /// The model thought.
    Thought {
        /// What.
        text: String,
        /// For how long, played seconds.
        seconds: f64,
    },
    /// A tool begins.
    ToolStarted {
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
        /// Its input, one line.
        input: String,
    },
    /// A tool is over.
    ToolEnded {
        /// The call's id.
        id: String,
        /// Whether it failed.
        is_error: bool,
        /// How long it took, played seconds beside those that passed.
        seconds: f64,
        /// What it said, where it failed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        error: String,
    },
    /// The agent waits before it tries again.
    Waiting {
        /// How long, seconds.
        seconds: f64,
        /// Why.
        why: String,
    },
    /// Tokens were spent.
    Usage {
        /// How many.
        tokens: Tokens,
    },
    /// How full the context is.
    Context {
        /// What is in it, tokens.
        used: u64,
        /// What it holds, tokens.
        window: Option<u64>,
    },
    /// Money was spent.
    Cost {
        /// How much, US dollars.
        usd: f64,
    },
    /// The turn is over with this answer.
    Turn {
        /// What should be a structured answer.
        answer: Value,
    },
    /// The turn is over without one.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// Why a turn is over without an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Failure {
    /// A usage limit.
    UsageLimit {
        /// When it is lifted.
        resets_at: Option<Timestamp>,
    },
    /// The provider is overloaded.
    Overloaded,
    /// The provider cannot be reached.
    Unreachable,
    /// The login is rejected.
    LoginFailed,
    /// Permissions are missing.
    PermissionDenied {
        /// For which tools.
        tools: Vec<String>,
    },
    /// The money is spent.
    BudgetSpent,
    /// The turns are spent.
    TurnsSpent,
    /// The model does not exist.
    ModelRefused,
    /// The context is full.
    ContextFull,
}

/// One line of the player's input: the prompt, and later corrections.
pub fn input_line(text: &str) -> Vec<u8> {
    let mut line = json!({"type": "input", "text": text}).to_string().into_bytes();
    line.push(b'\n');
    line
}

/// The text of a line of input.
pub fn input_text(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).ok()?;
    value.get("text")?.as_str().map(str::to_owned)
}
