//! What is written to a connection.

use herder_testkit::http::Responder;
use jiff::Timestamp;
use ring::digest;

use crate::rest::{Answer, Body};

/// An answer, ready to be sent.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// `content-type`; empty for a body that is none.
    pub kind: String,
}

/// Sends it. A client that has gone away is its own affair.
pub fn send(reply: Reply, responder: Responder) {
    let mut headers: Vec<(&str, &str)> =
        reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if !reply.kind.is_empty() {
        headers.push(("content-type", &reply.kind));
    }
    let _ = responder.send(reply.status, &headers, &reply.body);
}

/// `content-type` of a body.
pub fn kind(body: &Body) -> String {
    match body {
        Body::Empty => "",
        Body::Json(_) => "application/json; charset=utf-8",
        Body::Text(_) => "text/plain; charset=utf-8",
    }
    .to_owned()
}

/// A weak tag, as GitHub's are.
pub fn etag(answer: &Answer) -> String {
    let sum = digest::digest(&digest::SHA256, &answer.bytes());
    let hex: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

/// `Date`, as <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7> has it.
pub fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
