//! What went wrong, said once for pages and for programs.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use herder_view::UnknownOrder;
use serde::Serialize;
use serde_json::json;

use crate::numbers::Unasked;
use crate::page;

/// A refusal or a failure: what kind, in a sentence, with advice. The same envelope as the command line's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which kind.
    pub kind: Kind,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hints: Vec<String>,
}

/// The kinds of trouble; their names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The request makes no sense.
    Usage,
    /// There is no such thing.
    NotFound,
    /// Whoever asks may not.
    Forbidden,
    /// Whoever asks has not said who it is.
    Unauthorized,
    /// The state of what is asked for forbids it.
    Refused,
    /// The configuration says something that cannot be.
    Config,
    /// Files, disk, the database.
    Environment,
    /// Another one is at it.
    Busy,
    /// Something here failed.
    Internal,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Usage,
        Self::NotFound,
        Self::Forbidden,
        Self::Unauthorized,
        Self::Refused,
        Self::Config,
        Self::Environment,
        Self::Busy,
        Self::Internal,
    ];

    fn status(self) -> StatusCode {
        match self {
            Self::Usage => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Refused | Self::Busy => StatusCode::CONFLICT,
            Self::Config | Self::Environment | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Trouble {
    /// Trouble of a kind, without advice.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// The same with one more piece of advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A few words above the sentence.
    pub fn title(&self) -> &'static str {
        match self.kind {
            Kind::Usage => "Not understood",
            Kind::NotFound => "Not found",
            Kind::Forbidden => "Refused",
            Kind::Unauthorized => "Who are you?",
            Kind::Refused | Kind::Busy => "Not now",
            Kind::Config | Kind::Environment | Kind::Internal => "Failed",
        }
    }

    /// The answer as a page.
    pub fn page(&self) -> Response {
        (self.kind.status(), Html(page::trouble(self))).into_response()
    }

    /// The answer for programs.
    pub fn json(&self) -> Response {
        let error = json!({ "kind": self.kind, "message": self.message, "hints": self.hints });
        (self.kind.status(), Json(json!({ "ok": false, "error": error }))).into_response()
    }
}

impl From<UnknownOrder> for Trouble {
    fn from(error: UnknownOrder) -> Self {
        Self::new(Kind::Usage, error.to_string())
    }
}

impl From<Unasked> for Trouble {
    fn from(unasked: Unasked) -> Self {
        Self::new(Kind::Usage, unasked.to_string())
    }
}
