//! The whole of herder with the real Claude Code, against a scripted model on this machine, at a copy of this
//! project: what a person would find in the morning.
//!
//! Ignored by default: the program is proprietary and large. `cargo xtask test --suite real-claude` installs it and
//! runs these; by hand, give the path of its native binary in HERDER_TEST_CLAUDE and ask for ignored tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

#[path = "real_claude/stage.rs"]
mod stage;

use std::time::Duration;

use herder_domain::gate::Verdict;
use herder_testkit::{Fault, Reply, Tokens};
use jiff::Timestamp;
use serde_json::json;
use stage::{GATE, Stage, TOKEN, assert_tokens};

fn good() -> Reply {
    Reply::write("notes.txt", "good\n")
}

fn read(path: &str) -> Reply {
    Reply::tool("Read", json!({"file_path": format!("{{cwd}}/{path}")}))
}

fn edit(path: &str, old: &str, new: &str) -> Reply {
    let place = format!("{{cwd}}/{path}");
    Reply::tool("Edit", json!({"file_path": place, "old_string": old, "new_string": new}))
}

fn done() -> Reply {
    Reply::answer("done", "The notes are written. They are good.")
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn an_edit_through_the_real_tools_lands() {
    let stage = Stage::new(GATE);
    let tokens = Tokens { input: 1000, output: 50, cache_read: 300, cache_create: 200 };
    let steps = [
        good().thinking("A file is wanted.").tokens(tokens),
        read("LICENSE-MIT"),
        edit("LICENSE-MIT", "MIT License", "The MIT License"),
        Reply::bash("test -z \"$IS_ROOT\" && tail -n 1 notes.txt"),
        done(),
    ];
    stage.script("Write alpha", steps);
    stage.goal("Write alpha");
    assert_eq!(stage.night(), 0);
    assert_eq!(
        (stage.status("Write alpha").as_str(), stage.repo.log()[0].as_str()),
        ("done", "Goal #1: Write alpha")
    );
    assert_eq!(stage.repo.file_at("main", "notes.txt").as_deref(), Some("good\n"));
    assert!(stage.repo.file_at("main", "LICENSE-MIT").unwrap().starts_with("The MIT License"));
    let row = stage.row();
    assert_tokens(&row, stage.server.tokens_sent_for("Write alpha"));
    assert_eq!((row.iterations, row.tool_uses, row.agent.as_deref()), (1, 4, Some("claude")));
    assert!(row.cost_usd.known().is_some_and(|usd| usd > 0.0) && row.agent_version.is_some(), "{row:?}");
    let message = stage.repo.message("main");
    for trailer in
        ["Herder-Goal:", "Herder-Run:", "Herder-Model: sonnet", "Herder-Gate: green", "Herder-Cost: $"]
    {
        assert!(message.contains(trailer), "{trailer} in {message}");
    }
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_red_gate_is_repaired_in_the_second_iteration() {
    let stage = Stage::new(GATE);
    let first = [Reply::write("notes.txt", "bad\n"), done()];
    let second = [read("notes.txt"), edit("notes.txt", "bad", "good"), done()];
    stage.script("Write beta", first.into_iter().chain(second));
    stage.goal("Write beta");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Write beta"), "done");
    assert_eq!(stage.repo.file_at("main", "notes.txt").as_deref(), Some("good\n"));
    let seen = stage.server.seen_for("Write beta");
    assert!(!seen[0].user_text.contains("is not good"));
    assert!(seen[2].user_text.contains("notes.txt is not good"), "{}", seen[2].user_text);
    assert_eq!(
        (seen[1].messages > seen[0].messages, seen[2].messages),
        (true, seen[0].messages),
        "a fresh context"
    );
    let iterations = stage.run(&stage.row()).iterations().unwrap();
    let gates: Vec<_> = iterations.iter().map(|one| matches!(one.gate, Some(Verdict::Green))).collect();
    assert_eq!(gates, [false, true]);
    assert_tokens(&stage.row(), stage.server.tokens_sent());
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_usage_limit_in_the_middle_is_waited_for_and_costs_no_iteration() {
    let stage = Stage::with(GATE, TOKEN, "");
    let resets_at = Timestamp::now() + Duration::from_secs(15);
    let limit = Reply::fault(Fault::UsageLimit(resets_at));
    stage.script("Write gamma", [good(), limit, Reply::bash("cat notes.txt"), done()]);
    stage.goal("Write gamma");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Write gamma"), "done");
    let row = stage.row();
    assert_eq!(row.iterations, 1);
    assert!(row.waiting_seconds.is_some_and(|seconds| seconds > 0.0), "{row:?}");
    let endings: Vec<String> =
        stage.run(&row).iterations().unwrap().into_iter().map(|one| one.ending).collect();
    assert_eq!(endings, ["usage_limit", "done"]);
    let log = fs_err::read_to_string(stage.run(&row).log_path()).unwrap();
    assert!(log.contains("== waiting until") && log.contains("for: the usage limit"), "{log}");
    assert_tokens(&row, stage.server.tokens_sent());
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_claim_without_work_waits_for_a_look() {
    let stage = Stage::new("test -f Cargo.toml");
    let before = stage.repo.tip("main");
    stage.script("Write delta", [done()]);
    stage.goal("Write delta");
    assert_eq!(stage.night(), 0);
    assert_eq!((stage.status("Write delta").as_str(), stage.repo.tip("main")), ("spot-check", before));
    assert_tokens(&stage.row(), stage.server.tokens_sent());
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn what_a_shell_leaves_in_the_background_is_ended() {
    let stage = Stage::new(GATE);
    let hide = "(setsid sleep 700 >/dev/null 2>&1 &); (trap '' TERM HUP; setsid env -i sh -c 'cd /; sleep 701; :' >/dev/null 2>&1 &); \
                nohup sleep 702 >/dev/null 2>&1 & echo hidden";
    stage.script("Write epsilon", [good(), Reply::bash(hide), done()]);
    stage.goal("Write epsilon");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Write epsilon"), "done");
    assert!(stage.server.seen_for("Write epsilon")[2].tool_results.contains("hidden"));
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_fault_that_passes_is_hardly_noticed() {
    let long = Reply::text(&"long text ".repeat(20));
    let faults = [
        ("Survive overload", Reply::fault(Fault::Overloaded)),
        ("Survive an error", Reply::fault(Fault::ServerError)),
        ("Survive a hang-up", Reply::fault(Fault::HangUp)),
        ("Survive a cut stream", long.cut_after(6)),
        ("Survive a slow answer", Reply::bash("true").slowly(Duration::from_millis(100))),
    ];
    // One after another, so that none of them lands on another's tree; each writes a file of its own.
    let stage = Stage::with("test -f Cargo.toml", stage::API_KEY, "max = 1");
    for (number, (title, fault)) in faults.iter().enumerate() {
        let write = Reply::write(&format!("notes-{number}.txt"), "good\n");
        stage.script(title, [write, fault.clone(), done()]);
        stage.goal(title);
    }
    assert_eq!(stage.night(), 0);
    let rows = stage.rows();
    assert_eq!(rows.len(), faults.len());
    for ((title, _), row) in faults.iter().zip(&rows) {
        assert_eq!((stage.status(title).as_str(), row.iterations), ("done", 1), "{title}");
        assert_tokens(row, stage.server.tokens_sent_for(title));
    }
    stage.assert_all_is_well();
}

/// What stays is waited for in longer and longer steps inside the run; when it is over the run goes on.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn an_overload_that_outlasts_the_agent_is_waited_for_by_ralph() {
    let stage = Stage::new(GATE);
    let overloaded = Reply::fault(Fault::Overloaded).times(3);
    stage.script("Wait for better times", overloaded.into_iter().chain([good(), done()]));
    stage.goal("Wait for better times");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Wait for better times"), "done");
    let row = stage.row();
    assert_eq!(row.iterations, 1);
    assert!(row.waiting_seconds.is_some_and(|seconds| seconds > 0.0), "{row:?}");
    assert_tokens(&row, stage.server.tokens_sent());
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_refused_login_parks_the_account_until_a_person_acts() {
    let stage = Stage::with("test -f Cargo.toml", stage::API_KEY, "max = 1");
    stage.script("Log in", Reply::fault(Fault::Unauthorized).times(3));
    stage.goal("Log in");
    stage.goal("Come later");
    assert_ne!(stage.night(), 0, "it ends because of the account");
    assert_eq!((stage.status("Log in").as_str(), stage.status("Come later").as_str()), ("queued", "queued"));
    let why = stage.herder(&["why", "2"], "").to_string();
    assert!(why.contains("parked"), "{why}");
    assert_eq!(stage.server.seen().len(), 3, "no other goal tried the same login");

    stage.script("Log in", [good(), done()]);
    stage.script("Come later", [Reply::write("more.txt", "more\n"), done()]);
    stage.herder(&["resume", "claude"], "");
    assert_eq!(stage.night(), 0);
    assert_eq!((stage.status("Log in").as_str(), stage.status("Come later").as_str()), ("done", "done"));
    stage.assert_all_is_well();
}

/// Twice in the middle of a session: once words without an answer, once an answer of the wrong form.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn an_invalid_answer_is_corrected_in_the_same_session() {
    let stage = Stage::new(GATE);
    let wrong = Reply::structured(json!({"status": "perhaps"})).times(5);
    let words = [good(), Reply::text("I am done."), Reply::text("Really.")];
    stage.script("Answer properly", words.into_iter().chain(wrong).chain([done()]));
    stage.goal("Answer properly");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Answer properly"), "done");
    let row = stage.row();
    assert_eq!(row.iterations, 1);
    let seen = stage.server.seen_for("Answer properly");
    assert!(seen.windows(2).all(|two| two[0].messages < two[1].messages), "one conversation that grows");
    assert_eq!(row.tokens.input, stage.server.tokens_sent().input);
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn model_and_reasoning_arrive_at_the_server_as_they_were_asked_for() {
    let stage = Stage::with("test -f Cargo.toml", stage::API_KEY, "max = 1");
    let asked = [
        ("Think not", "none", "sonnet", None),
        ("Think a little", "low", "sonnet", Some("low")),
        ("Think some", "med", "opus", Some("medium")),
        ("Think hard", "high", "sonnet", Some("high")),
    ];
    for (number, (title, reasoning, model, _)) in asked.iter().enumerate() {
        stage.script(title, [Reply::write(&format!("notes-{number}.txt"), "good\n"), done()]);
        stage.goal_with(&format!("---\nreasoning: {reasoning}\nmodel: {model}\n---\n"), title);
    }
    assert_eq!(stage.night(), 0);
    for ((title, reasoning, model, effort), row) in asked.iter().zip(stage.rows()) {
        let seen = stage.server.seen_for(title);
        assert_eq!(seen.len(), 2, "{title}");
        for one in seen {
            assert!(one.model.starts_with(&format!("claude-{model}")), "{title}: {}", one.model);
            match effort {
                Some(_) => {
                    assert_eq!((one.effort.as_deref(), one.thinking.as_deref()), (*effort, Some("adaptive")))
                }
                None => assert!(matches!(one.thinking.as_deref(), None | Some("disabled")), "{one:?}"),
            }
        }
        assert_eq!((row.model.as_str(), row.reasoning.as_str()), (*model, *reasoning));
    }
    stage.assert_all_is_well();
}

/// Ten iterations, after which the oldest are folded by the cheap model, whose spend counts.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn old_progress_is_folded_by_the_cheap_model_and_its_spend_counts() {
    let stage = Stage::new(GATE);
    let title = "Take many steps";
    let steps = (1..=10).map(|step| Reply::answer("continue", &format!("Step {step} went well.")));
    let fold =
        Reply::text("The first five steps went well.").tokens(Tokens { input: 5000, ..Tokens::default() });
    stage.script(title, steps.chain([fold, good(), done()]));
    stage.goal(title);
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status(title), "done");
    let seen = stage.server.seen_for(title);
    assert!(seen[10].model.contains("haiku"), "{}", seen[10].model);
    assert!(seen[11].user_text.contains("The first five steps went well."), "{}", seen[11].user_text);
    assert!(
        !seen[11].user_text.contains("Step 5 went well") && seen[11].user_text.contains("Step 6 went well")
    );
    let row = stage.row();
    assert_eq!(row.iterations, 11);
    assert_tokens(&row, stage.server.tokens_sent());
    stage.assert_all_is_well();
}

/// The agent has its credential; nothing else of it, and of the person who runs herder, is written anywhere.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn the_credential_comes_to_no_file() {
    let stage = Stage::new(GATE);
    let tell = Reply::bash("echo \"the key is $ANTHROPIC_API_KEY\"; env | cut -d= -f1");
    let key = stage::API_KEY.1;
    stage.script("Tell the key", [good(), tell, Reply::answer("done", &format!("The key is {key}."))]);
    stage.goal("Tell the key");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Tell the key"), "done");
    let told = &stage.server.seen_for("Tell the key")[2].tool_results;
    assert!(!told.contains("RALPH_DIR"), "{told}");
    assert!(!stage.repo.message("main").contains(key));
    let found = herder_testkit::canary::files_containing(&stage.home.state(), key);
    assert_eq!(found, Vec::<std::path::PathBuf>::new());
    stage.assert_all_is_well();
}
