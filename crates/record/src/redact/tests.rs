//! What must never come through, and what must.

use std::io::Write;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn knowing(values: &[&str]) -> Redactor {
    Redactor::new(values).unwrap()
}

/// The text in which every secret of these tests ends up: decoded as often as it can be.
fn laid_open(text: &str) -> String {
    let mut all = text.to_owned();
    let mut view = text.to_owned();
    while let Some(next) = escapes::decode(&view) {
        all.push('\n');
        all.push_str(&next);
        view = next;
    }
    all
}

#[test]
fn a_text_without_secrets_is_not_copied() {
    let redactor = knowing(&["hunter2hunter2"]);
    assert!(matches!(redactor.line(r#"{"text":"line\nline \u00e9"}"#).0, Cow::Borrowed(_)));
}

#[test]
fn registered_values_are_found_wherever_they_stand() {
    let redactor = knowing(&["hunter2-x", "  padded value\n", "short"]);
    assert_eq!(redactor.line("a=hunter2-x;b").as_str(), "a=[redacted];b");
    assert_eq!(redactor.line("hunter2-xhunter2-x").as_str(), "[redacted]");
    assert_eq!(redactor.line("a padded value here, short").as_str(), "a [redacted] here, short");
}

#[test]
fn overlapping_values_are_taken_out_together() {
    let redactor = knowing(&["abcdefgh", "efghijkl", "cdefgh"]);
    assert_eq!(redactor.line("_abcdefghijkl_").as_str(), "_[redacted]_");
}

#[test]
fn escapes_of_json_hide_nothing() {
    let redactor = knowing(&["hunter2-x/\"q\"", "two\nlines of it"]);
    for hidden in [
        r#"{"t":"hunter2\u002dx\/\"q\""}"#,
        r#"{"t":"{\"u\":\"hunter2-x/\\\"q\\\"\"}"}"#,
        r#"{"t":"{\"u\":\"hunter2\\u002Dx/\\\"q\\\"\"}"}"#,
        r#"{"t":"two\nlines of it"}"#,
    ] {
        let clean = redactor.line(hidden).into_string();
        assert!(clean.contains(MARK) && !clean.contains("hunter2") && !clean.contains("lines of"), "{clean}");
        serde_json::from_str::<Value>(&clean).unwrap();
    }
}

#[test]
fn the_form_in_a_url_and_the_lines_of_a_value_are_secrets_too() {
    let redactor = knowing(&["p@ss/word", "first-line\nsecond-line"]);
    assert_eq!(redactor.line("https://h/?k=p%40ss%2Fword").as_str(), "https://h/?k=[redacted]");
    assert_eq!(redactor.line("second-line").as_str(), MARK);
}

#[test]
fn tokens_are_known_by_their_shape() {
    // Put together here, so that no scanner takes this file for a leak.
    let long = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";
    let tokens = [
        format!("sk-ant-{long}"),
        format!("ghp_{long}"),
        format!("gho_{long}"),
        format!("ghs_{long}"),
        format!("github_pat_{long}"),
        format!("xoxb-{long}"),
        format!("AKIA{}", "ABCDEFGHIJKLMNOP"),
        format!("Bearer {long}"),
        format!("authorization: Basic {long}=="),
        format!("eyJ{long}.eyJ{long}.{long}"),
        format!("https://user:{long}@example.org/x.git"),
    ];
    let redactor = knowing(&[]);
    for token in tokens {
        for text in [token.clone(), format!("x \"{token}\" y"), format!(r#"{{"t":"\n{token}\n"}}"#)] {
            let clean = redactor.line(&text).into_string();
            assert!(clean.contains(MARK) && !clean.contains("a1B2") && !clean.contains("AKIAABC"), "{clean}");
        }
    }
}

#[test]
fn ordinary_text_is_left_alone() {
    let redactor = knowing(&[]);
    for text in [
        "task-antagonist-comparison-of-everything-here",
        "commit 5bd86d40fc891b4a6a50df4db4d66a3a47469a4d",
        "the bearer of this letter",
        "https://example.org:8443/path@2",
        "eyJust kidding",
    ] {
        assert_eq!(redactor.line(text).as_str(), text);
    }
}

#[test]
fn a_private_key_is_taken_out_of_json_and_of_a_stream_of_lines() {
    let redactor = knowing(&[]);
    let (begin, end) = ("-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----");
    let json = format!(r#"{{"t":"{begin}\nb3Blbn\nNzaC1r\n{end}\nafter"}}"#);
    let clean = redactor.line(&json).into_string();
    assert_eq!(clean, r#"{"t":"[redacted]\nafter"}"#);
    let cut_off = format!(r#"{{"t":"{begin}\nb3Blbn\nNza"}}"#);
    serde_json::from_str::<Value>(redactor.line(&cut_off).as_str()).unwrap();

    let mut out = Vec::new();
    let text = format!("before\n{begin}\nb3Blbn\nNzaC1r\n{end}\nafter\n");
    RedactingWriter::new(Arc::new(redactor), &mut out).write_all(text.as_bytes()).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with("before\n") && out.ends_with("after\n"), "{out}");
    assert!(!out.contains("b3Blbn") && !out.contains("NzaC1r"), "{out}");
}

#[test]
fn a_record_stays_json_even_if_a_secret_looks_like_json() {
    let redactor = knowing(&[r#"a","b":"c"#, "1234567"]);
    let value = serde_json::json!({"a": "a", "x": "a", "n": 1_234_567, "s": "1234567"});
    let text = redactor.json(&value).unwrap().into_string();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["s"], MARK);
}

#[test]
fn a_stream_without_lines_is_passed_on_in_parts_and_leaks_nothing() {
    let redactor = Arc::new(knowing(&["hunter2-x"]));
    let mut out = Vec::new();
    let mut writer = RedactingWriter::new(redactor, &mut out);
    for _ in 0..300_000 {
        writer.write_all(b"..hunter2").unwrap();
        writer.write_all(b"-x").unwrap();
    }
    drop(writer);
    assert!(memchr::memmem::find(&out, b"hunter2").is_none());
    assert_eq!(memchr::memmem::find_iter(&out, MARK).count(), 300_000);
}

fn spelled(text: &str, how: &[u8]) -> String {
    let mut out = String::new();
    for (c, how) in text.chars().zip(how.iter().cycle()) {
        match how % 3 {
            0 => {
                out.push_str(&serde_json::to_string(&c).unwrap().trim_matches('"').replace("\\\"", "\\u0022"))
            }
            1 => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04X}"))),
        }
    }
    out
}

proptest! {
    #[test]
    fn no_registered_secret_is_in_the_output(
        secrets in prop::collection::vec("[a-zA-Z0-9_./+\"\\\\ é-]{6,20}", 1..4),
        noise in prop::collection::vec("[ -~]{0,12}", 1..6),
        how in prop::collection::vec(any::<u8>(), 1..8),
        cut_at in any::<prop::sample::Index>(),
    ) {
        let redactor = Redactor::new(&secrets).unwrap();
        let mut text = String::new();
        for (index, piece) in noise.iter().enumerate() {
            let secret = secrets[index % secrets.len()].trim();
            text.push_str(piece);
            text.push_str(&if index % 2 == 0 { secret.to_owned() } else { spelled(secret, &how) });
        }
        let whole = redactor.line(&text).into_string();
        let mut out = Vec::new();
        let mut writer = RedactingWriter::new(Arc::new(redactor), &mut out);
        let (head, tail) = text.as_bytes().split_at(cut_at.index(text.len()));
        writer.write_all(head).unwrap();
        writer.write_all(tail).unwrap();
        drop(writer);
        prop_assert_eq!(String::from_utf8(out).unwrap(), whole.clone());
        let open = laid_open(&whole);
        for secret in secrets.iter().map(|secret| secret.trim()).filter(|secret| secret.len() >= SHORTEST) {
            prop_assert!(!open.contains(secret), "{:?} in {:?}", secret, whole);
        }
    }

    #[test]
    fn a_record_with_secrets_stays_readable(secret in "[a-z\"\\\\\n-]{6,12}", before in "\\PC{0,8}") {
        let redactor = Redactor::new([&secret]).unwrap();
        let line = redactor.json(&serde_json::json!({"text": format!("{before}{secret}")})).unwrap();
        prop_assert!(serde_json::from_str::<Value>(line.as_str()).is_ok());
    }
}
