//! Work that is done, and what is told of it.

use herder_domain::gate::Verdict;
use herder_testkit::{Fault, Reply, Tokens};
use serde_json::json;

use crate::stage::{API_KEY, GATE, Stage, assert_tokens, done, edit, good, read};

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn an_edit_through_the_real_tools_lands() {
    let stage = Stage::new(GATE);
    let tokens = Tokens { input: 1000, output: 50, cache_read: 300, cache_create: 200 };
    let steps = [
        good().thinking("A file is wanted.").tokens(tokens),
        read("LICENSE-MIT"),
        edit("LICENSE-MIT", "MIT License", "The MIT License"),
        Reply::bash("tail -n 1 notes.txt"),
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
fn model_and_reasoning_arrive_at_the_server_as_they_were_asked_for() {
    let stage = Stage::with("test -f Cargo.toml", API_KEY, "max = 1");
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
    let fold =
        Reply::text("The first five steps went well.").tokens(Tokens { input: 5000, ..Tokens::default() });
    stage.script(title, ten_steps().chain([fold, good(), done()]));
    stage.goal(title);
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status(title), "done");
    let seen = stage.server.seen_for(title);
    let (folded, next) = (&seen[20], &seen[21].user_text);
    assert!(folded.model.contains("haiku"), "{}", folded.model);
    assert!(next.contains("The first five steps went well."), "{next}");
    assert!(!next.contains("Step 5 went well") && next.contains("Step 6 went well"), "{next}");
    let row = stage.row();
    assert_eq!(row.iterations, 11);
    assert_tokens(&row, stage.server.tokens_sent());
    stage.assert_all_is_well();
}

/// Ten iterations that each leave a trace in the tree: without any a run is ended.
fn ten_steps() -> impl Iterator<Item = Reply> {
    (1..=10).flat_map(|step: u32| {
        let trace = Reply::bash(&format!("echo {step} >steps.txt"));
        [trace, Reply::answer("continue", &format!("Step {step} went well."))]
    })
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn a_summarizer_that_fails_never_ends_the_run() {
    let stage = Stage::new(GATE);
    let title = "Take many steps without a summary";
    stage.script(title, ten_steps().chain([Reply::fault(Fault::PromptTooLong), good(), done()]));
    stage.goal(title);
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status(title), "done");
    let seen = stage.server.seen_for(title);
    assert!(seen[20].model.contains("haiku") && seen[20].status >= 400, "{}", seen[20].status);
    // Folded by herder itself, from the entries' own words.
    assert!(seen[21].user_text.contains("- iteration 1: Step 1 went well."), "{}", seen[21].user_text);
    assert_eq!(stage.row().iterations, 11);
    stage.assert_all_is_well();
}

/// The agent has its credential; nothing else of it, and of the person who runs herder, is written anywhere.
#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn the_credential_comes_to_no_file() {
    let stage = Stage::new(GATE);
    let tell = Reply::bash("echo \"the key is $ANTHROPIC_API_KEY\"; env | cut -d= -f1");
    let key = API_KEY.1;
    stage.script("Tell the key", [good(), tell, Reply::answer("done", &format!("The key is {key}."))]);
    stage.goal("Tell the key");
    assert_eq!(stage.night(), 0);
    assert_eq!(stage.status("Tell the key"), "done");
    let told = &stage.server.seen_for("Tell the key")[2].tool_results;
    assert!(!told.contains("RALPH_DIR"), "{told}");
    assert!(!stage.repo.message("main").contains(key));
    // The repository is herder's own, with this test in it: the base's files, as templates keep them, have the key.
    let templates = stage.home.state().join("templates");
    let mut found = herder_testkit::canary::files_containing(&stage.home.state(), key);
    found.retain(|path| !path.starts_with(&templates));
    assert_eq!(found, Vec::<std::path::PathBuf>::new());
    stage.assert_all_is_well();
}

#[test]
#[ignore = "needs the real Claude Code CLI in HERDER_TEST_CLAUDE"]
fn what_the_model_proposes_in_its_answer_becomes_a_draft() {
    let stage = Stage::new(GATE);
    let proposal =
        json!({"title": "Sort the notes", "objective": "They are unsorted.", "acceptance": ["sorted"]});
    let answer = json!({"status": "done", "summary": "Written. It is good.", "follow_ups": [proposal]});
    stage.script("Write zeta", [good(), Reply::structured(answer)]);
    stage.goal("Write zeta");
    assert_eq!(stage.night(), 0);
    assert_eq!(
        (stage.status("Write zeta").as_str(), stage.status("Sort the notes").as_str()),
        ("done", "draft")
    );
    stage.assert_all_is_well();
}
