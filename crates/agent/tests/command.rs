//! A program that reads the prompt and prints the answer, run as a process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use herder_agent::{AgentEvent, Ending, Entry, Expected, Invocation, Kind, Registry};
use herder_domain::agent::{Answer, Reasoning, Status};
use scene::{Decoded, invocation, path_env, run};

fn ran(script: &str, expected: Expected) -> Decoded {
    let dir = tempfile::tempdir().unwrap();
    let command = ["sh", "-c", script].map(str::to_owned).into();
    let registry =
        Registry::new("/bin/true".into(), [Entry { command, ..Entry::new("mine", Kind::Command) }]).unwrap();
    let env = path_env();
    let asked = Invocation {
        expected,
        model: "big",
        reasoning: Reasoning::High,
        ..invocation("the prompt\nof two lines", &env)
    };
    run(&*registry.agent("mine").unwrap(), &asked, &[], dir.path())
}

fn ending(script: &str) -> Ending {
    ran(script, Expected::Answer).ending
}

fn answered(status: Status, summary: &str) -> Ending {
    Ending::Answered(Answer::new(status, summary))
}

#[test]
fn the_last_object_that_is_an_answer_is_the_answer() {
    let script = r#"cat; echo '{"status":"continue","summary":"first"}'; echo between
        echo '{"status":"blocked","summary":"Which of the two?"}'; echo '{"other":1}'; echo bye"#;
    assert_eq!(ending(script), answered(Status::Blocked, "Which of the two?"));
}

#[test]
fn the_prompt_is_its_input_and_model_and_reasoning_its_environment() {
    let script = r#"cat; echo "$HERDER_MODEL $HERDER_REASONING $HOME""#;
    let found = ran(script, Expected::Answer);
    let summary = "the prompt\nof two lines\nbig high /home/agent".replace("lines\nbig", "linesbig");
    assert_eq!(found.ending, answered(Status::Done, &summary));
    assert_eq!(found.events[0], AgentEvent::Text("the prompt".into()));
}

#[test]
fn silence_and_success_is_a_claim_of_done() {
    assert_eq!(ending("true"), answered(Status::Done, "The command ended without a word."));
}

#[test]
fn a_long_output_is_kept_by_its_end() {
    let Ending::Answered(answer) = ending("seq 1 100000") else { panic!("no answer") };
    assert!(answer.summary.ends_with("99999\n100000"), "{}", answer.summary.len());
    assert!(answer.summary.len() <= 4 << 10);
}

#[test]
fn an_answer_that_is_none_is_invalid() {
    let found = ending(r#"echo '{"status":"finished","summary":"x"}'"#);
    assert!(matches!(found, Ending::Invalid { problem } if problem.contains("finished")));
}

#[test]
fn an_answer_of_several_lines_in_a_fence_is_one() {
    let script = "printf 'I am stuck.\\n```json\\n{\\n  \"status\": \"needs_review\",\\n  \"summary\": \"Look.\"\\n}\\n```\\n'";
    assert_eq!(ending(script), answered(Status::NeedsReview, "Look."));
    let prefixed = r#"printf 'Answer: {"status":"blocked","summary":"Which?"}\n'"#;
    assert_eq!(ending(prefixed), answered(Status::Blocked, "Which?"));
    let log = r#"echo '{"status":200}'"#;
    assert_eq!(ending(log), answered(Status::Done, r#"{"status":200}"#));
}

#[test]
fn another_exit_is_a_failure_whatever_was_answered() {
    let found = ending(r#"echo '{"status":"done","summary":"x"}'; echo "no disk" >&2; exit 3"#);
    assert_eq!(found, Ending::Crashed { detail: "ended by exit code 3: no disk".into() });
    assert_eq!(ending("kill -TERM $$"), Ending::Aborted);
    assert!(matches!(ending("kill -KILL $$"), Ending::Crashed { .. }));
}

#[test]
fn text_is_given_back_as_text() {
    let found = ran(r#"echo '{"status":"done","summary":"x"}'; echo more"#, Expected::Text);
    assert_eq!(found.ending, Ending::Replied("{\"status\":\"done\",\"summary\":\"x\"}\nmore".into()));
}

#[test]
fn what_it_costs_nobody_knows() {
    assert_eq!(ran("true", Expected::Answer).spend.cost.known(), None);
}
