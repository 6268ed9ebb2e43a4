//! GitHub's own description of its REST API, which every request and every answer is held against.
//!
//! The description is `api.github.com.json` of the npm package `@octokit/openapi`; the suite `github` installs it and
//! says in `HERDER_GITHUB_OPENAPI` where it is. Without it nothing is held against anything.

mod convert;
mod operation;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use herder_testkit::http::lock;
use jsonschema::Validator;
use serde_json::{Value, json};

pub use operation::Exchange;

/// Where the description is.
const VARIABLE: &str = "HERDER_GITHUB_OPENAPI";

/// The description, with the validators that were made of it so far.
pub struct Contract {
    document: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// The description, if there is one; it is read once a process.
///
/// # Panics
/// When the variable names something that cannot be read.
pub fn contract() -> Option<&'static Contract> {
    static CONTRACT: OnceLock<Option<Contract>> = OnceLock::new();
    CONTRACT.get_or_init(|| std::env::var_os(VARIABLE).map(|path| Contract::read(path.as_ref()))).as_ref()
}

impl Contract {
    fn read(path: &std::path::Path) -> Contract {
        let text = fs_err::read(path).expect("GitHub's description can be read");
        let document = serde_json::from_slice(&text).expect("GitHub's description is JSON");
        Contract { document, validators: Mutex::default() }
    }

    /// Whether there is such an operation.
    pub fn has(&self, method: &str, template: &str) -> bool {
        !self.operation(method, template).is_null()
    }

    fn operation(&self, method: &str, template: &str) -> &Value {
        &self.document["paths"][template][method.to_ascii_lowercase()]
    }

    /// What `$ref` points at, or the value itself.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(pointer) => self.document.pointer(pointer.trim_start_matches('#')).unwrap_or(&Value::Null),
            None => value,
        }
    }

    /// What is wrong with a value, as lines; the validator is made once for each name.
    fn errors(&self, name: String, schema: &Value, value: &Value) -> Vec<String> {
        let known = lock(&self.validators).get(&name).cloned();
        let validator = known.unwrap_or_else(|| {
            let made = Arc::new(self.validator(schema));
            lock(&self.validators).insert(name, made.clone());
            made
        });
        let at = |error: jsonschema::ValidationError<'_>| {
            let place = error.instance_path().to_string();
            let mut text = error.to_string();
            if let Some((end, _)) = text.char_indices().nth(300) {
                text.truncate(end);
            }
            format!("{place}: {text}")
        };
        validator.iter_errors(value).map(at).collect()
    }

    /// A validator with no more of the description than the schema needs: the whole would have to be looked
    /// through for each.
    fn validator(&self, schema: &Value) -> Validator {
        let mut needed = BTreeMap::new();
        convert::collect(&self.document, schema, &mut needed);
        let mut root = convert::strict(schema);
        root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        root["components"]["schemas"] = json!(needed);
        jsonschema::validator_for(&root).expect("GitHub's description is a schema")
    }
}
