//! The REST face: addresses, parameters and bodies as GitHub's OpenAPI description has them, and nothing that only a
//! deed should know.

mod answer;
mod app;
mod call;
mod check;
mod comment;
mod commit;
mod git;
mod hook;
mod issue;
mod label;
mod link;
mod meta;
mod permit;
mod pull;
mod repo;
mod review;
mod route;
mod rules;
mod table;

pub use answer::{Answer, Body};
pub use call::Call;
pub use permit::refusal as not_permitted;
pub use route::{Found, decode, find, foreign_routes};

use crate::op::{Ctx, Done, Refusal};
use serde_json::{Value, json};

/// What carries out a request.
pub type Handler = fn(&Call, &mut Ctx<'_>) -> Done<Answer>;

/// A refusal as REST says it.
pub fn refuse(refusal: Refusal) -> Answer {
    let plain = |message: String| json!({ "message": message });
    let (status, mut body) = match refusal {
        Refusal::NotFound => (404, plain("Not Found".to_owned())),
        Refusal::Unauthorized(message) => (401, plain(message)),
        Refusal::Forbidden(message) => (403, plain(message)),
        Refusal::NotAllowed(message) => (405, plain(message)),
        Refusal::Conflict(message) => (409, plain(message)),
        Refusal::Invalid(message, None) => (422, plain(message)),
        Refusal::Invalid(message, Some((text, "custom", resource))) => (
            422,
            json!({ "message": message, "errors": [{ "resource": resource, "code": "custom", "message": text }] }),
        ),
        Refusal::Invalid(message, Some((field, code, resource))) => (
            422,
            json!({ "message": message, "errors": [{ "resource": resource, "field": field, "code": code }] }),
        ),
    };
    body["documentation_url"] = json!("https://docs.github.com/rest");
    body["status"] = Value::String(status.to_string());
    Answer { status, body: Body::Json(body), headers: Vec::new() }
}
