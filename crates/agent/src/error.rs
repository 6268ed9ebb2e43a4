//! What can be wrong before an agent runs.

use std::path::PathBuf;

/// Why an agent cannot be started. Each text ends in what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No agent has this name.
    #[error("no agent is called {name:?}; known are {}", known.join(", "))]
    UnknownAgent {
        /// The name that was asked for.
        name: String,
        /// The names that would have been right.
        known: Vec<String>,
    },
    /// Two entries of the configuration claim one name.
    #[error("two agents are called {name:?}; rename one in the configuration")]
    DuplicateAgent {
        /// The name.
        name: String,
    },
    /// An entry of the configuration names no program to run.
    #[error("agent {name:?} has no command; give it one, for example command = [\"my-agent\"]")]
    NoCommand {
        /// The agent.
        name: String,
    },
    /// The program is not on PATH, or not at the configured place.
    #[error("{program:?} for agent {agent:?} is not installed or not on PATH; {hint}")]
    ProgramMissing {
        /// The agent.
        agent: String,
        /// What was looked for.
        program: PathBuf,
        /// How to get it.
        hint: String,
    },
    /// No credential is in the environment.
    #[error(
        "agent {agent:?} has no credential: set {} (claude setup-token makes a token for unattended use)",
        variables.join(" or ")
    )]
    NoCredential {
        /// The agent.
        agent: String,
        /// The environment variables that were looked for, in this order.
        variables: Vec<String>,
    },
}
