//! The GraphQL face: any valid query over GitHub's own schema, field by field, over the same state and deeds as REST.

mod amend;
mod check;
mod connection;
mod cost;
mod event;
mod issue;
mod mutation;
mod node;
mod person;
mod pull;
mod query;
mod repo;
mod schema;
mod search;
mod table;

use std::cell::RefCell;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use crate::op::{Ctx, Done, Refusal};
use crate::state::Pool;

pub use query::work_out;
pub use schema::cut;
use schema::schema;

/// What is asked: the body of a request.
pub struct Question {
    query: String,
    variables: JsonMap,
    operation: Option<String>,
}

/// What came of it.
pub struct Outcome {
    /// The body of the answer.
    pub body: Value,
    /// What it costs, in points.
    pub cost: u64,
    /// The name of the operation, or its first field.
    pub name: String,
    /// What GitHub's schema says against the question, or what the double lacks.
    pub violations: Vec<String>,
    /// Whether the deeds that it asked for were all done.
    pub is_whole: bool,
}

impl Question {
    /// Reads a body; `None` when it is no question.
    pub fn read(body: &Value) -> Option<Question> {
        let variables = serde_json::from_value(body["variables"].clone()).unwrap_or_default();
        let operation = body["operationName"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
        Some(Question { query: body["query"].as_str()?.to_owned(), variables, operation })
    }

    /// Whether something is to be done.
    pub fn is_mutation(&self) -> bool {
        self.query.split(['{', '(']).next().is_some_and(|start| start.contains("mutation"))
    }

    /// Answers it.
    pub fn answer(&self, ctx: &mut Ctx<'_>) -> Outcome {
        let schema = schema();
        let document = match ExecutableDocument::parse_and_validate(schema, &self.query, "query") {
            Ok(document) => document,
            Err(broken) if broken.errors.iter().all(|error| is_tolerated(&error.to_string())) => {
                Valid::assume_valid(broken.partial)
            }
            Err(broken) => return self.invalid(&broken.errors.to_string()),
        };
        let priced = cost::price(&document, self.operation.as_deref(), &self.variables);
        let (name, cost) = match priced {
            Ok(priced) => priced,
            Err(sentence) => return self.invalid(&sentence),
        };
        let session = node::Session {
            ctx: RefCell::new(ctx),
            errors: RefCell::default(),
            gaps: RefCell::default(),
            cost,
        };
        let execution = Execution::new(schema, &document).enable_schema_introspection(true);
        let execution = execution.raw_variable_values(&self.variables);
        let execution = match execution.operation_name(self.operation.as_deref()) {
            Ok(execution) => execution,
            Err(error) => return self.invalid(&format!("{error:?}")),
        };
        let root = session.thing(if self.is_mutation() { node::Thing::Mutation } else { node::Thing::Query });
        match execution.execute_sync(&root) {
            Err(error) => self.invalid(&format!("{error:?}")),
            Ok(response) => {
                let mut body = serde_json::to_value(&response).unwrap_or_default();
                let kinds = session.errors.into_inner();
                let is_whole = response.errors.is_empty();
                explain(&mut body, &kinds);
                Outcome { body, cost, name, violations: session.gaps.into_inner(), is_whole }
            }
        }
    }

    /// A question that GitHub would not even begin with.
    fn invalid(&self, sentence: &str) -> Outcome {
        let name = "invalid".to_owned();
        let violations = vec![format!("GraphQL: {sentence} in {}", self.query)];
        let body = json!({ "errors": [{ "message": sentence }] });
        Outcome { body, cost: 1, name, violations, is_whole: false }
    }
}

/// GitHub lets different members of a union give one name to different types, which the specification forbids and
/// `gh` does in every look at an issue or pull request.
fn is_tolerated(error: &str) -> bool {
    error.contains("operation must not select different types using the same name")
}

/// GitHub puts a type beside each message, and no word of the engine before it.
fn explain(body: &mut Value, kinds: &[(String, &'static str)]) {
    let errors = body.get_mut("errors").and_then(Value::as_array_mut);
    for error in errors.into_iter().flatten() {
        let said = error["message"].as_str().unwrap_or_default();
        let said = said.strip_prefix("resolver error: ").unwrap_or(said).to_owned();
        if let Some((_, kind)) = kinds.iter().find(|(message, _)| *message == said) {
            error["type"] = json!(kind);
        }
        error["message"] = json!(said);
    }
}

/// A refusal as GraphQL says it: message and type.
pub fn refuse(refusal: Refusal) -> (String, &'static str) {
    match refusal {
        Refusal::NotFound => ("Could not resolve to a node with the global id.".to_owned(), "NOT_FOUND"),
        Refusal::Unauthorized(message) => (message, "UNAUTHENTICATED"),
        Refusal::Forbidden(message) => (message, "FORBIDDEN"),
        Refusal::NotAllowed(message) | Refusal::Conflict(message) | Refusal::Invalid(message, None) => {
            (message, "UNPROCESSABLE")
        }
        Refusal::Invalid(_, Some((text, "custom", _))) => (text, "UNPROCESSABLE"),
        Refusal::Invalid(message, Some((field, code, _))) => {
            (format!("{message}: {field} {code}"), "UNPROCESSABLE")
        }
    }
}

/// The account that pays.
pub const POOL: Pool = Pool::Graphql;

/// What somebody without a token is told.
///
/// # Errors
/// Always, when nobody signed in.
pub fn admit(login: Option<&str>) -> Done<()> {
    let sentence = "This endpoint requires you to be authenticated.";
    login.map(drop).ok_or_else(|| Refusal::Unauthorized(sentence.to_owned()))
}
