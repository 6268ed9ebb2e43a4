//! Decoders bear whatever comes: they do not panic, and a verdict needs a whole line that says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use std::time::Duration;

use herder_agent::{Ending, Entry, Exit, Expected, Invocation, Kind, Lines, Registry, Session};
use proptest::prelude::*;
use scene::{decode, decode_corrected, fixtures, invocation, path_env};

fn sessions(expected: Expected) -> Vec<Box<dyn Session>> {
    let command = Entry { command: vec!["true".into()], ..Entry::new("mine", Kind::Command) };
    let registry = Registry::new("/bin/true".into(), [command]).unwrap();
    let env = path_env();
    let asked = Invocation { expected, ..invocation("", &env) };
    ["claude", "mine", "replay"].map(|name| registry.agent(name).unwrap().session(&asked)).into()
}

fn recordings() -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(fixtures()).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|it| it == "stdout")).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Pieces that a hostile or broken stream would be made of.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let types = prop::sample::select(vec![
        "system",
        "assistant",
        "user",
        "result",
        "rate_limit_event",
        "turn",
        "usage",
    ]);
    let fields = prop::sample::select(vec![
        r#""subtype":"init""#,
        r#""subtype":"success","is_error":true"#,
        r#""subtype":"success","structured_output":{"status":"done","summary":7}"#,
        r#""subtype":"api_retry","retry_delay_ms":18446744073709551615"#,
        r#""message":{"id":7,"content":[{"type":"tool_use","id":"a","name":"b","input":[1]}]}"#,
        r#""message":{"content":{"type":"text"}},"parent_tool_use_id":"a""#,
        r#""message":{"content":[{"type":"tool_result","tool_use_id":"a"},7,null]}"#,
        r#""rate_limit_info":{"status":"rejected","resetsAt":9223372036854775807,"rateLimitType":"~/"}"#,
        r#""total_cost_usd":-1e308,"modelUsage":{"m":{"inputTokens":18446744073709551615}}"#,
        r#""total_cost_usd":1e999"#,
        r#""tokens":{"input":18446744073709551615,"output":1,"cache_read":1,"cache_create":1}"#,
        r#""usage":{"input_tokens":18446744073709551615},"permission_denials":[{"tool_name":"x"},3]"#,
        r#""answer":[[[[]]]]"#,
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        (types, fields).prop_map(|(kind, fields)| format!("{{\"type\":\"{kind}\",{fields}}}").into_bytes()),
    ]
}

fn exit() -> impl Strategy<Value = Exit> {
    prop_oneof![any::<i32>().prop_map(Exit::Code), any::<i32>().prop_map(Exit::Signal)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_stream_makes_a_decoder_panic(lines in prop::collection::vec(line(), 0..30), exit in exit()) {
        let stream = lines.join(&b'\n');
        for expected in [Expected::Answer, Expected::Text] {
            for mut session in sessions(expected) {
                decode_corrected(&mut *session, &stream, exit);
                session.activity();
                session.spend(Duration::MAX);
            }
        }
    }

    #[test]
    fn a_damaged_recording_never_answers_what_it_did_not_say(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = recordings();
        let mut stream = all[which.index(all.len())].clone();
        if !stream.is_empty() {
            for (at, byte) in flips {
                let at = at.index(stream.len());
                stream[at] = byte;
            }
            stream.truncate(cut.index(stream.len() + 1));
        }
        for mut session in sessions(Expected::Answer) {
            decode(&mut *session, &stream, Exit::Code(1), "");
        }
        let mut claude = sessions(Expected::Answer).remove(0);
        let ending = decode(&mut *claude, &stream, Exit::Signal(9), "").ending;
        let has_answer = stream.windows(17).any(|bytes| bytes == b"structured_output");
        prop_assert!(has_answer || !matches!(ending, Ending::Answered(_)));
    }

    #[test]
    fn lines_do_not_depend_on_how_the_bytes_arrive(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..300),
        size in 1usize..40,
        limit in 1usize..40,
    ) {
        let split = |size: usize| {
            let mut lines = Lines::with_limit(limit);
            let mut all = Vec::new();
            for chunk in bytes.chunks(size) {
                lines.feed(chunk, |line| all.push((line.bytes.to_vec(), line.length)));
            }
            lines.finish(|line| all.push((line.bytes.to_vec(), line.length)));
            all
        };
        let found = split(size);
        prop_assert!(found.iter().all(|(bytes, _)| bytes.len() <= limit));
        prop_assert_eq!(found, split(usize::MAX));
    }
}
