//! What a client asked the model, for a test to look at.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::reply::Tokens;
use crate::http::Request;

/// What Claude Code writes before its working directory into a system message (seen in 2.1.330).
const WORKING_DIRECTORY: &str = "Primary working directory: ";

/// How Claude Code begins the blocks that it adds to a user message (seen in 2.1.330).
const REMINDER: &str = "<system-reminder>";

/// One request for an answer, and what became of it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `model`: the full name, whatever alias the client was started with.
    pub model: String,
    /// `output_config.effort`: how hard to think, where the client said so.
    pub effort: Option<String>,
    /// `thinking.type`: `adaptive`, `enabled` or `disabled`, where the client said so.
    pub thinking: Option<String>,
    /// Names of the tools on offer.
    pub tools: Vec<String>,
    /// Length of all system text, in bytes.
    pub system_size: usize,
    /// Number of messages of the conversation.
    pub messages: usize,
    /// The last text that a person (or the loop) said; results of tools and the client's reminders do not count.
    pub last_user_text: String,
    /// All that a person (or the loop) said, likewise.
    pub user_text: String,
    /// The text of the last tool results, when the conversation ends with some.
    pub tool_results: String,
    /// Headers with names in lower case; credentials are replaced by their length.
    pub headers: HashMap<String, String>,
    /// Marker of the script that answered, if any.
    pub script: Option<String>,
    /// Whether this was a request without tools, which never takes a step of a goal's script.
    pub is_side: bool,
    /// Whether a stream was asked for.
    pub is_streaming: bool,
    /// HTTP status of the answer; 0 while there is none or when the connection was closed without one.
    pub status: u16,
    /// Tokens of the answer, once it was sent whole.
    pub tokens: Tokens,
    /// The whole request (shared, because conversations are long and records are copied).
    pub body: Arc<Value>,
}

impl Seen {
    pub(super) fn from_request(request: &Request) -> Option<Seen> {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        let tools = names(&body["tools"]);
        let messages = body["messages"].as_array().cloned().unwrap_or_default();
        let said: Vec<String> =
            messages.iter().filter(|message| message["role"] == "user").map(text_of).collect();
        Some(Seen {
            model: body["model"].as_str()?.to_owned(),
            effort: string(&body["output_config"]["effort"]),
            thinking: string(&body["thinking"]["type"]),
            is_side: tools.is_empty(),
            tools,
            system_size: all_text(&body["system"]).len(),
            messages: messages.len(),
            last_user_text: said.iter().rev().find(|text| !text.is_empty()).cloned().unwrap_or_default(),
            user_text: said.join("\n"),
            tool_results: messages
                .iter()
                .rev()
                .map(results_of)
                .find(|text| !text.is_empty())
                .unwrap_or_default(),
            headers: request.headers.clone(),
            script: None,
            is_streaming: body["stream"] == true,
            status: 0,
            tokens: Tokens::default(),
            body: Arc::new(body),
        })
    }

    /// The directory in which the agent says that it works.
    pub fn working_directory(&self) -> Option<String> {
        let system = self.body["messages"].as_array().into_iter().flatten().map(|m| all_text(&m["content"]));
        std::iter::once(all_text(&self.body["system"])).chain(system).find_map(|text| {
            let (_, rest) = text.split_once(WORKING_DIRECTORY)?;
            Some(rest.lines().next()?.trim().to_owned())
        })
    }
}

fn names(tools: &Value) -> Vec<String> {
    tools.as_array().into_iter().flatten().filter_map(|tool| string(&tool["name"])).collect()
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Text of a message, which is a string or a list of blocks. Tool results are left out, and what the client
/// itself puts beside the person's words.
fn text_of(message: &Value) -> String {
    match &message["content"] {
        Value::Array(blocks) => {
            all_text(&blocks.iter().filter(|block| !is_reminder(block)).cloned().collect())
        }
        content => all_text(content),
    }
}

fn is_reminder(block: &Value) -> bool {
    block["text"].as_str().is_some_and(|text| text.trim_start().starts_with(REMINDER))
}

fn results_of(message: &Value) -> String {
    let blocks = message["content"].as_array().into_iter().flatten();
    let results = blocks.filter(|block| block["type"] == "tool_result");
    results.map(|block| all_text(&block["content"])).collect::<Vec<_>>().join("\n")
}

fn all_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}
