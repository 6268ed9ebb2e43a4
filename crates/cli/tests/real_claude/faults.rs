//! A model that refuses, stumbles or does not answer as it should.

use std::time::Duration;

use herder_record::StatsRow;
use herder_testkit::{Fault, Reply, Tokens};
use jiff::Timestamp;
use serde_json::json;

use crate::stage::{API_KEY, GATE, Stage, TOKEN, assert_tokens, done, good};

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
    let stage = Stage::with("test -f Cargo.toml", API_KEY, "max = 1");
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
        let sent = stage.server.tokens_sent_for(title);
        if title.contains("cut") { assert_cut(row, sent) } else { assert_tokens(row, sent) }
    }
    stage.assert_all_is_well();
}

/// The client was seen to count the beginning of an answer that was cut, with an estimate of its own for what it
/// had read, and not to count it: a busy machine decides. What was sent whole is counted in any case.
fn assert_cut(row: &StatsRow, sent: Tokens) {
    let tokens = row.tokens.unwrap();
    let begun = Tokens { input: 100, ..Tokens::default() };
    assert!([sent.input, (sent + begun).input].contains(&tokens.input), "{tokens:?} of {sent:?}");
    assert!((sent.output..=sent.output + 100).contains(&tokens.output), "{tokens:?} of {sent:?}");
    assert_eq!((tokens.cache_read, tokens.cache_create), (sent.cache_read, sent.cache_create));
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
    let stage = Stage::with("test -f Cargo.toml", API_KEY, "max = 1");
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
    assert_eq!(row.tokens.unwrap().input, stage.server.tokens_sent().input);
    stage.assert_all_is_well();
}
