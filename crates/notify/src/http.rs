//! Telling by an HTTP request with a JSON body.

use std::time::Duration;

use herder_domain::way::Post;
use ureq::http::Uri;

use crate::error::NotifyError;
use crate::notice::Notice;
use crate::{form, secret};

/// How much of a refusal is kept, in bytes.
const REFUSAL_MAX: u64 = 300;

pub(crate) fn send(post: &Post, notice: &Notice, time_limit: Duration) -> Result<(), NotifyError> {
    let url = secret::address(&post.address)?;
    let body = serde_json::to_vec(&form::body(&post.form, notice)).map_err(NotifyError::Encode)?;
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(time_limit))
        // A redirected POST arrives as GET, or elsewhere: better an error that shows the status.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent("herder")
        .build()
        .new_agent();
    let mut request = agent.post(&url).header("Content-Type", "application/json");
    if let Some(token) = &post.token {
        request = request.header("Authorization", format!("Bearer {}", secret::word(token)?));
    }
    let mut response = request.send(&body[..]).map_err(|error| no_answer(&url, &error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let said = response.body_mut().with_config().limit(REFUSAL_MAX).lossy_utf8(true).read_to_string();
    let body = said.unwrap_or_default().trim().to_owned();
    Err(NotifyError::Refused { host: host(&url), status: status.as_u16(), body })
}

/// The host of an address.
fn host(url: &str) -> String {
    let host = url.parse::<Uri>().ok().and_then(|uri| uri.host().map(ToOwned::to_owned));
    host.unwrap_or_else(|| "an address without a host".to_owned())
}

fn no_answer(url: &str, error: &ureq::Error) -> NotifyError {
    // The error's own text may repeat the address.
    let reason = match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::BadUri(_) => "the address is malformed".to_owned(),
        ureq::Error::ConnectionFailed => "the connection failed".to_owned(),
        _ => "the request failed".to_owned(),
    };
    NotifyError::NoAnswer { host: host(url), reason }
}
