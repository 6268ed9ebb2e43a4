//! The scripted model server against the real Claude Code CLI, which it is written for: what the client makes of
//! each answer and fault, and so what the `claude` agent has to expect.
//!
//! Ignored by default: the CLI is proprietary and large. To run them, install it outside the repository with
//! `npm install @anthropic-ai/claude-code@2.1.330`, give the path of its native binary (below
//! `node_modules/@anthropic-ai/claude-code-linux-x64/`) in HERDER_TEST_CLAUDE, and ask for ignored tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use herder_testkit::{Fault, ModelServer, Reply, TempHome, Tokens, processes_with, until};
use serde_json::{Value, json};

/// Beyond any run of these scripts, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);
const MARKER: &str = "goal-alpha";
const PROMPT: &str = "This is goal-alpha: write hello.txt";

const API_KEY: (&str, &str) = ("ANTHROPIC_API_KEY", "sk-dummy");
/// Keeps faults for ever short: three attempts, 1.5 s.
const FEW_RETRIES: (&str, &str) = ("CLAUDE_CODE_MAX_RETRIES", "2");

/// Claude Code as the agent crate runs it: prompts as lines on stdin, events as lines on stdout.
struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    events: Vec<Value>,
}

fn claude(scene: &TempHome, server: &ModelServer, env: &[(&str, &str)]) -> Command {
    let binary: PathBuf = std::env::var_os("HERDER_TEST_CLAUDE")
        .expect("these tests need HERDER_TEST_CLAUDE, the path of the native claude binary")
        .into();
    let work = scene.path().join("work");
    std::fs::create_dir_all(&work).unwrap();
    let mut command = scene.herder(binary);
    command
        .env("ANTHROPIC_BASE_URL", server.url())
        .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        .env("DISABLE_TELEMETRY", "1")
        .env("DISABLE_AUTOUPDATER", "1")
        // Without it, bypassPermissions is refused to root.
        .env("IS_SANDBOX", "1")
        .envs(env.iter().copied())
        .current_dir(work);
    command
}

fn schema() -> String {
    let status = json!({"type": "string", "enum": ["continue", "done", "blocked", "needs_review"]});
    let properties = json!({"status": status, "summary": {"type": "string"}});
    json!({"type": "object", "properties": properties, "required": ["status", "summary"]}).to_string()
}

impl Session {
    fn start(scene: &TempHome, server: &ModelServer, env: &[(&str, &str)]) -> Session {
        let mut child = claude(scene, server, env)
            .args(["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"])
            .args(["--model", "sonnet", "--effort", "medium", "--json-schema", &schema()])
            .args(["--permission-mode", "bypassPermissions"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let stdin = child.stdin.take();
        Session { child, stdin, lines, events: Vec::new() }
    }

    /// One turn: the line on stdin, the events up to its result.
    fn say(&mut self, text: &str) -> Value {
        let line = json!({"type": "user", "message": {"role": "user", "content": text}});
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
        loop {
            let event = self.lines.recv_timeout(PATIENCE).expect("another event");
            self.events.push(event.clone());
            if event["type"] == "result" {
                return event;
            }
        }
    }

    /// Closes stdin, which is what ends the process, and waits for the exit code.
    fn end(mut self) -> i32 {
        assert_eq!(self.child.try_wait().unwrap(), None, "it waits for another turn");
        drop(self.stdin.take());
        until("claude to exit", PATIENCE, || self.child.try_wait().unwrap()).code().unwrap()
    }

    fn all(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["type"] == kind || event["subtype"] == kind).collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tokens of a result, from the only place that is never short: see the test on exhausted answers.
fn tokens_of(result: &Value) -> Tokens {
    let models = result["model_usage_since_last_result"].as_object().into_iter().flatten();
    models
        .map(|(_, usage)| Tokens {
            input: usage["inputTokens"].as_u64().unwrap(),
            output: usage["outputTokens"].as_u64().unwrap(),
            cache_read: usage["cacheReadInputTokens"].as_u64().unwrap(),
            cache_create: usage["cacheCreationInputTokens"].as_u64().unwrap(),
        })
        .sum()
}

fn done() -> Reply {
    Reply::answer("done", "All of it.")
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_uses_its_tools_and_gives_its_answer() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    let tokens = Tokens { input: 1000, output: 50, cache_read: 300, cache_create: 200 };
    let write = Reply::write("hello.txt", "hello\n").thinking("A file is wanted.").tokens(tokens);
    let look = Reply::bash("cat hello.txt").and_tool("Bash", json!({"command": "exit 3"}));
    server.script(MARKER, vec![write, look, done()]);

    let mut session = Session::start(&scene, &server, &[API_KEY]);
    let result = session.say(PROMPT);
    assert_eq!(result["structured_output"], json!({"status": "done", "summary": "All of it."}));
    assert_eq!((&result["subtype"], &result["is_error"]), (&json!("success"), &json!(false)));
    assert_eq!(std::fs::read_to_string(scene.path().join("work/hello.txt")).unwrap(), "hello\n");
    assert_eq!(tokens_of(&result), server.tokens_sent());
    assert_eq!(session.end(), 0);

    let seen = server.seen_for(MARKER);
    assert_eq!(seen.len(), 3);
    assert!(
        seen.iter().all(|one| one.model.starts_with("claude-sonnet") && one.is_streaming && !one.is_side)
    );
    assert!(seen.iter().all(|one| one.effort.as_deref() == Some("medium")));
    assert_eq!((seen[0].thinking.as_deref(), seen[0].last_user_text.as_str()), (Some("adaptive"), PROMPT));
    assert_eq!(seen[2].tool_results, "hello\nExit code 3");
    assert!(server.unforeseen().is_empty());
    scene.assert_no_process_left();
}

/// A turn that ends without the tool is asked once by the client itself, then it is a success without an answer.
/// Every turn begins with its own `system/init`; costs add up over turns, tokens do not.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_is_corrected_by_a_second_turn_of_the_same_process() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    server.script(MARKER, vec![Reply::text("I am done."), Reply::text("Really."), done()]);
    let mut session = Session::start(&scene, &server, &[API_KEY]);
    let first = session.say(PROMPT);
    assert_eq!((&first["subtype"], &first["is_error"]), (&json!("success"), &json!(false)));
    assert_eq!((&first["structured_output"], &first["result"]), (&Value::Null, &json!("Really.")));
    assert!(server.seen()[1].last_user_text.starts_with("[structured-output-enforce]"));

    let second = session.say("Answer with the tool StructuredOutput.");
    assert_eq!(second["structured_output"]["status"], "done");
    assert_eq!((&first["result_index"], &second["result_index"]), (&json!(0), &json!(1)));
    assert_eq!(first["session_id"], second["session_id"]);
    assert_eq!(session.all("init").len(), 2);
    assert_eq!((tokens_of(&first).input, tokens_of(&second).input), (200, 100));
    assert!(second["total_cost_usd"].as_f64().unwrap() > first["total_cost_usd"].as_f64().unwrap());
    assert_eq!(session.end(), 0);
}

/// An answer that does not fit the schema is an error result of the tool, so the model may try again in the same
/// turn, five times. `usage` of the result then lacks the last answer; `model_usage_since_last_result` has it, but
/// with an estimate of its output where the client gave up before the end of the stream (seen on a busy machine).
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_gives_up_after_five_invalid_answers_and_can_go_on() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    server.script(MARKER, Reply::structured(json!({"status": "perhaps"})).times(5));
    server.script(MARKER, vec![done()]);
    let mut session = Session::start(&scene, &server, &[API_KEY]);
    let first = session.say(PROMPT);
    assert_eq!((&first["is_error"], &first["structured_output"]), (&json!(true), &Value::Null));
    assert_eq!(first["subtype"], "error_max_structured_output_retries");
    assert_eq!(first["terminal_reason"], "structured_output_retry_exhausted");
    assert!(server.seen()[1].tool_results.contains("must have required property 'summary'"));
    assert_eq!((tokens_of(&first).input, &first["usage"]["input_tokens"]), (500, &json!(400)));

    let second = session.say("Correct your answer.");
    assert_eq!(second["structured_output"]["status"], "done");
    assert_eq!((tokens_of(&first) + tokens_of(&second)).input, server.tokens_sent().input);
    assert_eq!(session.end(), 0);
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_survives_a_fault_that_passes() {
    let cut_text = Reply::text(&"long text ".repeat(20)).cut_after(6);
    let cut_tool = Reply::write("a.txt", "x").cut_after(7);
    let faults = [
        (Reply::fault(Fault::RateLimited(Duration::from_secs(1))), json!(429)),
        (Reply::fault(Fault::Overloaded), json!(529)),
        (Reply::fault(Fault::ServerError), json!(500)),
        (Reply::fault(Fault::HangUp), Value::Null),
        (cut_text, Value::Null),
        (cut_tool, Value::Null),
    ];
    for (fault, status) in faults {
        let (scene, server) = (TempHome::new(), ModelServer::start());
        server.script(MARKER, vec![fault, done().slowly(Duration::from_millis(50))]);
        let mut session = Session::start(&scene, &server, &[API_KEY]);
        let result = session.say(PROMPT);
        assert_eq!(result["structured_output"]["status"], "done");
        assert_eq!(session.events[0]["subtype"], "init");
        let retries = session.all("api_retry");
        assert_eq!((retries.len(), &retries[0]["error_status"]), (1, &status));
        assert_eq!(tokens_of(&result), server.tokens_sent());
        assert!(!scene.path().join("work/a.txt").exists(), "a cut tool call is not made");
        assert_eq!(session.end(), 0);
    }
}

/// An error inside a stream is not a cut: a whole tool call before it is made, with the usage of `message_start` (its
/// single output token); an unfinished block is thrown away and asked for again without a stream; and before any
/// block the same is asked again as a stream. None of it is announced by an `api_retry`.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_keeps_whole_blocks_before_an_error_in_the_stream() {
    let tool = Reply::bash("echo x > kept").error_after(7, Fault::Overloaded);
    let text = Reply::text("never said").error_after(4, Fault::Overloaded);
    let nothing = Reply::text("never said").error_after(2, Fault::Overloaded);
    let (none, kept) = (Tokens::default(), Tokens { input: 100, output: 1, ..Tokens::default() });
    for (reply, is_streamed_again, extra) in [(tool, true, kept), (text, false, none), (nothing, true, none)]
    {
        let (scene, server) = (TempHome::new(), ModelServer::start());
        server.script(MARKER, vec![reply, done()]);
        let mut session = Session::start(&scene, &server, &[API_KEY]);
        let result = session.say(PROMPT);
        assert_eq!(result["structured_output"]["status"], "done");
        assert_eq!(server.seen()[1].is_streaming, is_streamed_again);
        assert_eq!(tokens_of(&result), server.tokens_sent() + extra);
        assert!(session.all("api_retry").is_empty());
        assert_eq!(scene.path().join("work/kept").exists(), extra == kept);
        assert_eq!(session.end(), 0);
    }
}

/// What does not pass is a `result` with `subtype` success, `is_error` true and `terminal_reason` api_error, and the
/// process still waits for another turn. It exits 1 when stdin is closed after such a result.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_reports_a_fault_that_stays() {
    let hour = Duration::from_secs(3600);
    let faults = [
        (Fault::RateLimited(hour), json!(429), "rate_limit", 0),
        (Fault::Overloaded, json!(529), "server_error", 2),
        (Fault::ServerError, json!(500), "server_error", 2),
        (Fault::Unauthorized, json!(401), "authentication_failed", 2),
        (Fault::CreditTooLow, json!(400), "billing_error", 0),
        (Fault::HangUp, Value::Null, "server_error", 2),
    ];
    for (fault, status, error, retries) in faults {
        let (scene, server) = (TempHome::new(), ModelServer::start());
        server.script(MARKER, Reply::fault(fault.clone()).times(9));
        let mut session = Session::start(&scene, &server, &[API_KEY, FEW_RETRIES]);
        let result = session.say(PROMPT);
        assert_eq!((&result["subtype"], &result["is_error"]), (&json!("success"), &json!(true)), "{fault:?}");
        assert_eq!((&result["terminal_reason"], &result["api_error_status"]), (&json!("api_error"), &status));
        let told = session.all("assistant");
        assert_eq!((&told[0]["error"], &told[0]["is_api_error_message"]), (&json!(error), &json!(true)));
        assert_eq!(session.all("api_retry").len(), retries, "{fault:?}");
        assert_eq!(session.end(), 1);
    }
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_calls_a_prompt_too_long() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    server.script(MARKER, vec![Reply::fault(Fault::PromptTooLong)]);
    let mut session = Session::start(&scene, &server, &[API_KEY]);
    let result = session.say(PROMPT);
    assert_eq!((&result["is_error"], &result["terminal_reason"]), (&json!(true), &json!("prompt_too_long")));
    assert_eq!(session.end(), 1);
}

/// Only a subscription's token makes the client read the window's headers. A turn after it works in the same process.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_tells_when_a_usage_limit_ends() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    let resets_at = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + 7200).unwrap();
    server.script(MARKER, vec![Reply::fault(Fault::UsageLimit(resets_at)), done()]);
    let mut session = Session::start(&scene, &server, &[("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-dummy")]);
    let result = session.say(PROMPT);
    assert_eq!(
        (&result["api_error"], &result["api_error_status"]),
        (&json!("usage_limit_reached"), &json!(429))
    );
    let limit = &session.all("rate_limit_event")[0]["rate_limit_info"];
    assert_eq!((&limit["status"], &limit["rateLimitType"]), (&json!("rejected"), &json!("five_hour")));
    assert_eq!(limit["resetsAt"], resets_at.as_second());
    assert!(session.all("api_retry").is_empty());
    assert_eq!(session.say("Go on.")["structured_output"]["status"], "done");
    assert_eq!(session.end(), 0);
}

/// The client exits 0 and leaves it: whoever runs the client has to end what is below it.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_leaves_background_processes_of_its_shell() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    let background = "(setsid sleep 600 >/dev/null 2>&1 &); echo started";
    server.script(MARKER, vec![Reply::bash(background), done()]);
    let mut session = Session::start(&scene, &server, &[API_KEY]);
    assert_eq!(session.say(PROMPT)["structured_output"]["status"], "done");
    assert_eq!(session.end(), 0);
    assert_eq!(processes_with(scene.marker()).len(), 1);
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_without_thinking_says_so_by_silence() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    server.script(MARKER, vec![done()]);
    let mut session = Session::start(&scene, &server, &[API_KEY, ("CLAUDE_CODE_DISABLE_THINKING", "1")]);
    session.say(PROMPT);
    assert_eq!(server.seen()[0].thinking, None);
    assert_eq!(session.end(), 0);
}

/// How a summary is asked for: a small model, no tools, the prompt as plain text on stdin, one JSON object back.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn real_claude_without_tools_is_a_side_request() {
    let (scene, server) = (TempHome::new(), ModelServer::start());
    server.script(MARKER, vec![done()]);
    server.side_script("Fold", vec![Reply::text("Folded.")]);
    let mut child = claude(&scene, &server, &[API_KEY])
        .args(["-p", "--model", "haiku", "--tools", "", "--output-format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"Fold the notes of goal-alpha").unwrap();
    let output = child.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &result["result"]), (Some(0), &json!("Folded.")));
    let seen = &server.seen_for("Fold")[0];
    assert!(seen.is_side && seen.model.starts_with("claude-haiku"));
    assert_eq!(server.steps_left(MARKER), 1);
}
