//! What can be wrong with settings.

use std::io;
use std::path::PathBuf;

use crate::source::{Source, Sourced};

/// Why settings cannot be used. The text fits "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is there and cannot be read, or was named and is not there.
    #[error("read {file}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("read {at}: {message}")]
    Syntax {
        /// File and line.
        at: Source,
        /// What the parser said.
        message: String,
    },
    /// A key that means nothing.
    #[error("read {at}: unknown key `{key}`{}", did_you_mean(near.as_deref()))]
    UnknownKey {
        /// File and line.
        at: Source,
        /// As written, dotted.
        key: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A key that a repository may not set.
    #[error("read {at}: a repository cannot set `{key}`; it belongs in the user's config.toml")]
    NotForRepositories {
        /// File and line.
        at: Source,
        /// The key.
        key: String,
    },
    /// A key that only the repository can set.
    #[error("read {at}: `{key}` can be set by a repository only, in its .ralph/config.toml")]
    NotForUsers {
        /// File and line.
        at: Source,
        /// The key.
        key: String,
    },
    /// A value that does not fit its key.
    #[error("read {at}: `{key}`: {reason}; it takes {takes}")]
    BadValue {
        /// Where it is written.
        at: Source,
        /// The key.
        key: String,
        /// What is wrong.
        reason: String,
        /// What it takes.
        takes: &'static str,
    },
    /// No such agent.
    #[error(
        "use agent `{agent}` ({by}): there is none of that name{}; there are {known}, and [agents.NAME] in config.toml adds one",
        did_you_mean(near.as_deref())
    )]
    UnknownAgent {
        /// As written.
        agent: String,
        /// Who asked for it.
        by: Source,
        /// What may have been meant.
        near: Option<String>,
        /// The names that there are.
        known: String,
    },
    /// An agent of a name of its own says not what it is.
    #[error(
        "use agent `{agent}`: it has no kind; write kind = \"claude\", \"command\" or \"replay\" in [agents.{agent}]"
    )]
    AgentWithoutKind {
        /// Its name.
        agent: String,
    },
    /// A command agent without a command.
    #[error("use agent `{agent}`: it has no program; write program = \"...\" in [agents.{agent}]")]
    AgentWithoutProgram {
        /// Its name.
        agent: String,
    },
    /// A model that the configuration does not allow.
    #[error(
        "use model `{model}` ({by}) with agent `{agent}`: allowed are {allowed}; see models_allowed in [agents.{agent}]"
    )]
    ModelNotAllowed {
        /// As written.
        model: String,
        /// Who asked for it.
        by: Source,
        /// The agent.
        agent: String,
        /// The patterns.
        allowed: String,
    },
    /// More than may be asked for.
    #[error("use {key} = {} ({}): the ceiling is {} ({})", asked.value, asked.source, ceiling.value, ceiling.source)]
    AboveCeiling {
        /// The key.
        key: &'static str,
        /// What was asked for, and by whom.
        asked: Box<Sourced<String>>,
        /// The most, and who set it.
        ceiling: Box<Sourced<String>>,
    },
    /// The agent's credential is not in the environment.
    #[error("log the agent in: {advice}")]
    NoCredential {
        /// What to do.
        advice: String,
    },
    /// The environment names no home.
    #[error("find the directory for clones: set HOME, or root in config.toml")]
    NoHome,
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// The word of `known` that `text` was probably meant to be.
pub(crate) fn nearest<'w>(text: &str, known: impl IntoIterator<Item = &'w str>) -> Option<String> {
    // 0.75 takes a slip in a short word and refuses another word.
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(text, word), word))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word.to_owned())
}
