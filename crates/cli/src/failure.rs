//! Why a command failed: the kind decides the exit code, the message says what happened, hints say what
//! to do about it.

use std::error::Error;

use herder_config::ConfigError;
pub use herder_domain::cause::with_causes as chain;
use herder_domain::goal::BadGoalText;
use herder_orchestrator::PenError;
use herder_record::RecordError;
use herder_store::{AppendError, Missing, OpenError, ReviseError, StoreError};
use herder_watch::WatchError;
use herder_workspace::WorkspaceError;
use serde::Serialize;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A run ended without its goal being met.
    Unfinished,
    /// What was typed or written cannot be understood.
    Usage,
    /// There is nothing of that name.
    NotFound,
    /// Its state forbids it.
    Refused,
    /// The configuration says something that cannot be.
    Config,
    /// Files, disk, git, permissions, the agent's program.
    Environment,
    /// Another orchestrator is at work.
    Busy,
    /// An error of herder.
    Internal,
}

impl Kind {
    /// All kinds, in the order of their exit codes.
    pub const ALL: [Self; 8] = [
        Self::Unfinished,
        Self::Usage,
        Self::NotFound,
        Self::Refused,
        Self::Config,
        Self::Environment,
        Self::Busy,
        Self::Internal,
    ];

    /// Its word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Config => "config",
            Self::Environment => "environment",
            Self::Busy => "busy",
            Self::Internal => "internal",
        }
    }

    /// What it says, one sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Unfinished => "A run ended without its goal being met.",
            Self::Usage => "What was typed or written cannot be understood.",
            Self::NotFound => "There is nothing of that name.",
            Self::Refused => "Its state forbids it.",
            Self::Config => "The configuration says something that cannot be.",
            Self::Environment => "Files, disk, git, permissions, the agent's program.",
            Self::Busy => "Another orchestrator is at work.",
            Self::Internal => "An error of herder.",
        }
    }

    /// The exit code. 70 is EX_SOFTWARE of sysexits.h.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Unfinished => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Config => 5,
            Self::Environment => 6,
            Self::Busy => 7,
            Self::Internal => 70,
        }
    }
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: Kind,
    /// One sentence without a full stop.
    pub message: String,
    /// What to do about it, each a sentence.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure without a hint yet.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// What was typed or written cannot be understood.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// There is nothing of that name.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// Its state forbids it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// Something around herder.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(Kind::Environment, message)
    }

    /// An operation that failed, with all that is known of why; the error's text fits "failed to ...".
    pub fn of(kind: Kind, error: &dyn Error) -> Self {
        Self::new(kind, format!("failed to {}", chain(error)))
    }

    /// The same with one more hint; an empty one is none.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.extend(Some(hint.into()).filter(|hint| !hint.is_empty()));
        self
    }

    /// The same with what it is about in front.
    #[must_use]
    pub fn about(mut self, subject: impl std::fmt::Display) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(kind_of(&error), format!("failed to use the database: {error}")).hint(error.hint())
    }
}

fn kind_of(error: &StoreError) -> Kind {
    match error {
        StoreError::Restless { .. } | StoreError::Refused(_) => Kind::Internal,
        StoreError::NotMade(_)
        | StoreError::NotOpened(_)
        | StoreError::NotADatabase
        | StoreError::Foreign { .. }
        | StoreError::Newer { .. }
        | StoreError::Damaged(_)
        | StoreError::Unreadable(_)
        | StoreError::ReadOnly
        | StoreError::DiskFull
        | StoreError::Disk(_)
        | StoreError::Busy
        | StoreError::NoWriteAheadLog { .. } => Kind::Environment,
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(kind_of(&error.reason), format!("failed to {error}")).hint(error.hint())
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Illegal(illegal) => Self::refused(illegal.to_string()),
            AppendError::Unknown(Missing::Number(repo)) => {
                Self::refused(format!("goals and stories of {} are issues of {}", repo.short(), repo.host()))
                    .hint(format!("write one at https://{repo}/issues/new, with the label goal or story"))
            }
            AppendError::Unknown(missing) => Self::not_found(format!("{missing} does not exist")),
            AppendError::Store(error) => error.into(),
        }
    }
}

impl From<PenError> for Failure {
    fn from(error: PenError) -> Self {
        let hint = match &error {
            PenError::NoForge { .. } => "give it a table [forge.\"HOST\"] in config.toml",
            PenError::Connect(_) => "look at [forge] in config.toml",
            PenError::Refused { .. } => "`herder doctor` says what the token may do there",
            PenError::Unsure { .. } => "say the same again: within ten minutes it finds what was written",
        };
        Self::of(Kind::Environment, &error).hint(hint)
    }
}

impl From<ReviseError> for Failure {
    fn from(error: ReviseError) -> Self {
        match error {
            ReviseError::Append(error) => error.into(),
            ReviseError::Stale(id) => Self::refused(format!("{id} was changed by somebody else meanwhile"))
                .hint("nothing was changed; look at it as it is now, and say again what you want"),
        }
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        let hint = match &error {
            RecordError::NoHome | RecordError::NotWritable { .. } => {
                "RALPH_DIR names the state directory; without it, it is ~/.local/state/ralph"
            }
            RecordError::Io { .. } => "look at the file's owner and mode, and at the room on its disk",
            RecordError::Malformed { .. } => {
                "nothing was changed; move the file away, or bring back an older copy"
            }
            RecordError::Encode { .. }
            | RecordError::AnotherRun { .. }
            | RecordError::AlreadyEnded { .. }
            | RecordError::RowWithoutRun { .. }
            | RecordError::Redaction(_) => "",
        };
        Self::of(Kind::Environment, &error).hint(hint)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::of(Kind::Config, &error).hint("`herder config explain` shows each setting and who said so")
    }
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        let is_token = matches!(error, WorkspaceError::TokenRefused { .. } | WorkspaceError::NoToken { .. });
        let hint = if is_token {
            "give herder a token that may write to the repository: GITHUB_TOKEN, or `gh auth login`"
        } else {
            "`herder doctor` looks at git and all else that herder needs"
        };
        Self::of(Kind::Environment, &error).hint(hint)
    }
}

impl From<WatchError> for Failure {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Record(error) => error.into(),
            WatchError::Write(_) | WatchError::Read { .. } => Self::of(Kind::Environment, &error),
        }
    }
}

impl From<BadGoalText> for Failure {
    fn from(error: BadGoalText) -> Self {
        Self::usage(error.to_string()).hint(error.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_exit_code_of_its_own() {
        let codes: std::collections::BTreeSet<u8> = Kind::ALL.into_iter().map(Kind::exit_code).collect();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert!(!codes.contains(&0));
        for kind in Kind::ALL {
            assert_eq!(serde_json::json!(kind), kind.word());
        }
    }
}
