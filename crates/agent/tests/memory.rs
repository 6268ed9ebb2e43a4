//! Decoders hold a bounded part of what they hear. One test alone in its binary: it looks at the whole
//! process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use std::time::Duration;

use herder_agent::{Entry, Expected, Invocation, Kind, LINE_LIMIT, Lines, Registry};
use scene::{invocation, path_env};

/// How many bytes of this process are resident at most until now.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

/// A stream that never says the same thing twice: each line would be remembered by a careless decoder.
fn endless(number: usize) -> String {
    let text = "x".repeat(200);
    match number % 7 {
        0 => format!(
            r#"{{"type":"assistant","message":{{"id":"m{number}","usage":{{"input_tokens":1}},"content":[{{"type":"text","text":"{text}"}}]}}}}"#
        ),
        1 => format!(
            r#"{{"type":"assistant","message":{{"id":"n{number}","content":[{{"type":"tool_use","id":"t{number}","name":"Bash","input":{{"command":"{text}"}}}}]}}}}"#
        ),
        2 => format!(r#"{{"type":"system","subtype":"permission_denied","tool_name":"d{number}"}}"#),
        3 => format!(
            r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"u{number}","is_error":true,"content":"{text}"}}]}}}}"#
        ),
        4 => format!(r#"{{"type":"tool_started","id":"t{number}","name":"Bash","input":"{text}"}}"#),
        5 => format!(r#"{{"status":{number},"deep":[[[["{text}"]]]]"#),
        _ => format!("{{ {text} {number}"),
    }
}

#[test]
fn a_decoder_holds_little_however_long_the_stream_and_its_lines() {
    let command = Entry { command: vec!["true".into()], ..Entry::new("mine", Kind::Command) };
    let registry = Registry::new("/bin/true".into(), [command]).unwrap();
    let env = path_env();
    let asked = Invocation { expected: Expected::Answer, ..invocation("", &env) };
    let long = vec![b'['; 10 << 20];
    let before = peak();
    for name in ["claude", "mine", "replay"] {
        let mut session = registry.agent(name).unwrap().session(&asked);
        let mut lines = Lines::default();
        let mut hear = |bytes: &[u8]| {
            lines.feed(bytes, |line| drop(session.line(line, Duration::ZERO)));
            lines.feed(b"\n", |line| drop(session.line(line, Duration::ZERO)));
        };
        for number in 0..60_000 {
            hear(endless(number).as_bytes());
        }
        for _ in 0..3 {
            hear(&long);
        }
    }
    // Some 50 MB went by three times. A line is kept once as bytes and once as what was read of it.
    let grown = peak() - before;
    assert!(grown < 8 * LINE_LIMIT, "{} MiB", grown >> 20);
}
