//! Which address says what. The one table of it: what is routed, and what is described, is made of it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, RawPathParams, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::ask::Ask;
use super::guard::{Guard, guard};
use super::reply::Reply;
use super::route::{Parameter, Route};
use super::trouble::{Kind, Trouble};
use super::{events, goals, link, metrics, now, numbers, openapi, order, runs};
use crate::page::Views;
use crate::site::Site;

const STYLE: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/live.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// The most that an order may say, bytes.
const MOST_SAID: usize = 256 * 1024;

/// What runs are meant, and by what they are told apart.
const QUESTION: &[Parameter] = &[
    Parameter { name: "from", about: "the first day that counts, as 2026-02-03" },
    Parameter { name: "to", about: "the last day that counts" },
    Parameter { name: "by", about: "by what groups are told apart" },
    Parameter {
        name: "repo",
        about: "of this repository; may be given several times, as may all that follow",
    },
    Parameter { name: "story", about: "of this story" },
    Parameter { name: "agent", about: "by this agent" },
    Parameter { name: "model", about: "with this model" },
    Parameter { name: "reasoning", about: "at this level" },
    Parameter { name: "outcome", about: "that ended so" },
    Parameter { name: "host", about: "on this machine" },
    Parameter { name: "size", about: "of this size" },
    Parameter { name: "label", about: "with this label" },
];

const TABLE: Parameter = Parameter { name: "table", about: "trends, periods, groups or outcomes" };
const STATE: Parameter = Parameter { name: "state", about: "in this state" };
const BEFORE: Parameter = Parameter { name: "before", about: "with a lower number than this" };
const REPO: Parameter = Parameter { name: "repo", about: "of this repository, in full" };

const fn page(
    path: &'static str,
    about: &'static str,
    takes: &'static [Parameter],
    answer: fn(&Site, &Ask) -> Result<Reply, Trouble>,
) -> Route {
    Route { path, about, takes, gives: &[], has_ok: false, answer }
}

const fn api(
    path: &'static str,
    about: &'static str,
    takes: &'static [Parameter],
    gives: &'static [&'static str],
    answer: fn(&Site, &Ask) -> Result<Reply, Trouble>,
) -> Route {
    Route { path, about, takes, gives, has_ok: true, answer }
}

/// All addresses that are read.
pub const ROUTES: &[Route] = &[
    page("/", "leads to the first page", &[], now::begin),
    page("/now", "what needs a person, runs and waits", &[], now::now),
    page("/goals/{host}/{owner}/{name}", "a repository's goals", &[STATE, BEFORE], goals::goals),
    page("/goals/{host}/{owner}/{name}/{number}", "a goal", &[], goals::goal),
    page("/runs/{run}", "a run", &[], runs::run),
    page("/runs/{run}/events", "the agent's stream as it came", &[], runs::stream),
    page("/stories", "stories", &[], goals::stories),
    page("/stories/{host}/{owner}/{name}/{number}", "a story", &[], goals::story),
    page("/repositories", "repositories", &[], goals::repos),
    page("/numbers", "what runs cost, how long they take and how they end", QUESTION, numbers::numbers),
    page("/failures", "how runs fail, and which kinds of goals", QUESTION, numbers::failures),
    page("/metrics", "figures for Prometheus", &[], metrics::metrics),
    page("/numbers.csv", "a table of numbers for spreadsheets", &[TABLE], numbers::download),
    api(
        "/api/v1/state",
        "what needs a person, runs and waits",
        &[],
        &["orchestrator", "now"],
        now::api_state,
    ),
    api("/api/v1/goals", "goals, the newest first", &[REPO, STATE, BEFORE], &["items"], goals::api_goals),
    api(
        "/api/v1/goals/{host}/{owner}/{name}/{number}",
        "a goal whole, why it is where it is, and which orders it takes",
        &[],
        &["goal", "why", "orders"],
        goals::api_goal,
    ),
    api("/api/v1/runs", "the runs that are not over", &[], &["items"], runs::api_runs),
    api("/api/v1/runs/{run}", "a run whole", &[], &["run"], runs::api_run),
    api("/api/v1/runs/{run}/log", "the end of a run's log", &[], &["run", "items"], runs::api_log),
    api("/api/v1/runs/{run}/gate", "what the gate said in a run", &[], &["run", "items"], runs::api_gate),
    api("/api/v1/stories", "stories", &[], &["items"], goals::api_stories),
    api("/api/v1/stories/{host}/{owner}/{name}/{number}", "a story", &[], &["story"], goals::api_story),
    api("/api/v1/repositories", "repositories", &[], &["items"], goals::api_repos),
    api(
        "/api/v1/numbers",
        "what runs cost, how long they take and how they end",
        QUESTION,
        &["question", "answer", "reading"],
        numbers::api_numbers,
    ),
    api(
        "/api/v1/stats",
        "the same as `numbers`",
        QUESTION,
        &["question", "answer", "reading"],
        numbers::api_numbers,
    ),
    api(
        "/api/v1/failures",
        "how runs fail, and which kinds of goals",
        QUESTION,
        &["question", "failures", "reading"],
        numbers::api_failures,
    ),
    Route {
        path: "/api/v1/openapi.json",
        about: "this description (OpenAPI 3.1)",
        takes: &[],
        gives: &["openapi", "info", "paths", "components"],
        has_ok: false,
        answer: openapi::openapi,
    },
    api("/api/v1/token", "what an order has to hold", &[], &["token"], order::token),
];

/// Where orders to a goal go: from forms, and as JSON.
pub const ORDERS: [&str; 2] =
    ["/goals/{host}/{owner}/{name}/{number}/orders", "/api/v1/goals/{host}/{owner}/{name}/{number}/orders"];

/// Where changes are told.
pub const EVENTS: &str = "/api/v1/events";

/// All addresses.
pub fn router(site: Arc<Site>, asked: Arc<Guard>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let answer = move |State(site), parts: RawPathParams, Query(parameters)| {
            answered(route, site, parts, parameters)
        };
        router = router.route(route.path, get(answer));
    }
    let [form, json] = ORDERS;
    router
        .route(form, post(order::form))
        .route(json, post(order::json))
        .route(EVENTS, get(events::events))
        .route(link::LINKS, get(link::ask).post(link::obey))
        .route("/assets/style.css", get(|| async { asset("text/css; charset=utf-8", STYLE) }))
        .route("/assets/live.js", get(|| async { asset("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/assets/icon.svg", get(|| async { asset("image/svg+xml", ICON) }))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .layer(DefaultBodyLimit::max(MOST_SAID))
        .with_state(site)
        .layer(axum::middleware::from_fn_with_state(asked, guard))
}

/// Computes an answer beside the threads that answer.
async fn answered(
    route: &'static Route,
    site: Arc<Site>,
    parts: RawPathParams,
    parameters: Vec<(String, String)>,
) -> Response {
    let parts = parts.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let ask = Ask { parts, parameters };
    let views = if site.is_live() { Views::All } else { Views::Numbers };
    let computed = tokio::task::spawn_blocking(move || (route.answer)(&site, &ask)).await;
    let lost = |_| Err(Trouble::new(Kind::Internal, "the answer was lost").hint("ask again"));
    match computed.unwrap_or_else(lost) {
        Ok(reply) => reply.response(views),
        Err(trouble) if route.is_api() => trouble.json(),
        Err(trouble) => trouble.page(),
    }
}

async fn nowhere(request: Request) -> Response {
    let (path, method) = (request.uri().path(), request.method());
    let trouble = Trouble::new(Kind::NotFound, format!("there is nothing to {method} at {path}"));
    if path.starts_with("/api/") { trouble.json() } else { trouble.page() }
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}
