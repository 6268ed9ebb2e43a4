//! Telling by an HTTP request with a JSON body, as ntfy takes it (its documentation, "Publish as JSON").

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use ureq::http::Uri;

use crate::error::NotifyError;
use crate::notice::{Level, Notice};

/// How much of a refusal is kept, in bytes.
const REFUSAL_MAX: u64 = 300;

/// A token for the receiver. It is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token in a variable; `env` looks it up.
    pub fn from_env(variable: &str, env: impl Fn(&str) -> Option<OsString>) -> Result<Self, NotifyError> {
        let text = env(variable).and_then(|value| value.into_string().ok()).unwrap_or_default();
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotifyError::NoToken { variable: variable.to_owned() });
        }
        Ok(Self(token.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Where to post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// ntfy's base address (with a topic), or any address that takes JSON.
    pub url: String,
    /// ntfy's topic.
    pub topic: Option<String>,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Token>,
}

#[derive(Serialize)]
struct Body<'n> {
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'n str>,
    title: String,
    message: String,
    tags: [&'static str; 1],
    priority: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<&'n str>,
    key: &'n str,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<&'n str>,
}

impl Post {
    pub(crate) fn send(&self, notice: &Notice, time_limit: Duration) -> Result<(), NotifyError> {
        let body = serde_json::to_vec(&self.body(notice)).map_err(NotifyError::Encode)?;
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(time_limit))
            // A redirected POST arrives as GET, or elsewhere: better an error that shows the status.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("herder")
            .build()
            .new_agent();
        let mut request = agent.post(&self.url).header("Content-Type", "application/json");
        if let Some(Token(token)) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut response = request.send(&body[..]).map_err(|error| self.no_answer(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let said = response.body_mut().with_config().limit(REFUSAL_MAX).lossy_utf8(true).read_to_string();
        let body = said.unwrap_or_default().trim().to_owned();
        Err(NotifyError::Refused { host: self.host(), status: status.as_u16(), body })
    }

    fn body<'n>(&'n self, notice: &'n Notice) -> Body<'n> {
        // Names of emojis and levels from 1 to 5, as ntfy's documentation lists them.
        let (tag, priority) = match notice.level {
            Level::Info => ("white_check_mark", 3),
            Level::Attention => ("warning", 4),
        };
        Body {
            topic: self.topic.as_deref(),
            title: notice.short_title(),
            message: notice.short_message(),
            tags: [tag],
            priority,
            click: notice.url.as_deref(),
            key: &notice.key,
            goal: notice.goal.as_deref(),
        }
    }

    fn host(&self) -> String {
        let host = self.url.parse::<Uri>().ok().and_then(|uri| uri.host().map(ToOwned::to_owned));
        host.unwrap_or_else(|| "an address without a host".to_owned())
    }

    fn no_answer(&self, error: &ureq::Error) -> NotifyError {
        // The error's own text may repeat the address.
        let reason = match error {
            ureq::Error::Timeout(_) => "no answer in time".to_owned(),
            ureq::Error::HostNotFound => "there is no such host".to_owned(),
            ureq::Error::Io(error) => error.to_string(),
            ureq::Error::BadUri(_) => "the address is malformed".to_owned(),
            ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
            _ => "the request failed".to_owned(),
        };
        NotifyError::NoAnswer { host: self.host(), reason }
    }
}
