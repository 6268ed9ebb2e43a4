//! What bounds a run, inside an iteration and between two.

use herder_domain::event::What;
use herder_domain::repo::GoalRef;
use herder_testkit::until;
use serde_json::{Value, json};

use crate::stage::script::{done, expect, goes_on, good, hang, script, shell, waits, write};
use crate::stage::{GATE, PATIENCE, Plan, Stage};

/// One run of such a goal; the orchestrator is gone afterwards.
fn one_run(config: &str, head: &str, sessions: &[Vec<Value>]) -> (Stage, GoalRef) {
    let mut stage = Plan::gate(GATE).config(config).build();
    let goal = stage.goal("Run into a bound", head, &script(sessions));
    let up = stage.up();
    stage.until_happened("a judged run", &goal, |what| matches!(what, What::RunJudged { .. }).then_some(()));
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    assert_eq!(stage.found(&goal).series.failed, 1);
    (stage, goal)
}

#[test]
fn working_time_is_enforced_inside_an_iteration() {
    let session = vec![write("half.txt", "ok\n"), shell("sleep 600")];
    let (stage, goal) = one_run("", "---\nduration: 1s\n---", &[session]);
    assert_eq!(stage.outcomes(&goal)[0], "timeout");
    assert_eq!(stage.progress(&goal, 1), ["(the agent was stopped: the run's time is spent)"]);
    assert!(stage.row(&goal, 1).time_seconds.tools >= 0.9);
    // What it had done by then is kept.
    assert_eq!(stage.vault_file("refs/heads/goal-1", "half.txt").as_deref(), Some("ok\n"));
}

#[test]
fn an_agent_that_falls_silent_is_stopped() {
    let config = "[timeouts]\nsilence = \"1s\"\n[budget]\niterations = 1";
    let (stage, goal) = one_run(config, "", &[vec![json!({"say": "Let me think."}), hang()]]);
    assert_eq!(stage.progress(&goal, 1), ["(the agent was stopped: it said nothing for too long)"]);
    assert_eq!(stage.outcomes(&goal)[0], "max_iterations");
}

#[test]
fn a_tool_has_its_own_clock() {
    let config = "[timeouts]\nsilence = \"1s\"\ntool = \"3s\"\n[budget]\niterations = 1";
    let (stage, goal) = one_run(config, "", &[vec![shell("sleep 2"), shell("sleep 600")]]);
    assert_eq!(stage.progress(&goal, 1), ["(the agent was stopped: a tool call took too long)"]);
}

#[test]
fn an_iteration_has_its_own_clock() {
    let config = "[timeouts]\niteration = \"1s\"\n[budget]\niterations = 1";
    let (stage, goal) = one_run(config, "", &[vec![hang()]]);
    assert_eq!(stage.progress(&goal, 1), ["(the agent was stopped: the iteration took too long)"]);
}

#[test]
fn iterations_are_counted() {
    let session = |summary: &str| vec![goes_on(summary)];
    let (stage, goal) =
        one_run("[budget]\niterations = 2", "", &[session("One."), session("Two."), session("Three.")]);
    assert_eq!(stage.progress(&goal, 1), ["One.", "Two."]);
    assert_eq!(stage.outcomes(&goal)[0], "max_iterations");
    assert_eq!(stage.row(&goal, 1).iterations, 2);
}

#[test]
fn tokens_are_enforced_inside_an_iteration() {
    let session = vec![json!({"usage": {"input": 90, "output": 60}}), hang()];
    let (stage, goal) = one_run("[budget]\ntokens = 100", "", &[session]);
    assert_eq!(stage.outcomes(&goal)[0], "max_tokens");
    assert_eq!(stage.progress(&goal, 1), ["(the agent was stopped: the run's tokens are spent)"]);
    assert_eq!(stage.row(&goal, 1).tokens.unwrap().total(), 150);
}

#[test]
fn money_is_summed_over_iterations() {
    let mut stage = Plan::gate(GATE).config("[budget]\nusd = 0.5").build();
    let session = |summary: &str| vec![json!({"cost_usd": 0.3}), goes_on(summary)];
    let goal = stage.goal("Cost much", "", &script(&[session("One."), session("Two."), session("Three.")]));
    stage.good_night();
    assert_eq!(stage.progress(&goal, 1), ["One.", "Two."]);
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("stuck", vec!["budget".to_owned()]));
    assert_eq!(stage.row(&goal, 1).cost_usd.known(), Some(0.6));
}

#[test]
fn a_gate_that_takes_too_long_is_red() {
    let mut stage = Plan::gate("test ! -e new.txt || sleep 600")
        .config("[timeouts]\ngate = \"1s\"\n[budget]\niterations = 1")
        .build();
    let goal = stage.goal("Wait for the gate", "", &script(&[crate::stage::script::good("new.txt")]));
    let up = stage.up();
    stage.until_happened("a judged run", &goal, |what| matches!(what, What::RunJudged { .. }).then_some(()));
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    let output = stage.found(&goal).context.gate_output.unwrap();
    assert!(output.contains("it took longer than 1s"), "{output}");
}

#[test]
fn a_gate_that_wants_more_than_it_may_have_is_red_and_says_so() {
    let hungry = "test ! -e new.txt || head -c 400M /dev/zero | tail -c 400M >/dev/null";
    let mut stage = Plan::gate(hungry).config("[limits]\nmemory_mib = 64\n[budget]\niterations = 1").build();
    let goal = stage.goal("Eat", "", &script(&[crate::stage::script::good("new.txt")]));
    let up = stage.up();
    stage.until_happened("a judged run", &goal, |what| matches!(what, What::RunJudged { .. }).then_some(()));
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    let output = stage.found(&goal).context.gate_output.unwrap();
    // Where no cgroup can hold it to that, it is refused the memory and knows.
    assert!(
        output.contains("at the 64 MiB that a job may take") || output.contains("memory exhausted"),
        "{output}"
    );
}

#[test]
fn a_run_in_which_nothing_moves_any_more_fails() {
    let mut stage = Stage::new(GATE);
    let spins = vec![write("new.txt", "bad\n"), done("Met, I am sure.")];
    let goal =
        stage.goal("Spin", "", &script(&[spins.clone(), spins.clone(), spins.clone(), spins.clone(), spins]));
    let up = stage.up();
    stage.until_happened("a judged run", &goal, |what| matches!(what, What::RunJudged { .. }).then_some(()));
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.outcomes(&goal)[0].as_str(), stage.row(&goal, 1).iterations), ("no_progress", 4));
}

/// A trace in the tree: without any a run is ended.
fn step(number: u32) -> serde_json::Value {
    write("steps.txt", &format!("{number}\nok\n"))
}

#[test]
fn a_long_run_is_told_its_history_folded() {
    let mut stage = Stage::new(GATE);
    let mut sessions: Vec<_> =
        (1..=11).map(|number| vec![step(number), goes_on(&format!("Step {number} of many."))]).collect();
    sessions.push(vec![
        expect("What happened in iterations 1 to 5, folded:\n<summary>\n- iteration 1: Step 1 of many."),
        expect("- Iteration 11: Step 11 of many."),
        write("new.txt", "ok\n"),
        done("All steps are done."),
    ]);
    let goal = stage.goal("Take many steps", "", &script(&sessions));
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.row(&goal, 1).iterations), ("done", 12));
}

#[test]
fn a_day_that_is_spent_stops_what_is_at_work_and_a_raised_budget_has_it_go_on() {
    let tells = "[notify]\ncommand = [\"sh\", \"-c\", 'echo \"$HERDER_TITLE\" >>\"$HOME/told\"']";
    let mut stage = Plan::gate(GATE).config(&format!("[budgets.day]\nusd = 1\n{tells}")).build();
    let dear = vec![json!({"cost_usd": 1.2}), goes_on("Dear.")];
    let goal = stage.goal("Spend", "", &script(&[dear, vec![waits()], good("new.txt")]));
    let up = stage.up();
    stage.until_happened("a run that is queued again", &goal, |what| {
        matches!(what, What::RunJudged { .. }).then_some(())
    });
    assert_eq!((stage.outcomes(&goal), stage.found(&goal).series.failed), (vec!["stopped".to_owned()], 0));
    stage.until_word(&goal, "queued");
    until("the warning", PATIENCE, || {
        let told = fs_err::read_to_string(stage.home.home().join("told")).ok()?;
        told.contains("of $1.00 are spent for today").then_some(())
    });
    stage.configure(&stage.config().replace("usd = 1", "usd = 9"));
    stage.until_happened("a second run", &goal, |what| {
        matches!(what, What::RunOrdered { attempt: 2, .. }).then_some(())
    });
    assert!(up.stop().success());
    stage.home.assert_no_process_left();
}
