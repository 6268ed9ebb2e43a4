//! What a running agent's bytes mean: events while it runs, an ending when it is over.

use std::fmt;
use std::time::Duration;

use herder_domain::agent::Answer;
use herder_domain::ledger::Spend;
use jiff::Timestamp;

use crate::context::ContextUse;
use crate::lines::Line;

/// How often an invalid answer is corrected in the same session before the session counts as invalid.
pub const MAX_CORRECTIONS: u32 = 3;

/// The decoder of one process of an agent. All times are durations since the process was started, read
/// from a monotonic clock by the caller.
pub trait Session: Send {
    /// Takes one line of the standard output and says what happened.
    fn line(&mut self, line: Line<'_>, at: Duration) -> Vec<AgentEvent>;

    /// To be called after every [`AgentEvent::TurnEnded`] (an agent whose input is closed at once has none,
    /// its answer is complete when it exits): what to write to the standard input to have an
    /// invalid answer corrected in the same session, or nothing: then close the standard input. At most
    /// [`MAX_CORRECTIONS`] times something.
    fn correction(&mut self, at: Duration) -> Option<Vec<u8>>;

    /// What it is doing, as far as its events tell. The clock of silence stands still in tools and waits.
    fn activity(&self) -> Activity;

    /// What it has spent until now. Before the end tokens are a lower bound, and the cost is unknown while
    /// a turn is under way. After [`Session::end`] this is the final account.
    fn spend(&self, at: Duration) -> Spend;

    /// How full the model's context was at its fullest, as far as the stream tells. Helpers that have a
    /// context of their own do not count.
    fn context(&self) -> Option<ContextUse> {
        None
    }

    /// What the last tool call that ended said, where it failed; at most [`DETAIL_LIMIT`] bytes.
    fn tool_error(&self) -> Option<&str> {
        None
    }

    /// Takes the end of the process and says how the invocation ended. Judged by exit status and typed
    /// fields of the stream only, never by what the agent or its tools wrote. `stderr_tail` is shown to
    /// people and decides nothing.
    fn end(&mut self, exit: Exit, stderr_tail: &str, at: Duration) -> Ending;
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with a code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

impl Exit {
    /// Whether it was asked to stop: by SIGHUP, SIGINT or SIGTERM, or by exiting as shells report those.
    pub fn is_stop(self) -> bool {
        match self {
            Self::Code(code) => matches!(code, 129 | 130 | 143),
            Self::Signal(signal) => matches!(signal, 1 | 2 | 15),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// Something that an agent's stream told of, in words common to all agents.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentEvent {
    /// The agent is up and begins with its task.
    Started {
        /// The agent's own id of the session.
        session: Option<String>,
        /// The model that it says it uses; an alias is resolved here.
        model: Option<String>,
        /// The agent's version.
        version: Option<String>,
    },
    /// The model wrote to its reader.
    Text(String),
    /// The model thought aloud.
    Thought(String),
    /// A tool was called.
    ToolStarted {
        /// The call's id.
        id: String,
        /// The tool's name.
        name: String,
        /// The most telling part of its input, one short line.
        summary: String,
    },
    /// A tool call is over.
    ToolEnded {
        /// The call's id.
        id: String,
        /// Whether it failed.
        is_error: bool,
    },
    /// A tool call was refused by the agent's own permissions.
    ToolDenied {
        /// The tool's name.
        name: String,
    },
    /// The agent announced that it waits before it tries again.
    Waiting {
        /// How long.
        wait: Duration,
        /// Why, a word or two of the agent's.
        why: String,
    },
    /// The account's usage window was reported.
    LimitReported {
        /// Whether requests are still served.
        state: LimitState,
        /// Which window, for example `five_hour`.
        window: String,
        /// The used share, 1.0 is all.
        used: Option<f64>,
        /// When the window begins anew.
        resets_at: Option<Timestamp>,
    },
    /// The answer to an input is complete; [`Session::correction`] says how to go on.
    TurnEnded(Turn),
    /// A line was longer than the limit; what could be told from its beginning was.
    LineCut {
        /// Its length, bytes.
        length: u64,
    },
    /// A line that means nothing to us.
    Ignored {
        /// Its type, shortened.
        kind: String,
    },
}

/// Whether an account's requests are still served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitState {
    /// They are.
    Allowed,
    /// They are, but not for long.
    Warned,
    /// They are not, until the window begins anew.
    Rejected,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// With what was asked for.
    Replied(Reply),
    /// With something else; the sentence says what is wrong with it.
    Invalid(String),
    /// Without an answer; the [`Ending`] will say why.
    Failed,
}

/// What was asked for, see [`crate::Expected`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The structured answer.
    Answer(Answer),
    /// Text.
    Text(String),
}

/// What an agent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It starts up.
    Starting,
    /// Its model thinks or writes.
    Thinking,
    /// At least one tool runs.
    UsingTools {
        /// Since when the oldest of them does.
        since: Duration,
    },
    /// It waits before it tries again.
    Waiting {
        /// Until when, as announced.
        until: Duration,
    },
    /// Its turn is over; it waits for input or its end.
    Idle,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// With a valid structured answer.
    Answered(Answer),
    /// With text, where text was asked for.
    Replied(String),
    /// Without a valid answer, corrections included.
    Invalid {
        /// What was wrong with the last one.
        problem: String,
    },
    /// The account may not ask the model for now: its window is spent, or too many requests were made.
    UsageLimit {
        /// When it is lifted, where the agent said so.
        resets_at: Option<Timestamp>,
    },
    /// The provider is overloaded or broken.
    Overloaded {
        /// What was said.
        detail: String,
    },
    /// The provider cannot be reached.
    Unreachable {
        /// What was said.
        detail: String,
    },
    /// The account is of no use until a person acts: the login was rejected, or there is no credit.
    LoginFailed {
        /// What to do.
        hint: String,
    },
    /// The agent's own permissions refused tools, and it gave no answer.
    PermissionDenied {
        /// Which tools.
        tools: Vec<String>,
    },
    /// The money for this invocation is spent.
    BudgetSpent,
    /// The agent's own cap on turns is reached.
    TurnsSpent,
    /// The provider does not have the model.
    ModelRefused {
        /// The model.
        model: String,
    },
    /// The conversation no longer fits the model's context.
    ContextFull,
    /// The agent failed.
    Crashed {
        /// What is known.
        detail: String,
    },
    /// Someone stopped it.
    Aborted,
}

impl Ending {
    /// The one word for the ledger. For an answer it is the answer's status.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Answered(answer) => answer.status.as_str(),
            Self::Replied(_) => "replied",
            Self::Invalid { .. } => "invalid",
            Self::UsageLimit { .. } => "usage_limit",
            Self::Overloaded { .. } => "overloaded",
            Self::Unreachable { .. } => "unreachable",
            Self::LoginFailed { .. } => "login_failed",
            Self::PermissionDenied { .. } => "permission_denied",
            Self::BudgetSpent => "budget",
            Self::TurnsSpent => "max_turns",
            Self::ModelRefused { .. } => "model_refused",
            Self::ContextFull => "context_full",
            Self::Crashed { .. } => "crashed",
            Self::Aborted => "aborted",
        }
    }
}

/// A process that ended without a verdict of its own, as an ending.
pub(crate) fn without_verdict(exit: Exit, stderr_tail: &str) -> Ending {
    if exit.is_stop() {
        return Ending::Aborted;
    }
    let said = stderr_tail.trim();
    let detail = if said.is_empty() {
        format!("ended by {exit} without a result")
    } else {
        format!("ended by {exit}: {}", tail(said, DETAIL_LIMIT))
    };
    Ending::Crashed { detail }
}

/// The longest detail that an ending carries, bytes.
pub const DETAIL_LIMIT: usize = 2_000;

/// The beginning of a text, at most `limit` bytes, whole characters.
pub(crate) fn head(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// The end of a text, at most `limit` bytes, whole characters.
pub(crate) fn tail(text: &str, limit: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(limit))..]
}
