//! Which address says what.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use axum::routing::get;
use serde_json::json;

use super::csv;
use super::guard::{Guard, guard};
use super::trouble::{Kind, Trouble};
use crate::book::Book;
use crate::numbers::{Answer, Failures, Question};
use crate::page::{self, Tab};

const STYLE: &str = include_str!("../assets/style.css");
const ICON: &str = include_str!("../assets/icon.svg");

type Parameters = Query<Vec<(String, String)>>;
type Refused = Result<Response, Response>;

/// All addresses.
pub fn router(book: Arc<Book>, asked: Arc<Guard>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/numbers") }))
        .route("/numbers", get(numbers))
        .route("/failures", get(failures))
        .route("/api/v1/failures", get(api_failures))
        .route("/numbers.csv", get(download))
        .route("/api/v1/numbers", get(api_numbers))
        .route("/assets/style.css", get(|| async { asset("text/css; charset=utf-8", STYLE) }))
        .route("/assets/icon.svg", get(|| async { asset("image/svg+xml", ICON) }))
        .fallback(nowhere)
        .with_state(book)
        .layer(axum::middleware::from_fn_with_state(asked, guard))
}

/// The parameters of a question, as they stand in an address.
pub fn query(question: &Question) -> String {
    let pairs = question.parameters();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    pairs.join("&")
}

/// Everything but letters, digits and `-._~` as bytes in hexadecimal (RFC 3986, section 2).
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

async fn nowhere(request: Request) -> Response {
    let trouble = Trouble::new(Kind::NotFound, format!("there is nothing at {}", request.uri().path()));
    if request.uri().path().starts_with("/api/") { trouble.json() } else { trouble.page() }
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}

async fn numbers(State(book): State<Arc<Book>>, Query(parameters): Parameters) -> Refused {
    let question = asked(&parameters).map_err(|trouble| trouble.page())?;
    let html = computed(move || {
        let (columns, reading) = (book.columns(), book.reading());
        let answer = Answer::to(&question, &columns);
        page::page(Tab::Numbers, "Numbers", &page::numbers(&question, &answer, &columns, &reading))
    });
    Ok(Html(html.await.map_err(|trouble| trouble.page())?).into_response())
}

async fn api_numbers(State(book): State<Arc<Book>>, Query(parameters): Parameters) -> Refused {
    let question = asked(&parameters).map_err(|trouble| trouble.json())?;
    let said = computed(move || {
        let reading = book.reading();
        let answer = Answer::to(&question, &book.columns());
        json!({ "ok": true, "question": question, "answer": answer, "reading": reading })
    });
    Ok(Json(said.await.map_err(|trouble| trouble.json())?).into_response())
}

async fn failures(State(book): State<Arc<Book>>, Query(parameters): Parameters) -> Refused {
    let question = asked(&parameters).map_err(|trouble| trouble.page())?;
    let html = computed(move || {
        let (columns, reading) = (book.columns(), book.reading());
        let found = Failures::among(&question, &columns);
        page::page(Tab::Failures, "Failures", &page::failures(&question, &found, &columns, &reading))
    });
    Ok(Html(html.await.map_err(|trouble| trouble.page())?).into_response())
}

async fn api_failures(State(book): State<Arc<Book>>, Query(parameters): Parameters) -> Refused {
    let question = asked(&parameters).map_err(|trouble| trouble.json())?;
    let said = computed(move || {
        let found = Failures::among(&question, &book.columns());
        json!({ "ok": true, "question": question, "failures": found, "reading": book.reading() })
    });
    Ok(Json(said.await.map_err(|trouble| trouble.json())?).into_response())
}

async fn download(State(book): State<Arc<Book>>, Query(parameters): Parameters) -> Refused {
    let (table, parameters): (Vec<_>, Vec<_>) = parameters.into_iter().partition(|(name, _)| name == "table");
    let name = table.first().map(|(_, name)| name.as_str()).unwrap_or_default();
    let table: csv::Table = name.parse().map_err(|trouble: Trouble| trouble.page())?;
    let question = asked(&parameters).map_err(|trouble| trouble.page())?;
    let written = computed(move || table.written(&Answer::to(&question, &book.columns())));
    let text = written.await.and_then(|written| written).map_err(|trouble| trouble.page())?;
    let file = format!("attachment; filename=\"herder-{}.csv\"", table.name());
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, file.as_str())];
    Ok((StatusCode::OK, headers, text).into_response())
}

fn asked(parameters: &[(String, String)]) -> Result<Question, Trouble> {
    Ok(Question::of(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))?)
}

/// Computes beside the threads that answer.
async fn computed<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    let lost = |_| Trouble::new(Kind::Internal, "the answer was lost").hint("ask again");
    tokio::task::spawn_blocking(compute).await.map_err(lost)
}
