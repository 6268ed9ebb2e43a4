//! The report that a gate may print: `{"ok": bool, "items": [...]}` on one line of its standard output.
//!
//! It is written by a program that runs what an agent wrote, so nothing in it is believed further than the
//! exit code, everything is bounded, and what cannot be read counts as a failure that is not named.

use herder_domain::fnv;
use herder_domain::gate::{Failure, Refusal};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// The longest line that is read as a report, in bytes.
pub(crate) const LINE_MAX: usize = 4 << 20;

/// The longest name, in bytes; of a longer one the beginning and a hash of the whole are kept.
const NAME_MAX: usize = 200;

/// The longest message, in bytes.
const MESSAGE_MAX: usize = 500;

/// The most that all messages of a report may take, in bytes.
const MESSAGES_MAX: usize = 16 << 10;

/// What a gate reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Whether it says that all is well.
    pub ok: bool,
    /// What fails, bounded.
    pub failures: Vec<Failure>,
    /// How many more fail, or could not be read.
    pub more: u32,
}

#[derive(Deserialize)]
struct Wire {
    ok: bool,
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Name(String),
    Named {
        name: String,
        #[serde(default)]
        ok: bool,
        #[serde(default)]
        message: Value,
    },
    Unreadable(IgnoredAny),
}

impl Report {
    /// Reads a line; `None` if it is anything but a report.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        if !may_be_one(line) || line.len() > LINE_MAX {
            return None;
        }
        let wire: Wire = serde_json::from_slice(line).ok()?;
        let mut report = Self { ok: wire.ok, failures: Vec::new(), more: 0 };
        let mut room = MESSAGES_MAX;
        for item in wire.items {
            match item {
                Item::Named { ok: true, .. } => {}
                Item::Name(name) => report.add(Failure::named(bounded_name(&name))),
                Item::Named { name, message, .. } => {
                    let message = message.as_str().map(|text| cut(text.trim(), MESSAGE_MAX.min(room)));
                    let message = message.filter(|text| !text.is_empty());
                    room -= message.map_or(0, str::len);
                    report.add(Failure { name: bounded_name(&name), message: message.map(str::to_owned) });
                }
                Item::Unreadable(_) => report.more = report.more.saturating_add(1),
            }
        }
        Some(report)
    }

    fn add(&mut self, failure: Failure) {
        if failure.name.is_empty() || self.failures.len() >= Refusal::NAMED_MAX {
            self.more = self.more.saturating_add(1);
        } else {
            self.failures.push(failure);
        }
    }
}

/// Whether a line that begins so can be a report.
pub(crate) fn may_be_one(line: &[u8]) -> bool {
    line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// A name on one line and within bounds, as different from others as it was.
fn bounded_name(name: &str) -> String {
    let name: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if name.len() <= NAME_MAX {
        return name;
    }
    let hash = fnv::hash(name.as_bytes());
    format!("{}...{hash:016x}", cut(&name, NAME_MAX - 19))
}

fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failing(line: &str) -> Option<(bool, Vec<String>, u32)> {
        let report = Report::read(line.as_bytes())?;
        let said = |failure: &Failure| match &failure.message {
            Some(message) => format!("{}: {message}", failure.name),
            None => failure.name.clone(),
        };
        Some((report.ok, report.failures.iter().map(said).collect(), report.more))
    }

    /// Whether it is well, what it names, and how many more there are.
    type Found = (bool, &'static [&'static str], u32);

    #[test]
    fn what_a_gate_may_print() {
        let table: [(&str, Found); 9] = [
            (r#"{"ok":true,"items":[]}"#, (true, &[], 0)),
            (r#"{"ok":false,"items":[{"name":"a","ok":false,"message":"no"}]}"#, (false, &["a: no"], 0)),
            (r#"{"ok":false,"items":["a","b"]}"#, (false, &["a", "b"], 0)),
            (r#"{"ok":false,"items":[{"name":"a","ok":true},{"name":"b"}]}"#, (false, &["b"], 0)),
            ("  {\"ok\":false,\"items\":[{\"name\":\" a\\n\"}],\"took\":3}\r", (false, &["a"], 0)),
            (
                r#"{"ok":false,"items":[{"name":"a","message":[1]},{"name":"b","message":" "}]}"#,
                (false, &["a", "b"], 0),
            ),
            // What cannot be read may be a failure.
            (
                r#"{"ok":false,"items":[1,null,{"test":"a"},{"name":2},{"name":"a","ok":"no"}]}"#,
                (false, &[], 5),
            ),
            (r#"{"ok":false,"items":["", " "]}"#, (false, &[], 2)),
            (r#"{"ok":true,"items":["a"]}"#, (true, &["a"], 0)),
        ];
        for (line, (ok, names, more)) in table {
            let expected = (ok, names.iter().map(|name| (*name).to_owned()).collect(), more);
            assert_eq!(failing(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_report() {
        let lines = [
            "",
            "ok",
            "{}",
            "{",
            "[]",
            r#"{"ok":true}"#,
            r#"{"items":[]}"#,
            r#"{"ok":1,"items":[]}"#,
            r#"{"ok":false,"items":null}"#,
            r#"{"ok":false,"items":{}}"#,
            r#"{"ok":true,"items":[]} x"#,
            r#"{"ok":true,"ok":false,"items":[]}"#,
            r#"x {"ok":true,"items":[]}"#,
        ];
        for line in lines {
            assert_eq!(failing(line), None, "{line}");
        }
        let deep = format!("{{\"ok\":false,\"items\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(failing(&deep), None);
    }

    #[test]
    fn a_report_is_bounded_and_tells_what_it_leaves_out() {
        let items: Vec<_> =
            (0..2_000).map(|n| format!("{{\"name\":\"{n}\",\"message\":\"{}\"}}", "m".repeat(900))).collect();
        let report =
            Report::read(format!("{{\"ok\":false,\"items\":[{}]}}", items.join(",")).as_bytes()).unwrap();
        let messages: usize =
            report.failures.iter().filter_map(|one| one.message.as_ref()).map(String::len).sum();
        assert_eq!((report.failures.len(), report.more), (Refusal::NAMED_MAX, 1_500));
        assert!(messages <= MESSAGES_MAX, "{messages}");
    }

    #[test]
    fn long_names_stay_as_different_as_they_were() {
        let (one, other) = (format!("{}1", "ö".repeat(500)), format!("{}2", "ö".repeat(500)));
        assert!(bounded_name(&one) != bounded_name(&other) && bounded_name(&one) == bounded_name(&one));
        assert!(bounded_name(&one).len() <= NAME_MAX);
    }

    proptest! {
        #[test]
        fn no_bytes_harm(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            let _ = Report::read(&bytes);
            let _ = Report::read(&[b"{\"ok\":false,\"items\":[", &bytes[..], b"]}"].concat());
        }

        #[test]
        fn any_names_come_out_bounded(names in prop::collection::vec(any::<String>(), 0..20)) {
            let line = serde_json::json!({"ok": false, "items": names}).to_string();
            let report = Report::read(line.as_bytes()).unwrap();
            prop_assert_eq!(report.failures.len() + report.more as usize, names.len());
            prop_assert!(report.failures.len() <= Refusal::NAMED_MAX);
            for failure in &report.failures {
                prop_assert!(failure.name.len() <= NAME_MAX && !failure.name.contains(char::is_control));
            }
        }
    }
}
