//! What a scripted model says, and how it fails to.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http::Latch;

/// Name of the tool with which Claude Code takes the answer to `--json-schema` (seen in 2.1.330).
pub const STRUCTURED_OUTPUT: &str = "StructuredOutput";

/// Token counts of one answer, as the `usage` object of the Messages API names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Input tokens that no cache served.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
    /// Input tokens read from the prompt cache.
    pub cache_read: u64,
    /// Input tokens written to the prompt cache.
    pub cache_create: u64,
}

impl std::ops::Add for Tokens {
    type Output = Tokens;

    fn add(self, other: Tokens) -> Tokens {
        Tokens {
            input: self.input + other.input,
            output: self.output + other.output,
            cache_read: self.cache_read + other.cache_read,
            cache_create: self.cache_create + other.cache_create,
        }
    }
}

impl std::iter::Sum for Tokens {
    fn sum<I: Iterator<Item = Tokens>>(all: I) -> Tokens {
        all.fold(Tokens::default(), |sum, one| sum + one)
    }
}

/// One content block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Plain text.
    Text(String),
    /// Visible thinking.
    Thinking(String),
    /// A tool call. `{cwd}` in any string of the input becomes the agent's working directory.
    Tool {
        /// The tool's name.
        name: String,
        /// Its arguments.
        input: Value,
    },
}

/// How a request is refused instead of answered. Error types are those of the Messages API's error page.
///
/// Claude Code 2.1.330 tries again after 0.5 s, 1 s, 2 s, ... up to 10 times (CLAUDE_CODE_MAX_RETRIES), each with an
/// event `system/api_retry`, where a variant does not say otherwise; every attempt takes a step of the script.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// 429 `rate_limit_error` with `retry-after` in whole seconds: too many requests a minute. Tried again after
    /// that time when it is short; with an hour in it the client gives up at once.
    RateLimited(Duration),
    /// 429 of a subscription's spent usage window, which opens again at this time. Given up at once with an event
    /// `rate_limit_event`, but only for CLAUDE_CODE_OAUTH_TOKEN; with an API key it is a plain 429.
    UsageLimit(Timestamp),
    /// 529 `overloaded_error`.
    Overloaded,
    /// 500 `api_error`.
    ServerError,
    /// 401 `authentication_error`. Tried again like the others.
    Unauthorized,
    /// 400 that says the credit balance is too low. Given up at once.
    CreditTooLow,
    /// 400 that says the prompt is too long. Given up at once.
    PromptTooLong,
    /// The connection is closed without a response.
    HangUp,
}

/// One step of a script: an answer with its tempo, or a fault.
#[derive(Clone)]
pub struct Reply {
    pub(crate) blocks: Vec<Block>,
    pub(crate) tokens: Tokens,
    pub(crate) fault: Option<Fault>,
    pub(crate) before: Duration,
    pub(crate) between: Duration,
    pub(crate) cut_after: Option<usize>,
    pub(crate) last_error: Option<Fault>,
    pub(crate) latch: Option<Arc<Latch>>,
}

impl Reply {
    /// Says text and ends its turn.
    pub fn text(text: &str) -> Reply {
        Reply::of(Block::Text(text.to_owned()))
    }

    /// Calls one tool.
    pub fn tool(name: &str, input: Value) -> Reply {
        Reply::of(Block::Tool { name: name.to_owned(), input })
    }

    /// Writes a file, relative to the working directory, with Claude Code's tool `Write`.
    pub fn write(path: &str, contents: &str) -> Reply {
        Reply::tool("Write", json!({"file_path": format!("{{cwd}}/{path}"), "content": contents}))
    }

    /// Runs a command with Claude Code's tool `Bash`.
    pub fn bash(command: &str) -> Reply {
        Reply::tool("Bash", json!({"command": command, "description": "Scripted command"}))
    }

    /// Gives the structured answer that the loop asks for.
    pub fn answer(status: &str, summary: &str) -> Reply {
        Reply::structured(json!({"status": status, "summary": summary}))
    }

    /// Gives any structured answer, valid for the schema or not.
    pub fn structured(answer: Value) -> Reply {
        Reply::tool(STRUCTURED_OUTPUT, answer)
    }

    /// Refuses the request. A client that tries again gets the script's next step.
    pub fn fault(fault: Fault) -> Reply {
        Reply { fault: Some(fault), ..Reply::empty() }
    }

    /// Adds text to the same answer.
    pub fn and_text(mut self, text: &str) -> Reply {
        self.blocks.push(Block::Text(text.to_owned()));
        self
    }

    /// Adds a tool call to the same answer: several run before the next request.
    pub fn and_tool(mut self, name: &str, input: Value) -> Reply {
        self.blocks.push(Block::Tool { name: name.to_owned(), input });
        self
    }

    /// Thinks first.
    pub fn thinking(mut self, thought: &str) -> Reply {
        self.blocks.insert(0, Block::Thinking(thought.to_owned()));
        self
    }

    /// The usage that this answer reports; by default 100 in, 20 out and nothing cached.
    pub fn tokens(mut self, tokens: Tokens) -> Reply {
        self.tokens = tokens;
        self
    }

    /// Waits before the first byte.
    pub fn after(mut self, delay: Duration) -> Reply {
        self.before = delay;
        self
    }

    /// Waits between the events of the stream.
    pub fn slowly(mut self, delay: Duration) -> Reply {
        self.between = delay;
        self
    }

    /// Cuts the connection after this many events of the stream (the first is `message_start`, the second
    /// `ping`), or before any byte when the client did not ask for a stream. Claude Code 2.1.330 believes nothing
    /// of a cut answer, neither whole blocks nor its usage, and asks again.
    pub fn cut_after(mut self, events: usize) -> Reply {
        self.cut_after = Some(events);
        self
    }

    /// Ends the stream after this many events with an event `error`: the service sends status 200 and begins, and
    /// then is overloaded. Claude Code 2.1.330 keeps the blocks that were whole, counts the usage of the first event
    /// for them (the record here counts nothing) and goes on from there.
    pub fn error_after(mut self, events: usize, fault: Fault) -> Reply {
        self.last_error = Some(fault);
        self.cut_after(events)
    }

    /// Waits before the first byte until the test opens `latch`.
    pub fn held_by(mut self, latch: &Arc<Latch>) -> Reply {
        self.latch = Some(latch.clone());
        self
    }

    /// This step `count` times over.
    pub fn times(self, count: usize) -> Vec<Reply> {
        vec![self; count]
    }

    pub(crate) fn calls_a_tool(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Tool { .. }))
    }

    fn of(block: Block) -> Reply {
        Reply { blocks: vec![block], ..Reply::empty() }
    }

    fn empty() -> Reply {
        Reply {
            blocks: Vec::new(),
            tokens: Tokens { input: 100, output: 20, cache_read: 0, cache_create: 0 },
            fault: None,
            before: Duration::ZERO,
            between: Duration::ZERO,
            cut_after: None,
            last_error: None,
            latch: None,
        }
    }
}
