//! The decoder of one process of Claude Code.

use std::time::Duration;

use herder_domain::ledger::Spend;
use jiff::Timestamp;
use serde_json::Value;

use super::account::Account;
use super::classify::{self, Context};
use super::user_line;
use crate::Expected;
use crate::answer;
use crate::context::ContextUse;
use crate::lines::Line;
use crate::session::{
    Activity, AgentEvent, DETAIL_LIMIT, Ending, Exit, LimitState, Session, Turn, head, tail,
};
use crate::standing::Standing;
use crate::stopwatch::Stopwatch;

/// The tool by which the model hands in the structured answer; the answer is no tool's work.
const ANSWER_TOOL: &str = "StructuredOutput";

/// The model's name on messages that the agent itself made up, for example to report an API error.
const SYNTHETIC: &str = "<synthetic>";

/// How many denied tools are remembered.
const MAX_DENIED: usize = 20;

#[derive(Debug)]
pub(super) struct ClaudeSession {
    expected: Expected,
    model: String,
    is_started: bool,
    standing: Standing,
    account: Account,
    watch: Stopwatch,
    tool_uses: u64,
    /// The call that hands in the answer.
    answer_call: Option<String>,
    error: Option<String>,
    rejected_until: Option<Timestamp>,
    denied: Vec<String>,
    context: ContextUse,
    tool_error: Option<String>,
}

impl ClaudeSession {
    pub(super) fn new(expected: Expected, model: &str) -> Self {
        Self {
            expected,
            model: model.to_owned(),
            is_started: false,
            standing: Standing::default(),
            account: Account::default(),
            watch: Stopwatch::default(),
            tool_uses: 0,
            answer_call: None,
            error: None,
            rejected_until: None,
            denied: Vec::new(),
            context: ContextUse::default(),
            tool_error: None,
        }
    }

    fn event(&mut self, event: &Value, events: &mut Vec<AgentEvent>) {
        match text(event, "type") {
            "system" => self.system(event, events),
            "assistant" => self.assistant(event, events),
            "user" => self.user(event, events),
            "rate_limit_event" => self.limit(event, events),
            "result" => self.result(event, events),
            other => events.push(ignored(other)),
        }
    }

    fn system(&mut self, event: &Value, events: &mut Vec<AgentEvent>) {
        match text(event, "subtype") {
            "init" => self.init(event, events),
            "api_retry" => {
                let delay = event.get("retry_delay_ms").and_then(Value::as_u64).unwrap_or(0);
                let wait = Duration::from_millis(delay);
                self.watch.waits(wait);
                events.push(AgentEvent::Waiting { wait, why: short(text(event, "error")) });
            }
            "permission_denied" => self.deny(text(event, "tool_name"), events),
            other => events.push(ignored(&format!("system/{other}"))),
        }
    }

    /// Comes at the beginning of every turn; only the first is news.
    fn init(&mut self, event: &Value, events: &mut Vec<AgentEvent>) {
        self.watch.working();
        self.account.open();
        if std::mem::replace(&mut self.is_started, true) {
            return;
        }
        let word = |field| event.get(field).and_then(Value::as_str).map(short);
        if let Some(model) = word("model") {
            self.model = model;
        }
        events.push(AgentEvent::Started {
            session: word("session_id"),
            model: word("model"),
            version: word("claude_code_version"),
        });
    }

    fn assistant(&mut self, event: &Value, events: &mut Vec<AgentEvent>) {
        self.watch.working();
        self.delegated(event);
        let message = event.get("message").unwrap_or(&Value::Null);
        if text(message, "model") == SYNTHETIC {
            self.error = Some(short(text(event, "error"))).filter(|word| !word.is_empty());
        } else {
            let tokens = self.account.message(&short(text(message, "id")), message.get("usage"));
            if event.get("parent_tool_use_id").is_none_or(Value::is_null) {
                self.context.request(&tokens);
            }
        }
        for block in content(message) {
            match text(block, "type") {
                "text" => events.push(AgentEvent::Text(text(block, "text").to_owned())),
                "thinking" => events.push(AgentEvent::Thought(text(block, "thinking").to_owned())),
                "tool_use" => self.tool_use(block, events),
                other => events.push(ignored(&format!("assistant/{other}"))),
            }
        }
    }

    fn tool_use(&mut self, block: &Value, events: &mut Vec<AgentEvent>) {
        let (id, name) = (short(text(block, "id")), short(text(block, "name")));
        if name == ANSWER_TOOL {
            self.answer_call = Some(id);
            return;
        }
        self.tool_uses += 1;
        self.watch.tool_started(&id);
        events.push(AgentEvent::ToolStarted { id, name, summary: telling(block.get("input")) });
    }

    fn user(&mut self, event: &Value, events: &mut Vec<AgentEvent>) {
        self.delegated(event);
        let message = event.get("message").unwrap_or(&Value::Null);
        for block in content(message).filter(|block| text(block, "type") == "tool_result") {
            let id = short(text(block, "tool_use_id"));
            if self.answer_call.as_ref() == Some(&id) {
                continue;
            }
            self.watch.tool_ended(&id);
            let is_error = block.get("is_error").and_then(Value::as_bool).unwrap_or(false);
            self.tool_error = is_error.then(|| said(block));
            events.push(AgentEvent::ToolEnded { id, is_error });
        }
    }

    /// A message inside a tool call: the call is another model at work, so its time is the models'.
    fn delegated(&mut self, event: &Value) {
        if let Some(call) = event.get("parent_tool_use_id").and_then(Value::as_str) {
            self.watch.tool_ended(&short(call));
        }
    }

    fn limit(&mut self, event: &Value, events: &mut Vec<AgentEvent>) {
        let info = event.get("rate_limit_info").unwrap_or(&Value::Null);
        let state = match text(info, "status") {
            "rejected" => LimitState::Rejected,
            "allowed_warning" => LimitState::Warned,
            "allowed" => LimitState::Allowed,
            other => return events.push(ignored(&format!("rate_limit_event/{other}"))),
        };
        let resets_at = info.get("resetsAt").and_then(Value::as_i64);
        let resets_at = resets_at.and_then(|second| Timestamp::from_second(second).ok());
        if state == LimitState::Rejected {
            self.rejected_until = resets_at;
        }
        let window = text(info, "rateLimitType");
        let used = info.pointer(&format!("/unifiedWindows/{window}/utilization"));
        let used = used.or_else(|| info.get("utilization")).and_then(Value::as_f64);
        events.push(AgentEvent::LimitReported { state, window: short(window), used, resets_at });
    }

    fn result(&mut self, event: &Value, events: &mut Vec<AgentEvent>) {
        self.account.result(event, &self.model);
        self.context.holds(window(event, &self.model));
        self.watch.idle();
        for denial in event.get("permission_denials").and_then(Value::as_array).into_iter().flatten() {
            self.remember_denied(text(denial, "tool_name"));
        }
        let turn = self.judge(event);
        self.error = None;
        self.rejected_until = None;
        events.push(AgentEvent::TurnEnded(turn));
    }

    fn judge(&mut self, event: &Value) -> Turn {
        if classify::is_answer_missing(event) {
            return self.standing.invalid(answer::Invalid::Missing.to_string());
        }
        let is_error = event.get("is_error").and_then(Value::as_bool).unwrap_or(false);
        if is_error || text(event, "subtype") != "success" {
            let (error, resets_at) = (self.error.as_deref(), self.rejected_until);
            let context = Context { model: &self.model, error, resets_at };
            return self.standing.failed(classify::failure(event, &context));
        }
        match self.expected {
            Expected::Answer => {
                let answer = event.get("structured_output").unwrap_or(&Value::Null);
                self.standing.answered(answer::judge(answer))
            }
            Expected::Text => self.standing.wrote(text(event, "result")),
        }
    }

    fn deny(&mut self, name: &str, events: &mut Vec<AgentEvent>) {
        self.remember_denied(name);
        events.push(AgentEvent::ToolDenied { name: short(name) });
    }

    fn remember_denied(&mut self, name: &str) {
        let name = short(name);
        if self.denied.len() < MAX_DENIED && !self.denied.contains(&name) {
            self.denied.push(name);
        }
    }

    /// What can be told of a line whose end is lost: a message of the model was one, and a result of tools
    /// ended them. A cut `result` line stays unread and the turn without a verdict.
    fn cut(&mut self, line: Line<'_>, events: &mut Vec<AgentEvent>) {
        let begins = |kind: &str| line.bytes.starts_with(format!("{{\"type\":\"{kind}\"").as_bytes());
        if begins("assistant") {
            self.watch.working();
            self.account.open();
        } else if begins("user") {
            self.watch.tools_ended();
        }
        events.push(AgentEvent::LineCut { length: line.length });
    }
}

impl Session for ClaudeSession {
    fn line(&mut self, line: Line<'_>, at: Duration) -> Vec<AgentEvent> {
        let mut events = Vec::new();
        self.watch.advance(at);
        if line.bytes.trim_ascii().is_empty() {
            return events;
        }
        self.watch.waits_no_more();
        if !self.is_started {
            // Whatever speaks before it introduced itself may have spent something.
            self.account.open();
        }
        if line.is_cut() {
            self.cut(line, &mut events);
            return events;
        }
        match serde_json::from_slice::<Value>(line.bytes) {
            Ok(event) if event.is_object() => self.event(&event, &mut events),
            Ok(_) | Err(_) => events.push(ignored("not an event")),
        }
        events
    }

    fn correction(&mut self, at: Duration) -> Option<Vec<u8>> {
        self.watch.advance(at);
        let text = self.standing.correction()?;
        self.account.open();
        self.watch.working();
        Some(user_line(&text))
    }

    fn activity(&self) -> Activity {
        self.watch.activity()
    }

    fn spend(&self, at: Duration) -> Spend {
        let (cost, cost_source) = self.account.cost();
        Spend {
            tokens: self.account.tokens(),
            cost,
            cost_source,
            time: self.watch.split_at(at),
            assistant_messages: self.account.messages,
            tool_uses: self.tool_uses,
        }
    }

    fn context(&self) -> Option<ContextUse> {
        self.context.known()
    }

    fn tool_error(&self) -> Option<&str> {
        self.tool_error.as_deref()
    }

    fn end(&mut self, exit: Exit, stderr_tail: &str, at: Duration) -> Ending {
        self.watch.advance(at);
        self.watch.idle();
        match self.standing.end(exit, stderr_tail) {
            // A refusal that led to no answer is the better explanation of it.
            Ending::Invalid { .. } if !self.denied.is_empty() => {
                Ending::PermissionDenied { tools: std::mem::take(&mut self.denied) }
            }
            ending => ending,
        }
    }
}

/// A field as text; what is none is empty.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn content(message: &Value) -> impl Iterator<Item = &Value> {
    message.get("content").and_then(Value::as_array).into_iter().flatten()
}

/// The end of what a tool said: a text, or blocks of text.
fn said(block: &Value) -> String {
    let content = block.get("content").unwrap_or(&Value::Null);
    let blocks = content.as_array().into_iter().flatten().map(|block| text(block, "text"));
    let text = content.as_str().map_or_else(|| blocks.collect::<Vec<_>>().join("\n"), str::to_owned);
    tail(text.trim(), DETAIL_LIMIT).to_owned()
}

/// What the model's context holds, by the account of each model in a `result`. Where the model goes by
/// another name there, the largest: nothing is to end for a helper's small context.
fn window(result: &Value, model: &str) -> Option<u64> {
    let models = result.get("modelUsage")?.as_object()?;
    let size = |usage: &Value| usage.get("contextWindow").and_then(Value::as_u64);
    models.get(model).and_then(size).or_else(|| models.values().filter_map(size).max())
}

/// A word as it may be kept: no id, name or kind is longer.
fn short(word: &str) -> String {
    head(word, 120).to_owned()
}

fn ignored(kind: &str) -> AgentEvent {
    AgentEvent::Ignored { kind: short(kind) }
}

/// The fields of a tool's input that tell most, most telling first.
const TELLING: [&str; 8] =
    ["command", "file_path", "notebook_path", "path", "pattern", "url", "query", "description"];

/// One short line of a tool's input.
fn telling(input: Option<&Value>) -> String {
    let Some(input) = input else { return String::new() };
    let known = TELLING.iter().map(|field| text(input, field)).find(|text| !text.is_empty());
    let line = known.map_or_else(|| input.to_string(), str::to_owned);
    head(line.lines().next().unwrap_or_default(), 200).to_owned()
}
