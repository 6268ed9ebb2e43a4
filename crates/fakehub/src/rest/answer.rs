//! What is answered, before it is written to a connection.

use serde_json::Value;

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum Body {
    /// None.
    Empty,
    /// JSON.
    Json(Value),
    /// Text.
    Text(String),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Body,
    /// Headers beyond those that every answer has.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(body: Value) -> Answer {
        Answer { status: 200, body: Body::Json(body), headers: Vec::new() }
    }

    /// 201 with this body.
    pub fn created(body: Value) -> Answer {
        Answer { status: 201, ..Answer::ok(body) }
    }

    /// 202 with this body.
    pub fn accepted(body: Value) -> Answer {
        Answer { status: 202, ..Answer::ok(body) }
    }

    /// 204.
    pub fn nothing() -> Answer {
        Answer { status: 204, body: Body::Empty, headers: Vec::new() }
    }

    /// The body as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::Empty => Vec::new(),
            Body::Json(value) => value.to_string().into_bytes(),
            Body::Text(text) => text.clone().into_bytes(),
        }
    }
}
