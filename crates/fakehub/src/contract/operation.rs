//! One request with its answer, held against the description.

use serde_json::{Value, json};

use super::Contract;

/// What GitHub answers of errors everywhere, whether an operation lists them or not.
const EVERYWHERE: [u16; 6] = [400, 401, 403, 404, 422, 429];

/// One request and its answer.
pub struct Exchange<'a> {
    /// `GET`, ...
    pub method: &'a str,
    /// The address as the description writes it.
    pub template: &'static str,
    /// The pairs behind the `?`.
    pub query: &'a [(String, String)],
    /// The body that came, `null` for none.
    pub asked: &'a Value,
    /// The status that went.
    pub status: u16,
    /// The body that went, if it was JSON.
    pub answered: Option<&'a Value>,
}

impl Contract {
    /// What is wrong with an exchange, as lines. An unknown operation is one.
    pub fn violations(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let name = format!("{} {}", exchange.method, exchange.template);
        if !self.has(exchange.method, exchange.template) {
            return vec![format!("{name}: no such operation")];
        }
        let mut found = self.of_query(exchange);
        found.extend(self.of_request(exchange));
        found.extend(self.of_answer(exchange));
        found.into_iter().map(|line| format!("{name}: {line}")).collect()
    }

    fn of_query(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let item = &self.document["paths"][exchange.template];
        let operation = self.operation(exchange.method, exchange.template);
        let known = [&item["parameters"], &operation["parameters"]];
        let known: Vec<&Value> = known
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(|parameter| self.resolve(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .collect();
        let mut found = Vec::new();
        for (name, text) in exchange.query {
            let Some(parameter) = known.iter().find(|parameter| parameter["name"] == name.as_str()) else {
                found.push(format!("no parameter is called {name}"));
                continue;
            };
            let value = parse(&parameter["schema"], text);
            let id = format!("{} {} ?{name}", exchange.method, exchange.template);
            let errors = self.errors(id, &parameter["schema"], &value);
            found.extend(errors.into_iter().map(|error| format!("parameter {name}{error}")));
        }
        found
    }

    fn of_request(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let operation = self.operation(exchange.method, exchange.template);
        let body = self.resolve(&operation["requestBody"]);
        let schema = &body["content"]["application/json"]["schema"];
        match (schema.is_null(), exchange.asked.is_null()) {
            (true, false) if exchange.asked != &json!({}) => vec!["a body, where none is known".to_owned()],
            (true, _) => Vec::new(),
            (false, true) if body["required"] == true => vec!["no body, where one is required".to_owned()],
            (false, true) => Vec::new(),
            (false, false) => {
                let id = format!("{} {} request", exchange.method, exchange.template);
                prefix("request", self.errors(id, schema, exchange.asked))
            }
        }
    }

    fn of_answer(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let Exchange { method, template, status, .. } = exchange;
        if *status == 304 {
            return Vec::new();
        }
        let responses = &self.operation(method, template)["responses"];
        let response = self.resolve(&responses[status.to_string()]);
        if response.is_null() {
            let is_usual = EVERYWHERE.contains(status);
            return if is_usual { Vec::new() } else { vec![format!("no status {status}")] };
        }
        let content = &response["content"];
        let schema = &content["application/json"]["schema"];
        match (schema.is_null(), exchange.answered) {
            (true, None) => Vec::new(),
            (true, Some(_)) if content.is_null() => vec![format!("a body with status {status}")],
            (true, Some(_)) => Vec::new(),
            (false, None) => vec![format!("no body with status {status}")],
            (false, Some(value)) => {
                let id = format!("{method} {template} {status}");
                prefix(&format!("answer {status}"), self.errors(id, schema, value))
            }
        }
    }
}

fn prefix(word: &str, errors: Vec<String>) -> Vec<String> {
    errors.into_iter().map(|error| format!("{word} {error}")).collect()
}

/// A parameter's text as the type that its schema wants.
fn parse(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number") => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        Some("boolean") => text.parse().map_or_else(|_| json!(text), |is: bool| json!(is)),
        _ => json!(text),
    }
}
