//! What counts as an answer in a stream of text.

use herder_domain::agent::Status;

use super::*;

fn found(text: &str) -> Option<Result<Answer, Invalid>> {
    let mut sieve = Sieve::default();
    text.lines().for_each(|line| sieve.line(line));
    sieve.answer()
}

fn blocked(summary: &str) -> Option<Result<Answer, Invalid>> {
    Some(Ok(Answer::new(Status::Blocked, summary)))
}

#[test]
fn an_answer_is_found_whatever_stands_around_it() {
    for text in [
        "{\"status\":\"blocked\",\"summary\":\"Which?\"}",
        "{\n  \"status\": \"blocked\",\n  \"summary\": \"Which?\"\n}",
        "Done so far.\n```json\n{\n \"status\": \"blocked\",\n \"summary\": \"Which?\"\n}\n```\nbye",
        "Answer: {\"status\":\"blocked\",\"summary\":\"Which?\"}. That is all.",
        "fn main() { say(\"it's {\") }\n{\"oops {\"status\":\"blocked\",\"summary\":\"Which?\"}",
        "{ {\"status\":\"blocked\",\"summary\":\"Which?\"} }",
        "{\"type\":\"result\",\"result\":{\"status\":\"blocked\",\"summary\":\"Which?\"}}",
        "{\"level\":\"info\",\"status\":200}{\"status\":\"blocked\",\"summary\":\"Which?\"}{\"status\":\"ok\"}",
    ] {
        assert_eq!(found(text), blocked("Which?"), "{text}");
    }
    let braces = "{\"status\":\"blocked\",\"summary\":\"Is \\\"}\\\" or { meant?\"}";
    assert_eq!(found(braces), blocked("Is \"}\" or { meant?"));
}

#[test]
fn the_last_answer_counts_and_an_outer_one_ends_last() {
    let text = "{\"status\":\"done\",\"summary\":\"x\"}\n{\"status\":\"blocked\",\"summary\":\"y\"}\n{\"status\":\"fine\",\"summary\":\"z\"}";
    assert_eq!(found(text), blocked("y"));
    let nested =
        "{\"status\":\"blocked\",\"summary\":\"y\",\"was\":{\"status\":\"continue\",\"summary\":\"x\"}}";
    assert_eq!(found(nested), blocked("y"));
}

#[test]
fn logs_and_repeated_instructions_are_no_answers() {
    for text in [
        "",
        "all done",
        "{\"status\":200}\n{\"status\":\"ok\"}\n{\"status\":null,\"summary\":\"x\"}\n{\"summary\":\"x\"}",
        "{\"status\":\"...\",\"summary\":\"...\"}",
        "{\"status\":\"<word>\",\"summary\":\"<text>\"}",
        "Answer { status: Done, summary }",
        "{\"properties\":{\"status\":{\"enum\":[\"done\",\"blocked\"]},\"summary\":{}}}",
        "{{{{ \"status\": unfinished",
    ] {
        assert_eq!(found(text), None, "{text}");
    }
}

#[test]
fn what_was_meant_as_an_answer_is_named() {
    for (text, problem) in [
        ("{\"status\":\"finished\",\"summary\":\"x\"}", "status was \"finished\""),
        ("{\"status\":\"Blocked\",\"summary\":\"x\"}", "status was \"Blocked\""),
        ("{\"status\":\"needs-review\"}", "status was \"needs-review\""),
        ("{\"status\":\"blocked\"}", "summary was missing"),
        ("{\"status\":\"blocked\",\"summary\":\" \"}", "summary was missing"),
        ("{\"status\":\"blocked\",\"summary\":\"one\ntwo\"}", "not valid JSON: control character"),
        ("{\"summary\":\"one\ntwo\",\"status\":\"blocked\"}", "not valid JSON: control character"),
        ("{'status': 'blocked', 'summary': 'Which?'}", "not valid JSON: key must be a string"),
        ("{\"status\":\"blocked\",\"summary\":\"cut off", "not valid JSON"),
    ] {
        let Some(Err(invalid)) = found(text) else { panic!("{text}") };
        assert!(invalid.to_string().contains(problem), "{text}: {invalid}");
    }
}

#[test]
fn an_answer_is_found_in_any_amount_of_output_and_no_more_than_two_windows_are_kept() {
    let mut sieve = Sieve::default();
    sieve.line("{\"status\":\"blocked\",");
    sieve.line("\"summary\":\"Which?\"}");
    let long = "{\"x ".repeat(WINDOW / 2);
    for _ in 0..4 {
        sieve.line(&long);
        assert!(sieve.kept.len() <= 2 * WINDOW && sieve.printed().len() <= WINDOW);
    }
    assert_eq!(sieve.answer(), blocked("Which?"));
}

#[test]
fn an_answer_across_the_edge_of_a_window_is_whole() {
    for shift in (WINDOW - 60)..(WINDOW + 10) {
        let text = format!("{}{}", "ä".repeat(shift / 2), "y".repeat(shift % 2));
        let answer = "{\"status\":\"blocked\",\"summary\":\"Which?\"}";
        assert_eq!(found(&format!("{text}{answer}{text}{text}")), blocked("Which?"), "{shift}");
    }
}

#[test]
fn deep_nesting_is_borne() {
    assert_eq!(found(&"{\"a\":".repeat(2_000)), None);
    assert_eq!(found(&"{\"a\":[{},".repeat(1_000)), None);
    let deep = format!("{}{}", "{\"a\":".repeat(1_000), "{\"status\":\"blocked\",\"summary\":\"y\"}");
    assert_eq!(found(&deep), blocked("y"));
}
