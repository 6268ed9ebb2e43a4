//! What people order in comments: `/approve`, `/reject reason`, `/retry`, `/cancel`, `/priority N`, `/answer text`.
//!
//! Whatever else a comment says is nobody's order, and never part of a prompt.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::What;
use crate::sight::Rank;

/// An order to herder, as the first line of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Land what waits for a look.
    Approve,
    /// Have it done over; why.
    Reject(String),
    /// Queue a goal again that is stuck.
    Retry,
    /// Close the goal as not planned.
    Cancel,
    /// Say when its turn comes; what stood there, where that is no number.
    Priority(Result<i32, String>),
    /// Answer the question that it waits with.
    Answer(String),
}

impl Command {
    /// Reads a comment. The order stands alone, or first, in its first line; words that follow belong to it.
    pub fn read(comment: &str) -> Option<Self> {
        let text = comment.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        Some(match word {
            "/approve" => Self::Approve,
            "/reject" => Self::Reject(rest.to_owned()),
            "/retry" => Self::Retry,
            "/cancel" => Self::Cancel,
            "/priority" => Self::Priority(rest.parse().map_err(|_| first_line(rest))),
            "/answer" => Self::Answer(rest.to_owned()),
            _ => return None,
        })
    }

    /// The same with other words in place of the person's.
    #[must_use]
    pub fn map_words(self, clean: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Reject(reason) => Self::Reject(clean(&reason)),
            Self::Answer(answer) => Self::Answer(clean(&answer)),
            Self::Priority(Err(text)) => Self::Priority(Err(clean(&text))),
            Self::Approve | Self::Retry | Self::Cancel | Self::Priority(Ok(_)) => self,
        }
    }

    /// What it asks to be recorded.
    ///
    /// # Errors
    /// What is missing, in a sentence.
    pub fn deed(&self) -> Result<What, &'static str> {
        Ok(match self {
            Self::Approve => What::GoalApproved,
            Self::Reject(reason) if reason.is_empty() => {
                return Err("a reason is missing; write `/reject` and what is to be done otherwise");
            }
            Self::Reject(reason) => What::GoalRejected { feedback: reason.clone() },
            Self::Retry => What::GoalRetried,
            Self::Cancel => What::GoalCancelled,
            Self::Priority(Ok(priority)) => What::GoalPrioritized { priority: *priority },
            Self::Priority(Err(_)) => return Err("no whole number; write `/priority 5`"),
            Self::Answer(answer) if answer.is_empty() => {
                return Err("the answer is missing; write `/answer` and what is to be done");
            }
            Self::Answer(answer) => What::GoalAnswered { answer: answer.clone() },
        })
    }
}

impl fmt::Display for Command {
    /// In one line, without the person's words: those are above it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approve => f.write_str("/approve"),
            Self::Reject(_) => f.write_str("/reject"),
            Self::Retry => f.write_str("/retry"),
            Self::Cancel => f.write_str("/cancel"),
            Self::Priority(Ok(priority)) => write!(f, "/priority {priority}"),
            Self::Priority(Err(_)) => f.write_str("/priority"),
            Self::Answer(_) => f.write_str("/answer"),
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// A comment that orders something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The comment's number on the forge; later ones have higher numbers.
    pub id: u64,
    /// Who.
    pub by: String,
    /// Whether that person may order anything.
    pub rank: Rank,
    /// When, by the forge's clock.
    pub at: Timestamp,
    /// What.
    pub command: Command,
}

/// An order that was heard, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The comment's number on the forge.
    pub id: u64,
    /// Who.
    pub by: String,
    /// The order in short.
    pub said: String,
    /// Why it was not followed, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_comments_first_word() {
        let read = |text: &str| Command::read(text).map(|command| command.deed());
        let is = |text: &str, what: What| assert_eq!(read(text), Some(Ok(what)), "{text}");
        is("/approve", What::GoalApproved);
        is("  /approve\r\n", What::GoalApproved);
        is("/reject name it\nbetter", What::GoalRejected { feedback: "name it\nbetter".into() });
        is("/reject\nname it better", What::GoalRejected { feedback: "name it better".into() });
        is("/retry", What::GoalRetried);
        is("/cancel not worth it", What::GoalCancelled);
        is("/priority -3", What::GoalPrioritized { priority: -3 });
        is("/answer the second", What::GoalAnswered { answer: "the second".into() });
    }

    #[test]
    fn what_is_missing_is_said() {
        for text in ["/reject", "/priority", "/priority high", "/priority 5 please", "/answer  "] {
            assert!(matches!(Command::read(text).map(|command| command.deed()), Some(Err(_))), "{text}");
        }
    }

    #[test]
    fn all_else_is_talk() {
        for text in ["", "hello", "please /approve", "/approved", "/merge", "> /approve", "`/approve`", "/"] {
            assert_eq!(Command::read(text), None, "{text}");
        }
    }
}
