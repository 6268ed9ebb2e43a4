//! Decoders bear whatever comes: they do not panic, and a verdict needs a whole line that says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod scene;

use std::time::Duration;

use herder_agent::session::DETAIL_LIMIT;
use herder_agent::{
    AgentEvent, Ending, Entry, Exit, Expected, Invocation, Kind, Line, Lines, Registry, Session,
};
use herder_domain::ledger::TimeSplit;
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

/// What a bad line, a full disk or a crash does to a stream.
#[derive(Clone, Debug)]
enum Damage {
    Flip(prop::sample::Index, u8),
    /// Two lines become one.
    Join(prop::sample::Index),
    /// A line becomes two.
    Break(prop::sample::Index),
    /// A line comes again, out of its place.
    Repeat(prop::sample::Index, prop::sample::Index),
    /// The rest is lost.
    Cut(prop::sample::Index),
    /// A line of ten mebibytes comes between.
    Flood(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        20 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        10 => at().prop_map(Damage::Join),
        10 => at().prop_map(Damage::Break),
        10 => (at(), at()).prop_map(|(line, to)| Damage::Repeat(line, to)),
        4 => at().prop_map(Damage::Cut),
        1 => at().prop_map(Damage::Flood),
    ]
}

impl Damage {
    fn done_to(&self, stream: &mut Vec<u8>) {
        let lines = |stream: &[u8]| -> Vec<Vec<u8>> {
            stream.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
        };
        if stream.is_empty() {
            return;
        }
        match self {
            Self::Flip(at, byte) => {
                let at = at.index(stream.len());
                stream[at] = *byte;
            }
            Self::Join(at) => {
                let from = at.index(stream.len());
                if let Some(end) = stream[from..].iter().position(|byte| *byte == b'\n') {
                    stream.remove(from + end);
                }
            }
            Self::Break(at) => stream.insert(at.index(stream.len()), b'\n'),
            Self::Repeat(line, to) => {
                let mut all = lines(stream);
                let again = all[line.index(all.len())].clone();
                all.insert(to.index(all.len()), again);
                *stream = all.concat();
            }
            Self::Cut(at) => stream.truncate(at.index(stream.len())),
            Self::Flood(at) => {
                let mut all = lines(stream);
                let beginning = b"{\"type\":\"assistant\",\"x\":\"".as_slice();
                let flood = [beginning, &vec![b'x'; 10 << 20], b"\"}\n"].concat();
                all.insert(at.index(all.len()), flood);
                *stream = all.concat();
            }
        }
    }
}

/// Feeds a stream line by line and checks after each line what must hold at any time.
fn hold_to_account(session: &mut dyn Session, stream: &[u8]) {
    let mut at = Duration::ZERO;
    let mut before = session.spend(at);
    let mut settled = before.tokens.total();
    let mut lines = Lines::default();
    let mut each = |line: Line<'_>| {
        at += Duration::from_secs(1);
        let events = session.line(line, at);
        assert!(events.len() <= line.bytes.len() + 1, "a line gives no more events than it has bytes");
        let now = session.spend(at);
        assert!(now.assistant_messages >= before.assistant_messages && now.tool_uses >= before.tool_uses);
        let parts = |time: &TimeSplit| [time.llm, time.tools, time.other, time.waiting];
        let runs_on = parts(&now.time).iter().zip(parts(&before.time)).all(|(now, before)| *now >= before);
        assert!(runs_on, "time does not run back");
        if events.iter().any(|event| matches!(event, AgentEvent::TurnEnded(_))) {
            assert!(now.tokens.total() >= settled, "what a turn was charged stays charged");
            settled = now.tokens.total();
        }
        assert!(session.tool_error().is_none_or(|said| said.len() <= DETAIL_LIMIT));
        assert!(session.context().is_none_or(|context| context.window != Some(0)));
        before = now;
    };
    for chunk in stream.chunks(64 << 10) {
        lines.feed(chunk, &mut each);
    }
    lines.finish(&mut each);
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
        damages in prop::collection::vec(damage(), 0..20),
    ) {
        let all = recordings();
        let mut stream = all[which.index(all.len())].clone();
        damages.iter().for_each(|damage| damage.done_to(&mut stream));
        for mut session in sessions(Expected::Answer) {
            decode(&mut *session, &stream, Exit::Code(1), "");
        }
        let mut claude = sessions(Expected::Answer).remove(0);
        let ending = decode(&mut *claude, &stream, Exit::Signal(9), "").ending;
        let has_answer = stream.windows(17).any(|bytes| bytes == b"structured_output");
        prop_assert!(has_answer || !matches!(ending, Ending::Answered(_)));
    }

    #[test]
    fn whatever_comes_nothing_that_was_spent_is_given_back(
        which in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 0..12),
        hostile in prop::collection::vec(line(), 0..10),
    ) {
        let all = recordings();
        let mut stream = all[which.index(all.len())].clone();
        stream.extend(hostile.join(&b'\n'));
        damages.iter().for_each(|damage| damage.done_to(&mut stream));
        for mut session in sessions(Expected::Answer) {
            hold_to_account(&mut *session, &stream);
        }
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
