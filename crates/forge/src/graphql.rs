//! GraphQL: one address, one method, errors with status 200.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::budget::{Load, Resource};
use crate::client::{Asking, Client, Request};
use crate::lookup::{Refusal, Undone, Why};
use crate::wire::{Method, one_line};

/// An answer. `data` may be there in part when there are errors.
#[derive(Debug)]
pub(crate) struct Data {
    pub data: Value,
    pub errors: Vec<Fault>,
}

/// One error of an answer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Fault {
    /// `NOT_FOUND`, `FORBIDDEN`, `UNPROCESSABLE`, ...
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub message: String,
    /// What of `data` is missing for it.
    #[serde(default)]
    path: Vec<Value>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<Fault>,
}

impl Client {
    /// Asks a query. Errors of parts are part of the answer.
    pub(crate) fn query(&self, query: &str, variables: Value) -> Result<Data, Undone> {
        self.post_graphql(query, variables, Load::Read)
    }

    /// Makes a mutation. Any error means that it was not done.
    pub(crate) fn mutate(&self, query: &str, variables: Value) -> Result<Value, Undone> {
        let Data { data, errors } = self.post_graphql(query, variables, Load::Write)?;
        match errors.first() {
            None => Ok(data),
            Some(fault) => Err(fault.refusal().into()),
        }
    }

    /// One request, where the server has GraphQL: 404 means that it has none, and is remembered.
    fn post_graphql(&self, query: &str, variables: Value, load: Load) -> Result<Data, Undone> {
        let request = Request {
            method: Method::Post,
            url: self.site().graphql().to_owned(),
            body: Some(json!({ "query": query, "variables": variables })),
            resource: Resource::Graphql,
            load,
        };
        if self.asking() == Asking::Rest {
            return Err(Refusal { status: 404, message: "the server has no GraphQL".to_owned() }.into());
        }
        let answer = self.ask(&request).inspect_err(|undone| {
            if undone.status() == Some(404) {
                self.lacks_graphql();
            }
        })?;
        let Body { data, errors } = answer.parse().map_err(Undone::Unknown)?;
        // Every query also asks for its cost, so that it is read and not guessed:
        // <https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api>.
        let cost = data["rateLimit"]["cost"].as_u64().unwrap_or(1);
        self.charge(Resource::Graphql, cost);
        if errors.iter().any(|fault| fault.kind.as_deref() == Some("RATE_LIMITED")) {
            return Err(self.told_off(Resource::Graphql, None));
        }
        if data.is_null() && errors.is_empty() {
            return Err(Undone::Unknown(Why::Malformed("neither data nor errors".to_owned())));
        }
        Ok(Data { data, errors })
    }
}

impl Fault {
    pub(crate) fn refusal(&self) -> Refusal {
        Refusal { status: 200, message: one_line(&self.message) }
    }

    /// Whether it is about what stands at `alias`, or a field of it when the depth is 2.
    pub(crate) fn is_at(&self, alias: &str, depth: usize) -> bool {
        self.path.len() == depth && self.path.first().is_some_and(|first| first == alias)
    }
}
