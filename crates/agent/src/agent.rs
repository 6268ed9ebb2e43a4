//! The contract of an adapter to one coding agent.

use std::ffi::OsStr;
use std::fmt;

use crate::{AgentError, Credential, Invocation, Launch, Program, Session};

/// One coding agent: how to start it and how to understand it.
pub trait Agent: Send + Sync + fmt::Debug {
    /// Its name in the configuration, on the command line and in the ledger.
    fn name(&self) -> &str;

    /// Its program as found on `path`, a list of directories in the form of the variable PATH. What
    /// `doctor` shows; looks at files only.
    ///
    /// # Errors
    /// [`AgentError::ProgramMissing`].
    fn find(&self, path: &OsStr) -> Result<Program, AgentError>;

    /// Its credential out of an environment, or nothing for an agent that needs none.
    ///
    /// # Errors
    /// [`AgentError::NoCredential`] with the names of the variables that would do.
    fn credential(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Credential>, AgentError>;

    /// What to start for an invocation.
    ///
    /// # Errors
    /// [`AgentError::ProgramMissing`].
    fn launch(&self, invocation: &Invocation<'_>) -> Result<Launch, AgentError>;

    /// The decoder for the process that was started for an invocation. One decoder, one process.
    fn session(&self, invocation: &Invocation<'_>) -> Box<dyn Session>;

    /// Whether it has its model answer in the structured form. Any other must be told in the prompt what to
    /// print.
    fn answers_by_schema(&self) -> bool;

    /// The model that folds old progress into a summary cheaply; nothing where it is done without a model.
    fn summarizer(&self) -> Option<&str>;
}
