//! Who may ask: the right host name, the token where one is asked for, and what a browser is told about every page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::bind::Token;
use super::link::is_open;
use super::trouble::{Kind, Trouble};

/// Nothing from elsewhere is loaded, nothing inline is run, and nobody frames a page (W3C Content Security Policy 3).
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every answer says.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // With `no-referrer` a browser says `Origin: null` with our own forms too (WHATWG Fetch, "append a request `Origin`").
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What is asked of whoever asks.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The token, where one is asked for.
    pub token: Option<Token>,
    /// Host names beside `localhost` and addresses.
    pub names: Vec<String>,
}

/// Refuses what may not be asked; tells a browser on every answer what a page may do.
pub async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = match guard.objection(request.uri().path(), request.headers()) {
        None => next.run(request).await,
        Some(trouble) => {
            let mut refused = if is_api { trouble.json() } else { trouble.page() };
            if refused.status() == StatusCode::UNAUTHORIZED {
                let ask = HeaderValue::from_static("Basic realm=\"herder\", charset=\"UTF-8\"");
                refused.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
            }
            refused
        }
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Guard {
    fn objection(&self, path: &str, headers: &HeaderMap) -> Option<Trouble> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.is_ours(host) {
            let message = format!("this is not {host:?}: a page of another site may be asking");
            return Some(
                Trouble::new(Kind::Forbidden, message)
                    .hint("use the address that herder printed, or give the name with --host-name"),
            );
        }
        let token = self.token.as_ref().filter(|_| !is_open(path))?;
        let says = headers.get(header::AUTHORIZATION).and_then(|says| says.to_str().ok());
        (!says.is_some_and(|says| is_known(token, says))).then(|| {
            Trouble::new(Kind::Unauthorized, "this address asks for its token")
                .hint("give it as the password, with any name, or as `Authorization: Bearer TOKEN`")
        })
    }

    /// Whether a name leads here for sure. A page of another site can have its own name lead here (DNS rebinding), but
    /// not `localhost`, and an address is no name.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        name.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self.names.iter().any(|ours| ours.eq_ignore_ascii_case(name))
    }
}

/// Whether an `Authorization` header holds the token: as a bearer's, or as the password of anybody.
fn is_known(token: &Token, says: &str) -> bool {
    let Some((scheme, rest)) = says.split_once(' ') else { return false };
    if scheme.eq_ignore_ascii_case("bearer") {
        return token.is(rest.trim());
    }
    let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    scheme.eq_ignore_ascii_case("basic")
        && decoded.is_some_and(|pair| pair.split_once(':').is_some_and(|(_, password)| token.is(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_lead_here_for_sure_are_ours() {
        let guard = Guard { token: None, names: vec!["box.lan".to_owned()] };
        for ours in
            ["localhost:80", "LOCALHOST", "127.0.0.1:1", "[::1]:80", "[::1]", "192.168.0.3", "box.lan:80"]
        {
            assert!(guard.is_ours(ours), "{ours}");
        }
        for other in
            ["", "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example"]
        {
            assert!(!guard.is_ours(other), "{other}");
        }
    }
}
