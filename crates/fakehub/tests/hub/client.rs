//! A plain client.

use herder_fakehub::Hub;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

/// Somebody with a token, or without.
#[derive(Clone)]
pub struct Client {
    root: String,
    token: Option<String>,
    agent: Agent,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body of an answer that has to be a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }

    /// The message of a refusal with this status.
    #[track_caller]
    pub fn refused(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["message"].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub fn new(hub: &Hub, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..Client::nobody(hub) }
    }

    pub fn nobody(hub: &Hub) -> Client {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(std::time::Duration::from_secs(60)))
            .build()
            .into();
        Client { root: hub.url(), token: None, agent }
    }

    /// The same client at another place of the server.
    pub fn below(&self, prefix: &str) -> Client {
        Client { root: format!("{}{prefix}", self.root), ..self.clone() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &Value::Null, &[]).expect("an answer")
    }

    pub fn get_unless(&self, path: &str, etag: &str) -> Answer {
        self.ask("GET", path, &Value::Null, &[("if-none-match", etag)]).expect("an answer")
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &body, &[]).expect("an answer")
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, &body, &[]).expect("an answer")
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, &body, &[]).expect("an answer")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &Value::Null, &[]).expect("an answer")
    }

    pub fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.ask("DELETE", path, &body, &[]).expect("an answer")
    }

    /// What came back, where nothing may be what comes.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.root) };
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.header("content-type", "application/json").body(text).expect("a request");
        self.agent.run(request).map_err(|error| error.to_string()).and_then(read)
    }
}

fn read(mut response: Response<Body>) -> Result<Answer, String> {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let (status, headers) = (response.status().as_u16(), headers.collect());
    let text = response.body_mut().read_to_string().map_err(|error| error.to_string())?;
    let body = match text.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(&text).unwrap_or(Value::String(text)),
    };
    Ok(Answer { status, headers, body })
}
