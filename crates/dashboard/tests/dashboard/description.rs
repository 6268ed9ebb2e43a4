//! The description of the interface, walked: what it says there is answers as it says.

use serde_json::Value;

use crate::stage::Stage;

/// A path with its parts filled in for the stage.
fn filled(path: &str) -> String {
    let number = if path.contains("stories") { "1" } else { "2" };
    [("{host}", "example.org"), ("{owner}", "acme"), ("{name}", "app"), ("{number}", number)]
        .iter()
        .fold(path.replace("{run}", "app-2-1-abcdef"), |path, (name, value)| path.replace(name, value))
}

#[test]
fn everything_that_is_described_answers_as_it_is_described() {
    let stage = Stage::new();
    let described = stage.json("/api/v1/openapi.json");
    assert_eq!(described["openapi"], "3.1.0");
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() > 15, "{paths:?}");
    let mut read = 0;
    for (path, methods) in paths {
        let Some(schema) = methods["get"].pointer("/responses/200/content/application~1json/schema") else {
            continue;
        };
        let answer = stage.json(&filled(path));
        for name in schema["required"].as_array().unwrap() {
            assert!(answer.get(name.as_str().unwrap()).is_some(), "{path} lacks {name}: {answer}");
        }
        for name in answer.as_object().unwrap().keys() {
            assert!(schema["properties"].get(name).is_some(), "{path} says {name}, which is not described");
        }
        let parts: Vec<&Value> = methods["get"]["parameters"].as_array().unwrap().iter().collect();
        for part in parts.iter().filter(|part| part["in"] == "path") {
            assert!(path.contains(&format!("{{{}}}", part["name"].as_str().unwrap())), "{path}");
        }
        read += 1;
    }
    assert!(read > 14, "{read}");
}

#[test]
fn every_refusal_is_the_trouble_that_is_described() {
    let stage = Stage::new();
    let described = stage.json("/api/v1/openapi.json");
    let kinds =
        described["components"]["schemas"]["Trouble"]["properties"]["error"]["properties"]["kind"]["enum"]
            .as_array()
            .unwrap()
            .clone();
    for path in [
        "/api/v1/goals/a/b/c/x",
        "/api/v1/runs/none",
        "/api/v1/numbers?by=colour",
        "/api/v1/nothing",
        "/api/v1/events?run=none-1-1-abcdef",
    ] {
        let said = stage.get(path);
        let answer: Value = serde_json::from_str(&said.text).unwrap();
        assert!(said.status >= 400 && answer["ok"] == false, "{path}: {answer}");
        assert!(kinds.contains(&answer["error"]["kind"]), "{path}: {answer}");
        assert!(answer["error"]["message"].is_string() && answer["error"]["hints"].is_array(), "{answer}");
    }
}
