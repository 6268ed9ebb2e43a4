//! What is answered, in the form that was asked for.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use maud::Markup;
use serde_json::Value;

use crate::page::{self, Tab};

/// An answer.
#[derive(Debug)]
pub enum Reply {
    /// A page.
    Page {
        /// Where it belongs.
        tab: Tab,
        /// What it is called.
        title: String,
        /// What it says.
        body: Markup,
    },
    /// For programs. `ok` is put before it.
    Json(Value),
    /// For programs, in a form that is not ours.
    Whole(Value),
    /// A text of another kind, shown in a browser or, with a name, kept as a file.
    Text {
        /// Its media type.
        kind: &'static str,
        /// The file's name, where it is to be kept.
        file: Option<String>,
        /// The text.
        text: String,
    },
    /// It is elsewhere.
    Elsewhere(String),
}

impl Reply {
    /// A page.
    pub fn page(tab: Tab, title: impl Into<String>, body: Markup) -> Self {
        Self::Page { tab, title: title.into(), body }
    }

    /// The answer as it goes out; `views` are the pages that are offered.
    pub fn response(self, views: page::Views) -> Response {
        match self {
            Self::Page { tab, title, body } => Html(page::page(views, tab, &title, &body)).into_response(),
            Self::Json(mut value) => {
                if let Value::Object(fields) = &mut value {
                    fields.insert("ok".to_owned(), Value::Bool(true));
                }
                Json(value).into_response()
            }
            Self::Whole(value) => Json(value).into_response(),
            Self::Text { kind, file, text } => {
                let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response();
                let kept =
                    file.map(|file| HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")));
                if let Some(Ok(kept)) = kept {
                    response.headers_mut().insert(header::CONTENT_DISPOSITION, kept);
                }
                response
            }
            Self::Elsewhere(address) => Redirect::to(&address).into_response(),
        }
    }
}
