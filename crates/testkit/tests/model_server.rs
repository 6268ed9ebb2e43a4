//! The scripted model server as a plain HTTP client sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use herder_testkit::{Fault, Latch, ModelServer, Reply, Tokens};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: Result<String, ureq::Error>,
}

/// Asks with one tool on offer, as an agent does.
fn ask(server: &ModelServer, text: &str) -> Answer {
    try_ask(server, &request(text)).unwrap()
}

fn try_ask(server: &ModelServer, body: &Value) -> Result<Answer, ureq::Error> {
    let agent =
        ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let url = format!("{}/v1/messages?beta=true", server.url());
    let sent = agent.post(&url).header("x-api-key", "sk-very-secret").send(body.to_string())?;
    let (head, mut body) = sent.into_parts();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.read_to_string() })
}

fn request(text: &str) -> Value {
    json!({
        "model": "claude-sonnet-5-5", "max_tokens": 1000, "stream": true,
        "output_config": {"effort": "medium"}, "thinking": {"type": "adaptive"},
        "tools": [{"name": "Bash", "input_schema": {"type": "object"}}],
        "system": [{"type": "text", "text": "Be brief.\n - Primary working directory: /somewhere/clone\n - more"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
    })
}

/// The `data` of each event, after a check that its name is the data's type.
fn events(stream: &str) -> Vec<Value> {
    let frames = stream.split("\n\n").filter(|frame| !frame.is_empty());
    frames
        .map(|frame| {
            let (event, data) = frame.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(event, format!("event: {}", data["type"].as_str().unwrap()));
            data
        })
        .collect()
}

fn joined(events: &[Value], field: &str) -> String {
    events.iter().filter_map(|event| event["delta"][field].as_str()).collect()
}

#[test]
fn an_answer_is_streamed_in_the_order_of_the_protocol() {
    let server = ModelServer::start();
    let tokens = Tokens { input: 7, output: 9, cache_read: 3, cache_create: 2 };
    let reply = Reply::text("A text long enough to need more than one event.").thinking("Let me see.");
    let reply = reply.and_tool("Write", json!({"file_path": "{cwd}/a", "content": "x\ny"})).tokens(tokens);
    server.script("goal 1", vec![reply]);
    let events = events(&ask(&server, "this is goal 1").body.unwrap());

    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    let block = ["content_block_start", "content_block_delta", "content_block_stop"];
    let expected =
        [&["message_start", "ping"], &block[..], &block, &block, &["message_delta", "message_stop"]];
    assert_eq!(kinds, expected.concat());
    assert_eq!(joined(&events, "thinking"), "Let me see.");
    assert_eq!(joined(&events, "text"), "A text long enough to need more than one event.");
    let arguments: Value = serde_json::from_str(&joined(&events, "partial_json")).unwrap();
    assert_eq!(arguments, json!({"file_path": "/somewhere/clone/a", "content": "x\ny"}));
    assert_eq!(events[0]["message"]["usage"]["cache_read_input_tokens"], 3);
    let delta = &events[events.len() - 2];
    assert_eq!(
        (&delta["delta"]["stop_reason"], &delta["usage"]["output_tokens"]),
        (&json!("tool_use"), &json!(9))
    );
    assert_eq!((server.tokens_sent(), server.tokens_sent_for("goal 1")), (tokens, tokens));
}

#[test]
fn without_a_stream_the_answer_is_one_object() {
    let server = ModelServer::start();
    server.script("goal 1", vec![Reply::answer("done", "All of it.").and_text("So.")]);
    let mut body = request("goal 1");
    body["stream"] = json!(false);
    let answer = try_ask(&server, &body).unwrap();
    let message: Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
    assert_eq!(message["content"][0]["name"], "StructuredOutput");
    assert_eq!(message["content"][0]["input"], json!({"status": "done", "summary": "All of it."}));
    assert_eq!(message["content"][1], json!({"type": "text", "text": "So."}));
    assert_eq!(message["usage"]["output_tokens"], 20);
}

#[test]
fn the_request_is_recorded_without_its_credential() {
    let server = ModelServer::start();
    server.script("goal 1", vec![Reply::text("yes")]);
    ask(&server, "goal 1, please");
    let seen = &server.wait_until_asked("goal 1", 1, PATIENCE)[0];
    assert_eq!((seen.model.as_str(), seen.effort.as_deref()), ("claude-sonnet-5-5", Some("medium")));
    assert_eq!((seen.thinking.as_deref(), &seen.tools), (Some("adaptive"), &vec!["Bash".to_owned()]));
    assert_eq!((seen.last_user_text.as_str(), seen.messages, seen.status), ("goal 1, please", 1, 200));
    assert_eq!(seen.headers["x-api-key"], "(14 characters)");
    assert!(!format!("{seen:?}").contains("very-secret"));
}

#[test]
fn the_marker_that_comes_first_in_what_the_person_said_chooses_the_script() {
    let server = ModelServer::start();
    server.script("goal 1", vec![Reply::text("one")]);
    server.script("goal 2", vec![Reply::text("two")]);
    let mut body = request("goal 2, after goal 1");
    body["messages"] = json!([
        {"role": "user", "content": [
            {"type": "text", "text": "<system-reminder>\nlog: goal 1\n</system-reminder>"},
            {"type": "text", "text": "goal 2, after goal 1"},
        ]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "goal 1 landed"}]},
    ]);
    assert!(try_ask(&server, &body).unwrap().body.unwrap().contains("two"));
    let seen = &server.seen_for("goal 2")[0];
    assert_eq!(seen.last_user_text, "goal 2, after goal 1");
    assert_eq!(seen.tool_results, "goal 1 landed");
}

#[test]
fn a_request_without_tools_takes_no_step_of_a_goal() {
    let server = ModelServer::start();
    server.script("goal 1", vec![Reply::text("main")]);
    server.side_script("fold", vec![Reply::text("folded")]);
    let mut body = request("a title for goal 1");
    body["tools"] = json!([]);
    assert_eq!(try_ask(&server, &body).unwrap().status, 200);
    body["messages"][0]["content"] = json!("fold the notes of goal 1");
    assert!(try_ask(&server, &body).unwrap().body.unwrap().contains("folded"));
    assert_eq!(server.steps_left("goal 1"), 1);
    assert!(server.seen().iter().all(|seen| seen.is_side) && server.unforeseen().is_empty());
}

#[test]
fn what_no_script_foresaw_is_refused_and_remembered() {
    let server = ModelServer::start();
    server.script("goal 1", vec![Reply::text("only")]);
    assert_eq!(ask(&server, "goal 1").status, 200);
    assert_eq!(ask(&server, "goal 1").status, 403);
    assert_eq!(ask(&server, "something else").status, 403);
    let unforeseen = server.unforeseen();
    assert!(unforeseen[0].contains("goal 1") && unforeseen[0].contains("no step left"));
    assert!(unforeseen[1].contains("no script"));
}

#[test]
fn an_endless_script_begins_again() {
    let server = ModelServer::start();
    server.endless_script("goal 1", vec![Reply::text("first"), Reply::text("second")]);
    let answers: Vec<String> = (0..3).map(|_| ask(&server, "goal 1").body.unwrap()).collect();
    assert!(answers[0].contains("first") && answers[1].contains("second") && answers[2].contains("first"));
}

#[test]
fn a_refusal_has_the_status_and_type_of_the_real_service() {
    let server = ModelServer::start();
    let faults = [
        (Fault::RateLimited(Duration::from_secs(7)), 429, "rate_limit_error"),
        (Fault::Overloaded, 529, "overloaded_error"),
        (Fault::ServerError, 500, "api_error"),
        (Fault::Unauthorized, 401, "authentication_error"),
        (Fault::CreditTooLow, 400, "invalid_request_error"),
        (Fault::PromptTooLong, 400, "invalid_request_error"),
    ];
    for (fault, status, kind) in faults {
        server.script("goal 1", vec![Reply::fault(fault.clone())]);
        let answer = ask(&server, "goal 1");
        let body: Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
        assert_eq!((answer.status, body["error"]["type"].as_str()), (status, Some(kind)), "{fault:?}");
    }
    assert_eq!(
        server.seen().iter().map(|seen| seen.status).collect::<Vec<_>>(),
        [429, 529, 500, 401, 400, 400]
    );
    assert_eq!(server.tokens_sent(), Tokens::default());
}

#[test]
fn a_limit_says_when_it_ends() {
    let server = ModelServer::start();
    let resets_at = "2026-11-22T12:00:00Z".parse().unwrap();
    let wait = Fault::RateLimited(Duration::from_secs(7));
    server.script("goal 1", vec![Reply::fault(wait), Reply::fault(Fault::UsageLimit(resets_at))]);
    assert_eq!(ask(&server, "goal 1").headers["retry-after"], "7");
    let answer = ask(&server, "goal 1");
    assert_eq!(answer.headers["anthropic-ratelimit-unified-status"], "rejected");
    assert_eq!(answer.headers["anthropic-ratelimit-unified-reset"], "1795348800");
}

#[test]
fn a_cut_answer_arrives_incomplete_and_counts_no_tokens() {
    let server = ModelServer::start();
    let reply = Reply::text(&"long ".repeat(50));
    server.script("goal 1", vec![reply.cut_after(4), Reply::fault(Fault::HangUp)]);
    assert!(ask(&server, "goal 1").body.is_err());
    assert!(try_ask(&server, &request("goal 1")).is_err());
    assert_eq!(server.tokens_sent(), Tokens::default());
    assert_eq!(server.seen().iter().map(|seen| seen.status).collect::<Vec<_>>(), [200, 0]);
}

#[test]
fn a_stream_that_began_well_may_end_with_an_error() {
    let server = ModelServer::start();
    server.script("goal 1", vec![Reply::text("never said").error_after(3, Fault::Overloaded)]);
    let events = events(&ask(&server, "goal 1").body.unwrap());
    assert_eq!(events.len(), 4);
    assert_eq!(
        (&events[3]["type"], &events[3]["error"]["type"]),
        (&json!("error"), &json!("overloaded_error"))
    );
    assert_eq!(server.tokens_sent(), Tokens::default());
}

#[test]
fn a_held_answer_waits_for_the_test() {
    let server = ModelServer::start();
    let latch = Latch::new();
    server.script("goal 1", vec![Reply::text("at last").held_by(&latch)]);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&server, "goal 1").body.unwrap());
        server.wait_until_asked("goal 1", 1, PATIENCE);
        assert!(!asking.is_finished());
        latch.open();
        assert!(asking.join().unwrap().contains("at last"));
    });
}

#[test]
fn a_dropped_server_lets_nobody_wait() {
    let server = ModelServer::start();
    let hour = Duration::from_secs(3600);
    server.script("goal 1", vec![Reply::text("late").after(hour), Reply::text("slow").slowly(hour)]);
    let url = format!("{}/v1/messages", server.url());
    let asking = [(); 2].map(|()| {
        let url = url.clone();
        std::thread::spawn(move || {
            let mut answer = ureq::post(&url).send(request("goal 1").to_string())?;
            answer.body_mut().read_to_string()
        })
    });
    server.wait_until_asked("goal 1", 2, PATIENCE);
    drop(server);
    assert!(asking.into_iter().all(|client| client.join().unwrap().is_err()));
}

#[test]
fn other_paths_are_answered_harmlessly() {
    let server = ModelServer::start();
    let url = server.url();
    assert_eq!(ureq::head(&url).call().unwrap().status(), 200);
    assert_eq!(ureq::get(&format!("{url}/api/claude_cli/bootstrap")).call().unwrap().status(), 200);
    let count = format!("{url}/v1/messages/count_tokens");
    let counted = ureq::post(&count).send("{\"messages\":[]}").unwrap().body_mut().read_to_string().unwrap();
    assert!(serde_json::from_str::<Value>(&counted).unwrap()["input_tokens"].is_u64());
    assert!(server.seen().is_empty());
}
