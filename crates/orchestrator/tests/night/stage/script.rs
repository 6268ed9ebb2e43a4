//! What scripted agents do: a script is sessions of steps.

use serde_json::{Value, json};

/// A script of sessions, one for each iteration.
pub fn script(sessions: &[Vec<Value>]) -> String {
    serde_json::to_string(sessions).unwrap()
}

/// The script of an agent that writes a good file and is done.
pub fn easy(path: &str) -> String {
    script(&[good(path)])
}

/// A session that writes a good file and is done.
pub fn good(path: &str) -> Vec<Value> {
    vec![write(path, "ok\n"), done("Wrote the file.")]
}

/// A session that writes a file that the gate refuses, and claims to be done.
pub fn bad(path: &str) -> Vec<Value> {
    vec![write(path, "bad\n"), done("Tried badly.")]
}

pub fn write(path: &str, text: &str) -> Value {
    json!({"write": {"path": path, "text": text}})
}

pub fn delete(path: &str) -> Value {
    json!({"delete": {"path": path}})
}

pub fn answer(status: &str, summary: &str) -> Value {
    json!({"answer": {"status": status, "summary": summary}})
}

pub fn done(summary: &str) -> Value {
    answer("done", summary)
}

pub fn goes_on(summary: &str) -> Value {
    answer("continue", summary)
}

/// The agent fails unless its prompt says this.
pub fn expect(text: &str) -> Value {
    json!({ "expect": text })
}

pub fn shell(command: &str) -> Value {
    json!({ "run": command })
}

/// Money and time that only the ledger sees.
pub fn costs(usd: f64) -> Value {
    json!({ "cost_usd": usd })
}

pub fn takes(seconds: f64) -> Value {
    json!({"think": {"text": "thinking", "seconds": seconds}})
}

pub fn hang() -> Value {
    json!("hang")
}

/// Waits until the test lets it go on (`Stage::let_go`).
pub fn waits() -> Value {
    shell("touch .herder/waiting; while [ ! -e .herder/go ]; do sleep 0.02; done")
}
