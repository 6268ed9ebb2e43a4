//! What can keep a ralph from its work. All of it is infrastructure: the goal is not charged.

use herder_agent::AgentError;
use herder_domain::cause::with_causes;
use herder_executor::{DetachError, StartError};
use herder_gate::GateError;
use herder_record::RecordError;
use herder_workspace::WorkspaceError;

impl RalphError {
    /// The whole sentence, with what the system said.
    pub(crate) fn in_full(&self) -> String {
        let text = with_causes(self);
        let is_bare = matches!(self, Self::Record(_) | Self::Workspace(_)) && !text.starts_with("failed to");
        if is_bare { format!("failed to {text}") } else { text }
    }
}

/// Failed to work at a goal.
#[derive(Debug, thiserror::Error)]
pub enum RalphError {
    /// The run directory.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Git.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The agent cannot be used.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The agent cannot be started.
    #[error("failed to {0}")]
    Start(#[from] StartError),
    /// The gate cannot be asked.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The prompt cannot be rendered.
    #[error("failed to render the prompt: {0}")]
    Prompt(#[from] minijinja::Error),
    /// The repository's own prompt cannot be used.
    #[error("the repository's .ralph/prompt.md cannot be used: {place}{reason}", place = place(*line))]
    Layout {
        /// The line, from 1, where it is one line's fault.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// There is no order in the run directory.
    #[error("failed to read what is asked of the run: {path} holds no run.json")]
    NoOrder {
        /// The run directory.
        path: String,
    },
    /// The person's own changes would become part of the work.
    #[error("{checkout} has changes that are not committed; commit or stash them, or say --continue")]
    Dirty {
        /// The checkout.
        checkout: String,
    },
    /// Another ralph works in this checkout.
    #[error("another ralph is at work in {checkout}{run}; wait for it, or work in a clone", run = named(run))]
    Occupied {
        /// The checkout.
        checkout: String,
        /// The run, where it is known here.
        run: Option<String>,
    },
    /// Another ralph works at this run.
    #[error("failed to take the run's lock: another ralph is at work on {run}")]
    Taken {
        /// The run.
        run: String,
    },
    /// There is no commit of this name.
    #[error("there is no commit {name:?} in this repository")]
    NoCommit {
        /// What it was called.
        name: String,
    },
    /// A commit was named where names of commits are an agent's.
    #[error(
        "only the work tree as it lies can be asked about in the clone of a run: its refs are an agent's word"
    )]
    CommitOfAgents,
    /// Somebody did not want to wait for the gate.
    #[error("the gate was called off before it had answered")]
    CalledOff,
    /// A pipe, a thread or a process could not be had.
    #[error("failed to drive the agent")]
    System(#[from] std::io::Error),
    /// Nobody could be told.
    #[error("failed to {0}")]
    Detach(#[from] DetachError),
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}

fn named(run: &Option<String>) -> String {
    run.as_ref().map(|run| format!(" ({run})")).unwrap_or_default()
}
