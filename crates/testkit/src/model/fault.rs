//! Refusals as the Messages API sends them.

use serde_json::{Value, json};

use super::reply::Fault;
use crate::http::Responder;

/// A response that refuses a request.
pub(super) struct Refusal {
    status: u16,
    kind: &'static str,
    message: String,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// `None` for a fault that is no response at all.
    pub fn of(fault: &Fault) -> Option<Refusal> {
        let refusal = match fault {
            Fault::RateLimited(wait) => Refusal::new(429, "rate_limit_error", "Number of requests exceeded")
                .with("retry-after", wait.as_secs().to_string()),
            Fault::UsageLimit(resets_at) => usage_limit(resets_at.as_second()),
            Fault::Overloaded => Refusal::new(529, "overloaded_error", "Overloaded"),
            Fault::ServerError => Refusal::new(500, "api_error", "Internal server error"),
            Fault::Unauthorized => Refusal::new(401, "authentication_error", "invalid x-api-key"),
            Fault::CreditTooLow => {
                let message = "Your credit balance is too low to access the Anthropic API.";
                Refusal::new(400, "invalid_request_error", message)
            }
            Fault::PromptTooLong => {
                let message = "prompt is too long: 210000 tokens > 200000 maximum";
                Refusal::new(400, "invalid_request_error", message)
            }
            Fault::HangUp => return None,
        };
        Some(refusal)
    }

    /// A request that no script foresaw. A 403, because Claude Code does not try that again, so that a test fails
    /// at once; after a 400 it leaves out newer request fields one by one (seen in 2.1.330: six requests).
    pub fn unforeseen(why: &str) -> Refusal {
        Refusal::new(403, "permission_error", why)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Sends it; a client that has gone away is no error.
    pub fn send(&self, responder: Responder) {
        let body = self.body().to_string();
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let _ = responder.send(self.status, &headers, body.as_bytes());
    }

    /// The same as the data of an event `error`, with which a stream may end that began well.
    pub fn body(&self) -> Value {
        json!({"type": "error", "error": {"type": self.kind, "message": self.message}})
    }

    fn new(status: u16, kind: &'static str, message: &str) -> Refusal {
        Refusal { status, kind, message: message.to_owned(), headers: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: String) -> Refusal {
        self.headers.push((name, value));
        self
    }
}

/// The five-hour window of a subscription is spent. Claude Code 2.1.330 heeds these headers only with
/// CLAUDE_CODE_OAUTH_TOKEN; with an API key it sees a plain 429.
fn usage_limit(resets_at: i64) -> Refusal {
    let reset = resets_at.to_string();
    Refusal::new(429, "rate_limit_error", "This request would exceed your account's rate limit.")
        .with("anthropic-ratelimit-unified-status", "rejected".to_owned())
        .with("anthropic-ratelimit-unified-reset", reset.clone())
        .with("anthropic-ratelimit-unified-representative-claim", "five_hour".to_owned())
        .with("anthropic-ratelimit-unified-5h-status", "rejected".to_owned())
        .with("anthropic-ratelimit-unified-5h-reset", reset)
        .with("anthropic-ratelimit-unified-5h-utilization", "1.0".to_owned())
        .with("anthropic-ratelimit-unified-overage-status", "rejected".to_owned())
        .with("anthropic-ratelimit-unified-overage-disabled-reason", "out_of_credits".to_owned())
}
