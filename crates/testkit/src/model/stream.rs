//! An answer in the two forms of the Messages API: a stream of server-sent events, or one JSON object.
//!
//! Source: the event types in "Streaming messages" of the Messages API's documentation.

use serde_json::{Value, json};

use super::reply::{Block, Reply, Tokens};

/// Longest piece of a text or of tool arguments in one event, in bytes: small, so that clients must put together.
const PIECE: usize = 24;

/// Everything that an answer needs besides the script's step.
pub(super) struct Answer<'a> {
    /// Number of the answer, for ids that are unique in this server.
    pub number: u64,
    /// The model that was asked for.
    pub model: &'a str,
    /// Where the agent works, for `{cwd}`.
    pub cwd: &'a str,
    /// What to say.
    pub reply: &'a Reply,
}

impl Answer<'_> {
    /// The events of a stream, each as `event: ...` and `data: ...` lines.
    pub fn events(&self) -> Vec<String> {
        let mut events = vec![self.start(), json!({"type": "ping"})];
        for (index, block) in self.reply.blocks.iter().enumerate() {
            events.extend(self.block_events(index, block));
        }
        let delta = json!({"stop_reason": self.stop_reason(), "stop_sequence": null});
        let usage = json!({"output_tokens": self.reply.tokens.output});
        events.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
        events.push(json!({"type": "message_stop"}));
        events.iter().map(framed).collect()
    }

    /// The answer as one object.
    pub fn object(&self) -> Value {
        let blocks = self.reply.blocks.iter().enumerate();
        let content: Vec<Value> = blocks.map(|(index, block)| self.whole_block(index, block)).collect();
        let mut message = self.message(usage(self.reply.tokens, self.reply.tokens.output));
        message["content"] = json!(content);
        message["stop_reason"] = json!(self.stop_reason());
        message
    }

    fn start(&self) -> Value {
        // The real service reports one output token here and the final count in message_delta.
        json!({"type": "message_start", "message": self.message(usage(self.reply.tokens, 1))})
    }

    fn message(&self, usage: Value) -> Value {
        json!({
            "id": format!("msg_{:08}", self.number), "type": "message", "role": "assistant",
            "model": self.model, "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
        })
    }

    fn stop_reason(&self) -> &'static str {
        if self.reply.calls_a_tool() { "tool_use" } else { "end_turn" }
    }

    fn block_events(&self, index: usize, block: &Block) -> Vec<Value> {
        let start =
            json!({"type": "content_block_start", "index": index, "content_block": self.empty(index, block)});
        let deltas = self.deltas(block).into_iter();
        let deltas =
            deltas.map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta}));
        let stop = json!({"type": "content_block_stop", "index": index});
        std::iter::once(start).chain(deltas).chain([stop]).collect()
    }

    fn empty(&self, index: usize, block: &Block) -> Value {
        match block {
            Block::Text(_) => json!({"type": "text", "text": ""}),
            Block::Thinking(_) => json!({"type": "thinking", "thinking": "", "signature": ""}),
            Block::Tool { name, .. } => {
                json!({"type": "tool_use", "id": self.tool_id(index), "name": name, "input": {}})
            }
        }
    }

    fn whole_block(&self, index: usize, block: &Block) -> Value {
        let mut whole = self.empty(index, block);
        match block {
            Block::Text(text) => whole["text"] = json!(text),
            Block::Thinking(thought) => {
                whole["thinking"] = json!(thought);
                whole["signature"] = json!(self.signature());
            }
            Block::Tool { input, .. } => whole["input"] = placed(input, self.cwd),
        }
        whole
    }

    fn deltas(&self, block: &Block) -> Vec<Value> {
        match block {
            Block::Text(text) => {
                pieces(text).iter().map(|piece| json!({"type": "text_delta", "text": piece})).collect()
            }
            Block::Thinking(thought) => {
                let thoughts = pieces(thought);
                let mut deltas: Vec<Value> = thoughts
                    .iter()
                    .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
                    .collect();
                deltas.push(json!({"type": "signature_delta", "signature": self.signature()}));
                deltas
            }
            Block::Tool { input, .. } => {
                let arguments = placed(input, self.cwd).to_string();
                let pieces = pieces(&arguments);
                pieces
                    .iter()
                    .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                    .collect()
            }
        }
    }

    fn tool_id(&self, index: usize) -> String {
        format!("toolu_{:08}_{index}", self.number)
    }

    fn signature(&self) -> String {
        format!("sig_{:08}", self.number)
    }
}

fn usage(tokens: Tokens, output: u64) -> Value {
    json!({
        "input_tokens": tokens.input, "output_tokens": output,
        "cache_read_input_tokens": tokens.cache_read, "cache_creation_input_tokens": tokens.cache_create,
    })
}

/// An event with its name and data.
pub(super) fn framed(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}

/// Cuts text into pieces of at most [`PIECE`] bytes at character boundaries; empty text is one empty piece.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in text.chars() {
        let last = pieces.last_mut().expect("starts with one");
        if last.len() + character.len_utf8() > PIECE {
            pieces.push(character.to_string());
        } else {
            last.push(character);
        }
    }
    pieces
}

/// The value with `{cwd}` replaced in every string.
fn placed(value: &Value, cwd: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("{cwd}", cwd)),
        Value::Array(items) => items.iter().map(|item| placed(item, cwd)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), placed(field, cwd))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_put_together_are_the_text() {
        let text = "Grüße, 世界! ".repeat(20);
        let pieces = pieces(&text);
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn the_working_directory_is_put_into_nested_arguments() {
        let input = json!({"file_path": "{cwd}/a", "more": [{"x": "{cwd}"}], "n": 3});
        assert_eq!(placed(&input, "/w"), json!({"file_path": "/w/a", "more": [{"x": "/w"}], "n": 3}));
    }
}
