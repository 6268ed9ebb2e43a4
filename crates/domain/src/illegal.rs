//! The one error of every state machine.

/// An event that a machine refuses in its present state. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{machine} that is {state} cannot be {event}")]
pub struct IllegalEvent {
    /// With its article, for example `a goal`.
    pub machine: &'static str,
    /// A participle, for example `done`.
    pub state: &'static str,
    /// A participle, for example `approved`.
    pub event: &'static str,
}
