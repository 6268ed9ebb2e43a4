//! Why a person was not told.

use herder_oneshot::OneShotError;

/// Why one way did not tell. The text fits "failed to ..." and holds neither token nor address: some
/// services keep their secret in the address.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The command failed, ran out of time or is not there.
    #[error("notify by command")]
    Command(#[from] OneShotError),
    /// The secret is not where it should be.
    #[error("notify: {place} is not there, or holds no secret of one line")]
    NoSecret {
        /// The variable or the file.
        place: String,
    },
    /// No answer came.
    #[error("notify by post to {host}: {reason}")]
    NoAnswer {
        /// The receiver.
        host: String,
        /// What happened instead.
        reason: String,
    },
    /// The receiver answered that it does not take the message.
    #[error("notify by post to {host}: it answered {status}{}", said(body))]
    Refused {
        /// The receiver.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        body: String,
    },
    /// The message could not be encoded.
    #[error("encode a notice")]
    Encode(#[source] serde_json::Error),
    /// An address of the mail, or the server's, is none.
    #[error("notify by mail: {what}")]
    BadMail {
        /// What is wrong with it.
        what: String,
    },
    /// The server did not take the mail.
    #[error("notify by mail to {host}: {reason}")]
    Mail {
        /// The server.
        host: String,
        /// What it said, or what happened.
        reason: String,
    },
}

fn said(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!(": {body}") }
}
