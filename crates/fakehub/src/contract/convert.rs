//! From OpenAPI 3.0's dialect to JSON Schema: `nullable` becomes a type, and an object has no fields that are not
//! described.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Words of OpenAPI that mean nothing to JSON Schema, or, as `format`, not the same.
const STRANGE: [&str; 6] = ["nullable", "example", "examples", "discriminator", "xml", "externalDocs"];

/// Where schemas with a name are.
const SCHEMAS: &str = "#/components/schemas/";

/// What is added to the name of a schema that is a part of another, and so not all there is.
const OPEN: &str = "-as-a-part";

/// Alternatives that GitHub answers with and its description has forgotten.
const AMENDMENTS: [(&str, &str); 1] = [
    // An issue's events are closed and reopened ones too, as the timeline's schema knows.
    ("issue-event-for-issue", "state-change-issue-event"),
];

fn amended(name: &str, schema: &Value) -> Value {
    let mut schema = schema.clone();
    for (_, more) in AMENDMENTS.iter().filter(|(of, _)| *of == name) {
        if let Some(alternatives) = schema["anyOf"].as_array_mut() {
            alternatives.push(json!({ "$ref": format!("{SCHEMAS}{more}") }));
        }
    }
    schema
}

/// Collects, converted, all schemas that this one leads to.
pub fn collect(document: &Value, schema: &Value, found: &mut BTreeMap<String, Value>) {
    match schema {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            let name = name.and_then(|pointer| pointer.strip_prefix(SCHEMAS));
            if let Some(name) = name.filter(|name| !found.contains_key(*name)) {
                let target = amended(name, &document["components"]["schemas"][name]);
                found.insert(name.to_owned(), convert(&target, true));
                found.insert(format!("{name}{OPEN}"), convert(&target, false));
                collect(document, &target, found);
            }
            fields.values().for_each(|value| collect(document, value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(document, value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A schema that allows no undescribed field.
pub fn strict(schema: &Value) -> Value {
    convert(schema, true)
}

fn convert(schema: &Value, is_closed: bool) -> Value {
    let Value::Object(fields) = schema else { return schema.clone() };
    if let Some(pointer) = fields.get("$ref").and_then(Value::as_str) {
        let part = if is_closed { "" } else { OPEN };
        return json!({ "$ref": format!("{pointer}{part}") });
    }
    let mut converted = Map::new();
    for (word, value) in fields.iter().filter(|(word, _)| !STRANGE.contains(&word.as_str())) {
        let value = match word.as_str() {
            "properties" => each(value, |schema| convert(schema, true)),
            "items" | "additionalProperties" | "not" => convert(value, true),
            // The parts of a whole have fields that the other parts describe.
            "allOf" => list(value, |schema| convert(schema, false)),
            "anyOf" | "oneOf" => list(value, |schema| convert(schema, is_closed)),
            _ => value.clone(),
        };
        // GitHub's own answers fit several of the alternatives that it calls exclusive.
        converted.insert(if word == "oneOf" { "anyOf".to_owned() } else { word.clone() }, value);
    }
    let has = |word: &str| fields.contains_key(word);
    let describes = (has("properties") || has("allOf")) && !has("additionalProperties");
    if describes && is_closed && !has("anyOf") && !has("oneOf") {
        converted.insert("unevaluatedProperties".to_owned(), json!(false));
    }
    if fields.get("nullable") == Some(&Value::Bool(true)) {
        return json!({ "anyOf": [{ "type": "null" }, converted] });
    }
    Value::Object(converted)
}

fn each(value: &Value, change: impl Fn(&Value) -> Value) -> Value {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, schema)| (name.clone(), change(schema))).collect::<Map<_, _>>().into()
}

fn list(value: &Value, change: impl Fn(&Value) -> Value) -> Value {
    value.as_array().into_iter().flatten().map(change).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(schema: &Value, value: &Value) -> bool {
        jsonschema::validator_for(&strict(schema)).unwrap().is_valid(value)
    }

    #[test]
    fn nullable_is_a_type_of_its_own() {
        let schema =
            json!({ "type": "object", "properties": { "a": { "type": "string", "nullable": true } } });
        assert!(is_valid(&schema, &json!({ "a": null })) && is_valid(&schema, &json!({ "a": "x" })));
        assert!(!is_valid(&schema, &json!({ "a": 1 })));
    }

    #[test]
    fn a_field_that_nothing_describes_is_an_error() {
        let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        assert!(!is_valid(&schema, &json!({ "a": "x", "b": 1 })));
        let whole = json!({ "allOf": [schema, { "type": "object", "properties": { "b": {} } }] });
        assert!(is_valid(&whole, &json!({ "a": "x", "b": 1 })));
    }
}
