//! The structured answer of an iteration: its schema, its judge, and what to say to a wrong one.

use herder_domain::agent::{Answer, Status};
use herder_domain::follow_up::FollowUp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::session::head;

/// The longest summary that is kept, bytes; a model that writes more has misunderstood.
const SUMMARY_LIMIT: usize = 16 << 10;

/// The words that an agent may answer with.
pub(crate) const STATUSES: [Status; 4] =
    [Status::Continue, Status::Done, Status::Blocked, Status::NeedsReview];

/// The answer's JSON schema.
pub fn schema() -> Value {
    let words: Vec<&str> = STATUSES.into_iter().map(Status::as_str).collect();
    json!({
        "type": "object",
        "properties": {
            "status": {
                "type": "string",
                "enum": words,
                "description": "continue: one step is done and more are needed; done: everything asked for is \
                                met; blocked: nothing can go on without an answer from a person; \
                                needs_review: met, but a person should look at it"
            },
            "summary": {
                "type": "string",
                "minLength": 1,
                "description": "3 to 7 sentences: what was done, what was learned, what comes next"
            },
            "follow_ups": follow_ups()
        },
        "required": ["status", "summary"],
        "additionalProperties": false
    })
}

/// The part of the schema for proposals.
fn follow_ups() -> Value {
    let text = |description: &str| json!({ "type": "string", "minLength": 1, "description": description });
    json!({
        "type": "array",
        "maxItems": FollowUp::RUN_MAX,
        "description": "usually left out: separate work beside the goal that you noticed and that is worth a \
                        goal of its own; a person decides about it",
        "items": {
            "type": "object",
            "properties": {
                "title": text("one line"),
                "objective": text("what is to be reached, and why"),
                "acceptance": {
                    "type": "array",
                    "maxItems": FollowUp::ACCEPTANCE_MAX,
                    "items": text("by what a person would see that it is reached")
                }
            },
            "required": ["title", "objective"],
            "additionalProperties": false
        }
    })
}

/// Why a value is not an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// There is none.
    #[error("there was no structured answer")]
    Missing,
    /// It is something else than an object.
    #[error("the answer was not a JSON object")]
    NotAnObject,
    /// It cannot be read.
    #[error("the answer was not valid JSON: {0}")]
    Syntax(String),
    /// The word is missing or unknown.
    #[error("status was {0} instead of continue, done, blocked or needs_review")]
    Status(String),
    /// The summary is missing, empty or not a text.
    #[error("summary was missing or empty")]
    Summary,
}

/// Judges a value as an answer. More fields than asked for do no harm, nor do proposals that are none: they
/// are left out.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn judge(value: &Value) -> Result<Answer, Invalid> {
    let Some(fields) = value.as_object() else {
        return Err(if value.is_null() { Invalid::Missing } else { Invalid::NotAnObject });
    };
    let word = fields.get("status").unwrap_or(&Value::Null);
    let status = STATUSES
        .into_iter()
        .find(|status| word.as_str() == Some(status.as_str()))
        .ok_or_else(|| Invalid::Status(head(&word.to_string(), 40).to_owned()))?;
    let summary = fields.get("summary").and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if summary.is_empty() {
        return Err(Invalid::Summary);
    }
    let proposed = fields.get("follow_ups").and_then(Value::as_array).into_iter().flatten();
    let follow_ups = FollowUp::gathered(proposed.filter_map(|one| FollowUp::deserialize(one).ok()));
    Ok(Answer { status, summary: head(summary, SUMMARY_LIMIT).to_owned(), follow_ups })
}

/// What an agent is told about an invalid answer.
pub fn correction(problem: &str) -> String {
    format!(
        "Your answer could not be used: {problem}. Do no further work. Answer now, in the structured form \
         that was asked for: an object with \"status\" (one of continue, done, blocked, needs_review) and \
         \"summary\" (3 to 7 sentences: what was done, what was learned, what comes next)."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_needs_one_of_the_four_words_and_a_summary() {
        for status in STATUSES {
            let answer = judge(&json!({"status": status.as_str(), "summary": " ok ", "more": 1})).unwrap();
            assert_eq!((answer.status, answer.summary.as_str()), (status, "ok"));
        }
        for (value, problem) in [
            (Value::Null, Invalid::Missing),
            (json!("done"), Invalid::NotAnObject),
            (json!({"summary": "x"}), Invalid::Status("null".into())),
            (json!({"status": "finished", "summary": "x"}), Invalid::Status("\"finished\"".into())),
            (json!({"status": "done"}), Invalid::Summary),
            (json!({"status": "done", "summary": " \n"}), Invalid::Summary),
            (json!({"status": "done", "summary": 3}), Invalid::Summary),
        ] {
            assert_eq!(judge(&value), Err(problem), "{value}");
        }
    }

    #[test]
    fn proposals_are_taken_as_far_as_they_are_some() {
        let proposed = |follow_ups: Value| {
            let value = json!({"status": "done", "summary": "x", "follow_ups": follow_ups});
            judge(&value).unwrap().follow_ups
        };
        let good = json!({"title": " Sort  faster ", "objective": "It is slow.", "acceptance": ["a", 7]});
        assert!(proposed(json!([good, "x", 3, {"title": "y"}, null])).is_empty(), "7 is no line");
        let good = json!({"title": " Sort  faster ", "objective": "It is slow."});
        let taken = proposed(json!([{"title": 1}, good, good]));
        assert_eq!(taken.iter().map(|one| one.title.as_str()).collect::<Vec<_>>(), ["Sort faster"]);
        assert!(proposed(json!("none")).is_empty() && proposed(Value::Null).is_empty());
    }

    #[test]
    fn the_schema_asks_for_what_the_judge_takes() {
        let schema = schema();
        assert_eq!(schema["required"], json!(["status", "summary"]));
        for word in schema["properties"]["status"]["enum"].as_array().unwrap() {
            assert!(judge(&json!({"status": word, "summary": "x"})).is_ok(), "{word}");
        }
    }
}
