//! Runs that are ended on evidence, each with an outcome of its own.

use herder_domain::repo::GoalRef;
use serde_json::{Value, json};

use crate::stage::script::{done, expect, goes_on, good, script, shell, write};
use crate::stage::{GATE, Stage};

/// A night in which the first run is ended on evidence and the second one meets the goal.
fn ended(stage: &mut Stage, first: Vec<Vec<Value>>) -> (GoalRef, u32) {
    let goal = stage.goal("Spin", "", &script(&[first, vec![good("new.txt")]].concat()));
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal).len()), ("done", 2));
    let iterations = stage.row(&goal, 1).iterations;
    assert_eq!(stage.row(&goal, 1).exit_reason, stage.outcomes(&goal)[0]);
    (goal, iterations.try_into().unwrap())
}

#[test]
fn a_run_whose_agent_ends_five_times_with_the_same_error_is_ended() {
    let mut stage = Stage::new(GATE);
    let fails = |count: u32| {
        let error =
            format!("\u{1b}[31merror\u{1b}[0m: no rule to make target, after {count}.2 s, pid {count}");
        let tool = json!({"tool": {"name": "Bash", "fails": true, "error": error}});
        vec![write("try.txt", &format!("{count}\nok\n")), tool, goes_on("Trying on.")]
    };
    let (goal, iterations) = ended(&mut stage, (1..=5).map(fails).collect());
    assert_eq!((stage.outcomes(&goal)[0].as_str(), iterations), ("same_error", 5));
    let said = stage.found(&goal).history[0].outcome.sentence();
    assert!(said.ends_with("the same error: error: no rule to make target, after *, *"), "{said}");
}

#[test]
fn a_gate_that_says_the_same_five_times_ends_the_run_and_other_words_do_not() {
    let mut stage = Stage::new("if test -f count.txt; then cat count.txt; fi; ! grep -qs bad new.txt");
    let claims = |count: u32, word: &str| {
        let bad = write("new.txt", &format!("bad {count}\n"));
        vec![bad, write("count.txt", &format!("{word}\n")), done("Met.")]
    };
    let counted = (1..=6).map(|count| claims(count, &format!("{count} tests failed")));
    let same = (7..=11).map(|count| claims(count, &format!("1 test failed in {count} ms")));
    let (goal, iterations) = ended(&mut stage, counted.chain(same).collect());
    assert_eq!((stage.outcomes(&goal)[0].as_str(), iterations), ("same_error", 11));
}

#[test]
fn a_run_that_does_and_undoes_is_ended() {
    let mut stage = Stage::new(GATE);
    let swing = |count: u32| {
        let file = if count % 2 == 1 { write("new.txt", "ok\n") } else { shell("rm new.txt") };
        vec![file, goes_on(&format!("Changed my mind, {count}."))]
    };
    let (goal, iterations) = ended(&mut stage, (1..=6).map(swing).collect());
    assert_eq!((stage.outcomes(&goal)[0].as_str(), iterations), ("oscillation", 6));
}

#[test]
fn a_context_that_stays_nearly_full_is_folded_for_and_then_ends_the_run() {
    let mut stage = Stage::new(GATE);
    let step = |count: u32| write("steps.txt", &format!("{count}\nok\n"));
    let context = |used: u32| json!({"context": {"used": used, "window": 200_000}});
    let steps = (1..=4).map(|count| vec![step(count), context(90_000), goes_on(&format!("Step {count}."))]);
    let full = vec![step(5), context(181_000), goes_on("Step 5.")];
    let told = vec![
        expect("The last iteration nearly filled the model's context: take a smaller step"),
        expect("What happened in iterations 1 to 3, folded:\n<summary>\n- iteration 1: Step 1."),
        step(6),
        context(195_000),
        goes_on("Step 6."),
    ];
    let overflown = vec![step(7), json!("context_full")];
    let (goal, iterations) = ended(&mut stage, steps.chain([full, told, overflown]).collect());
    assert_eq!((stage.outcomes(&goal)[0].as_str(), iterations), ("context_full", 7));
}

#[test]
fn a_prompt_that_leaves_no_room_ends_the_run_before_it_costs_anything() {
    let mut stage = crate::stage::Plan::gate(GATE)
        .config("[agents.narrow]\nkind = \"replay\"\ncontext_window = 500")
        .build();
    let goal = stage.goal("Fit", "---\nagent: narrow\n---", &script(&[good("new.txt")]));
    let up = stage.up();
    stage.until_happened("a judged run", &goal, |what| {
        matches!(what, herder_domain::event::What::RunJudged { .. }).then_some(())
    });
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.outcomes(&goal)[0].as_str(), stage.row(&goal, 1).iterations), ("context_full", 0));
}
