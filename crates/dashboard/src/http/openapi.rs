//! The description of the interface for programs (OpenAPI 3.1), made of the table that is routed.

use herder_view::OrderKind;
use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::reply::Reply;
use super::route::{Parameter, Route};
use super::routes::{EVENTS, ORDERS, ROUTES};
use super::trouble::{Kind, Trouble};
use crate::site::Site;

/// The description.
pub fn openapi(_: &Site, _: &Ask) -> Result<Reply, Trouble> {
    Ok(Reply::Whole(description()))
}

fn description() -> Value {
    let mut paths = Map::new();
    for route in ROUTES.iter().filter(|route| route.is_api()) {
        paths.insert(route.path.to_owned(), json!({ "get": reading(route) }));
    }
    let [_, orders] = ORDERS;
    paths.insert(orders.to_owned(), json!({ "post": ordering(orders) }));
    paths.insert(EVENTS.to_owned(), json!({ "get": hearing() }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "herder",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What herder does, and what a person may want of it. What is refused is the object `Trouble`.",
        },
        "paths": paths,
        "components": { "schemas": { "Trouble": trouble() } },
    })
}

fn reading(route: &Route) -> Value {
    let given = route.gives.iter().map(|name| ((*name).to_owned(), json!({})));
    let mut properties: Map<String, Value> = given.collect();
    let mut required: Vec<&str> = route.gives.to_vec();
    if route.has_ok {
        properties.insert("ok".to_owned(), json!({ "const": true }));
        required.push("ok");
    }
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let parameters: Vec<Value> = parts(route.path).into_iter().chain(route.takes.iter().map(asked)).collect();
    json!({
        "summary": route.about,
        "parameters": parameters,
        "responses": answers(&json!({ "application/json": { "schema": schema } })),
    })
}

/// The parts of a path that have names.
fn parts(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let one = |name: &str| {
        let schema = match name {
            "number" => json!({ "type": "integer", "minimum": 1 }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    };
    names.map(one).collect()
}

fn asked(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "schema": { "type": "array", "items": { "type": "string" } },
    })
}

fn ordering(path: &str) -> Value {
    let names = OrderKind::ALL.map(OrderKind::name);
    let said = json!({
        "type": "object",
        "properties": {
            "order": { "enum": names },
            "text": { "type": "string", "description": "what is wrong, or the answer" },
        },
        "required": ["order"],
    });
    let mut parameters = parts(path);
    parameters.push(json!({
        "name": "x-herder-token", "in": "header", "required": true, "schema": { "type": "string" },
        "description": "what /api/v1/token says",
    }));
    let given = json!({
        "type": "object",
        "properties": { "ok": { "const": true }, "number": {}, "repo": {}, "status": {} },
        "required": ["ok", "number", "repo", "status"],
    });
    json!({
        "summary": "what a person wants of a goal; the same as the command of that name",
        "parameters": parameters,
        "requestBody": { "required": true, "content": { "application/json": { "schema": said } } },
        "responses": answers(&json!({ "application/json": { "schema": given } })),
    })
}

fn hearing() -> Value {
    let run = Parameter { name: "run", about: "the run whose log is followed" };
    json!({
        "summary": "what changes, told while it is open: `change`, and `log` with lines of a run's log",
        "parameters": [asked(&run)],
        "responses": answers(&json!({ "text/event-stream": { "schema": { "type": "string" } } })),
    })
}

fn answers(content: &Value) -> Value {
    let refused = json!({ "$ref": "#/components/schemas/Trouble" });
    json!({
        "200": { "description": "the answer", "content": content },
        "default": {
            "description": "a refusal or a failure",
            "content": { "application/json": { "schema": refused } },
        },
    })
}

fn trouble() -> Value {
    let kinds = Kind::ALL.map(|kind| json!(kind));
    json!({
        "type": "object",
        "properties": {
            "ok": { "const": false },
            "error": {
                "type": "object",
                "properties": {
                    "kind": { "enum": kinds },
                    "message": { "type": "string" },
                    "hints": { "type": "array", "items": { "type": "string" } },
                },
                "required": ["kind", "message", "hints"],
            },
        },
        "required": ["ok", "error"],
    })
}
