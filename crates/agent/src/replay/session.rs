//! The decoder of the player's output.

use std::time::Duration;

use herder_domain::ledger::{Cost, CostSource, Spend, TimeSplit, Tokens};

use super::wire::{Failure, Played, input_line};
use crate::context::ContextUse;
use crate::lines::Line;
use crate::session::{Activity, AgentEvent, DETAIL_LIMIT, Ending, Exit, LimitState, Session, Turn, head};
use crate::standing::Standing;
use crate::stopwatch::Stopwatch;
use crate::{Expected, answer, prices};

#[derive(Debug)]
pub(super) struct ReplaySession {
    expected: Expected,
    model: String,
    standing: Standing,
    watch: Stopwatch,
    tokens: Tokens,
    /// What the script says it cost, where it says so.
    cost: Option<Cost>,
    is_turn_open: bool,
    messages: u64,
    tool_uses: u64,
    context: ContextUse,
    tool_error: Option<String>,
}

impl ReplaySession {
    pub(super) fn new(expected: Expected, model: &str) -> Self {
        Self {
            expected,
            model: model.to_owned(),
            standing: Standing::default(),
            watch: Stopwatch::default(),
            tokens: Tokens::default(),
            cost: None,
            is_turn_open: false,
            messages: 0,
            tool_uses: 0,
            context: ContextUse::default(),
            tool_error: None,
        }
    }

    fn played(&mut self, event: Played, events: &mut Vec<AgentEvent>) {
        match event {
            Played::Started { session, of, model, version } => {
                self.watch.working();
                self.is_turn_open = true;
                events.push(AgentEvent::Started {
                    session: Some(format!("{session} of {of}")),
                    model: Some(model),
                    version: Some(version),
                });
            }
            Played::Text { text } => {
                self.messages += 1;
                events.push(AgentEvent::Text(text));
            }
            Played::Thought { text, seconds } => {
                self.watch.add(TimeSplit { llm: duration(seconds), ..TimeSplit::default() });
                events.push(AgentEvent::Thought(text));
            }
            Played::ToolStarted { id, name, input } => {
                self.tool_uses += 1;
                self.watch.tool_started(&id);
                events.push(AgentEvent::ToolStarted { id, name, summary: input });
            }
            Played::ToolEnded { id, is_error, seconds, error } => {
                self.watch.tool_ended(&id);
                self.tool_error = is_error.then(|| head(&error, DETAIL_LIMIT).to_owned());
                self.watch.add(TimeSplit { tools: duration(seconds), ..TimeSplit::default() });
                events.push(AgentEvent::ToolEnded { id, is_error });
            }
            Played::Waiting { seconds, why } => {
                let wait = duration(seconds);
                self.watch.waits(wait);
                events.push(AgentEvent::Waiting { wait, why });
            }
            Played::Usage { tokens } => self.spent(tokens),
            Played::Context { used, window } => {
                self.context.request(&Tokens { input: used, ..Tokens::default() });
                self.context.holds(window);
            }
            Played::Cost { usd } => self.cost = Some(self.cost.unwrap_or_default() + Cost::usd(usd)),
            Played::Turn { answer } => {
                let turn = match self.expected {
                    Expected::Answer => self.standing.answered(answer::judge(&answer)),
                    Expected::Text => self.standing.wrote(answer["summary"].as_str().unwrap_or_default()),
                };
                self.turn_ended(turn, events);
            }
            Played::Failed { failure } => self.failed(failure, events),
        }
    }

    fn failed(&mut self, failure: Failure, events: &mut Vec<AgentEvent>) {
        if let Failure::UsageLimit { resets_at } = failure {
            let window = "replay".to_owned();
            let state = LimitState::Rejected;
            events.push(AgentEvent::LimitReported { state, window, used: Some(1.0), resets_at });
        }
        let turn = self.standing.failed(ending(failure, &self.model));
        self.turn_ended(turn, events);
    }

    fn turn_ended(&mut self, turn: Turn, events: &mut Vec<AgentEvent>) {
        self.is_turn_open = false;
        self.watch.idle();
        events.push(AgentEvent::TurnEnded(turn));
    }

    fn spent(&mut self, tokens: Tokens) {
        let bounded = |count: u64| count.min(1 << 40);
        self.tokens += Tokens {
            input: bounded(tokens.input),
            output: bounded(tokens.output),
            cache_read: bounded(tokens.cache_read),
            cache_create: bounded(tokens.cache_create),
        };
    }

    fn cost(&self) -> (Cost, CostSource) {
        if self.is_turn_open {
            return (Cost::UNKNOWN, CostSource::Unknown);
        }
        let (cost, source) = match self.cost {
            Some(cost) => (cost, CostSource::Agent),
            None if self.tokens.total() == 0 => (Cost::ZERO, CostSource::Agent),
            None => (prices::cost(&self.model, &self.tokens), CostSource::Prices),
        };
        (cost, cost.known().map_or(CostSource::Unknown, |_| source))
    }
}

impl Session for ReplaySession {
    fn line(&mut self, line: Line<'_>, at: Duration) -> Vec<AgentEvent> {
        let mut events = Vec::new();
        self.watch.advance(at);
        self.watch.waits_no_more();
        if line.is_cut() {
            events.push(AgentEvent::LineCut { length: line.length });
            return events;
        }
        match serde_json::from_slice::<Played>(line.bytes) {
            Ok(event) => self.played(event, &mut events),
            Err(_) if line.bytes.trim_ascii().is_empty() => {}
            Err(_) => events.push(AgentEvent::Ignored { kind: "not an event".into() }),
        }
        events
    }

    fn correction(&mut self, at: Duration) -> Option<Vec<u8>> {
        self.watch.advance(at);
        let text = self.standing.correction()?;
        self.is_turn_open = true;
        self.watch.working();
        Some(input_line(&text))
    }

    fn activity(&self) -> Activity {
        self.watch.activity()
    }

    fn spend(&self, at: Duration) -> Spend {
        let (cost, cost_source) = self.cost();
        Spend {
            tokens: self.tokens,
            cost,
            cost_source,
            time: self.watch.split_at(at),
            assistant_messages: self.messages,
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
        self.standing.end(exit, stderr_tail)
    }
}

/// Played seconds; what is no time is none.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.min(1e9)).unwrap_or_default()
}

fn ending(failure: Failure, model: &str) -> Ending {
    let detail = || "the script says so".to_owned();
    match failure {
        Failure::UsageLimit { resets_at } => Ending::UsageLimit { resets_at },
        Failure::Overloaded => Ending::Overloaded { detail: detail() },
        Failure::Unreachable => Ending::Unreachable { detail: detail() },
        Failure::LoginFailed => Ending::LoginFailed { hint: detail() },
        Failure::PermissionDenied { tools } => Ending::PermissionDenied { tools },
        Failure::BudgetSpent => Ending::BudgetSpent,
        Failure::TurnsSpent => Ending::TurnsSpent,
        Failure::ModelRefused => Ending::ModelRefused { model: model.to_owned() },
        Failure::ContextFull => Ending::ContextFull,
    }
}
