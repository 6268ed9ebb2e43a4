//! A scripted model: the Messages API with streaming, on a loopback port, good enough for the real Claude Code.
//!
//! Each goal gets a script, found by a marker in the conversation; each request of an agent takes one step of it.
//! Requests without tools (titles, summaries) never take a step of a goal's script; they have scripts of their own
//! or a default answer. Everything asked and everything sent is recorded. What the real client makes of each answer
//! and fault is written down, as tests, in `tests/real_claude.rs`.
//!
//! Seen of Claude Code 2.1.330, with CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1: it asks for nothing but
//! `POST /v1/messages?beta=true`, always as a stream, except for one last attempt without one after streams were cut
//! for as often as it tries again. `--effort E` arrives as `output_config.effort` (`medium` when not given), thinking
//! as `thinking.type = adaptive`, which CLAUDE_CODE_DISABLE_THINKING=1 leaves out; `--tools ""` offers no tool.

mod fault;
mod reply;
mod request;
mod script;
mod stream;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use reply::{Block, Fault, Reply, STRUCTURED_OUTPUT, Tokens};
pub use request::Seen;
use serde_json::json;

use crate::http::{Listener, Request, Responder, lock};
use crate::until;
use fault::Refusal;
use script::{Choice, Script};
use stream::Answer;

/// What a request without tools gets when no script wants it.
const SIDE_ANSWER: &str = "Nothing of note happened.";

/// The server; it stops when it is dropped.
pub struct ModelServer {
    listener: Listener,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    scripts: Mutex<Vec<Script>>,
    seen: Mutex<Vec<Seen>>,
    unforeseen: Mutex<Vec<String>>,
    answers: AtomicU64,
}

impl ModelServer {
    /// Listens on a free loopback port, with no script yet.
    pub fn start() -> ModelServer {
        let state = Arc::new(State::default());
        let shared = state.clone();
        let handle = move |request: Request, responder: Responder| shared.respond(&request, responder);
        ModelServer { listener: Listener::start(Arc::new(handle)), state }
    }

    /// For ANTHROPIC_BASE_URL.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Answers the conversations whose user text contains `marker` with these steps, one a request. After the
    /// last step a request is unforeseen. A second call with the same marker adds steps.
    pub fn script(&self, marker: &str, steps: Vec<Reply>) {
        self.add(marker, steps, false, false);
    }

    /// Like [`ModelServer::script`], but begins again at the end.
    pub fn endless_script(&self, marker: &str, steps: Vec<Reply>) {
        self.add(marker, steps, false, true);
    }

    /// Answers requests *without tools* whose user text contains `marker`: summaries and the like.
    pub fn side_script(&self, marker: &str, steps: Vec<Reply>) {
        self.add(marker, steps, true, false);
    }

    /// All requests for an answer so far, oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// The requests that the script with this marker answered.
    pub fn seen_for(&self, marker: &str) -> Vec<Seen> {
        let seen = lock(&self.state.seen);
        seen.iter().filter(|one| one.script.as_deref() == Some(marker)).cloned().collect()
    }

    /// Waits until the script with this marker has been asked `count` times.
    ///
    /// # Panics
    /// When it has not been after `timeout`.
    #[track_caller]
    pub fn wait_until_asked(&self, marker: &str, count: usize, timeout: Duration) -> Vec<Seen> {
        until(&format!("{count} requests for {marker}"), timeout, || {
            Some(self.seen_for(marker)).filter(|seen| seen.len() >= count)
        })
    }

    /// Tokens of all answers that were sent whole.
    pub fn tokens_sent(&self) -> Tokens {
        self.seen().iter().map(|one| one.tokens).sum()
    }

    /// Tokens of the whole answers of one script.
    pub fn tokens_sent_for(&self, marker: &str) -> Tokens {
        self.seen_for(marker).iter().map(|one| one.tokens).sum()
    }

    /// Steps of the script with this marker that nobody has taken yet.
    pub fn steps_left(&self, marker: &str) -> usize {
        let scripts = lock(&self.state.scripts);
        scripts.iter().filter(|script| script.marker == marker).map(|script| script.steps.len()).sum()
    }

    /// Why requests were refused that no script foresaw: empty in a test that went as planned.
    pub fn unforeseen(&self) -> Vec<String> {
        lock(&self.state.unforeseen).clone()
    }

    fn add(&self, marker: &str, steps: Vec<Reply>, is_for_side: bool, is_endless: bool) {
        let mut scripts = lock(&self.state.scripts);
        let known = scripts.iter_mut().find(|one| one.marker == marker && one.is_for_side == is_for_side);
        match known {
            Some(script) => script.steps.extend(steps),
            None => {
                let (marker, steps) = (marker.to_owned(), steps.into());
                scripts.push(Script { marker, is_for_side, is_endless, steps });
            }
        }
    }
}

impl State {
    fn respond(&self, request: &Request, responder: Responder) {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v1/messages") => self.respond_as_model(request, responder),
            ("POST", "/v1/messages/count_tokens") => {
                // Four bytes a token is the rule of thumb; nobody checks it.
                send_json(responder, &json!({"input_tokens": request.body.len() / 4}));
            }
            // Reachability checks, settings, telemetry: an empty answer satisfies them.
            _ => send_json(responder, &json!({})),
        }
    }

    fn respond_as_model(&self, request: &Request, responder: Responder) {
        let Some(mut seen) = Seen::from_request(request) else {
            return Refusal::unforeseen("the body is no request for a message").send(responder);
        };
        let choice = script::choose(&mut lock(&self.scripts), &seen);
        let reply = match choice {
            Choice::Step(marker, reply) => {
                seen.script = Some(marker);
                Ok(reply)
            }
            Choice::Default => Ok(Reply::text(SIDE_ANSWER)),
            Choice::Unforeseen(marker, why) => {
                seen.script = marker;
                Err(why)
            }
        };
        let number = self.record(seen.clone());
        match reply {
            Ok(reply) => self.play(number, &seen, &reply, responder),
            Err(why) => {
                lock(&self.unforeseen).push(why.clone());
                self.refuse(number, &Refusal::unforeseen(&why), responder);
            }
        }
    }

    /// Its index in the record.
    fn record(&self, seen: Seen) -> usize {
        let mut all = lock(&self.seen);
        all.push(seen);
        all.len() - 1
    }

    fn play(&self, number: usize, seen: &Seen, reply: &Reply, responder: Responder) {
        let held = reply.latch.as_ref().map_or(Ok(()), |latch| responder.wait_for(latch));
        if held.and_then(|()| responder.pause(reply.before)).is_err() {
            return; // the server ends
        }
        match &reply.fault {
            None => self.answer(number, seen, reply, responder),
            Some(fault) => match Refusal::of(fault) {
                Some(refusal) => self.refuse(number, &refusal, responder),
                None => responder.hang_up(),
            },
        }
    }

    fn refuse(&self, number: usize, refusal: &Refusal, responder: Responder) {
        lock(&self.seen)[number].status = refusal.status();
        refusal.send(responder);
    }

    fn answer(&self, number: usize, seen: &Seen, reply: &Reply, responder: Responder) {
        let cwd = seen.working_directory().unwrap_or_else(|| ".".to_owned());
        let id = self.answers.fetch_add(1, Ordering::Relaxed);
        let answer = Answer { number: id, model: &seen.model, cwd: &cwd, reply };
        // Before the last byte: a client that has read it may already ask a test to compare.
        lock(&self.seen)[number].status = 200;
        if reply.cut_after.is_none() {
            lock(&self.seen)[number].tokens = reply.tokens;
        }
        let sent =
            if seen.is_streaming { send_stream(&answer, responder) } else { send_object(&answer, responder) };
        if sent.is_err() {
            lock(&self.seen)[number].tokens = Tokens::default();
        }
    }
}

fn send_stream(answer: &Answer<'_>, responder: Responder) -> std::io::Result<()> {
    let mut chunks = responder.stream(200, &[("content-type", "text/event-stream")])?;
    let events = answer.events();
    let whole = events.len();
    for event in events.iter().take(answer.reply.cut_after.unwrap_or(whole)) {
        chunks.write(event)?;
        chunks.pause(answer.reply.between)?;
    }
    match answer.reply.last_error.as_ref().and_then(Refusal::of) {
        Some(refusal) => chunks.write(&stream::framed(&refusal.body()))?,
        None if answer.reply.cut_after.is_some() => return Ok(()),
        None => {}
    }
    chunks.finish()
}

fn send_object(answer: &Answer<'_>, responder: Responder) -> std::io::Result<()> {
    if answer.reply.cut_after.is_some() {
        responder.hang_up();
        return Ok(());
    }
    responder.send(200, &[("content-type", "application/json")], answer.object().to_string().as_bytes())
}

fn send_json(responder: Responder, body: &serde_json::Value) {
    let _ = responder.send(200, &[("content-type", "application/json")], body.to_string().as_bytes());
}
