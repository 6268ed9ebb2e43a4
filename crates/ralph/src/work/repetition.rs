//! The same error again and again: of the agent, of the gate, or of the last tool of an iteration.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// So many iterations in a row with one error end the run.
const SAME_MAX: u32 = 5;

/// How much of an error's end is compared, in bytes.
const COMPARED: usize = 4 << 10;

/// How much of an error is repeated to a person, in bytes.
const SHOWN: usize = 300;

/// What differs from one run of a program to the next though nothing has changed: colours, dates and times,
/// durations, addresses, process numbers, names of temporary files, hashes. Other numbers stay: seventeen
/// failed tests are not twelve.
static ACCIDENTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?x)
          \x1b\[[0-9;]*[A-Za-z]
        | \d{4}-\d{2}-\d{2} (?: [T\x20] \d{2}:\d{2} (?: :\d{2} (?:[.,]\d+)? )? Z? )?
        | \b\d{1,2}:\d{2}:\d{2} (?:[.,]\d+)?
        | \b\d+ (?:\.\d+)? \x20? (?: ns|us|µs|ms|s|secs?|seconds?|min|minutes? ) \b
        | \b0x[0-9a-fA-F]+
        | \b(?i:pid|process|thread) [\x20=:\#]+ \d+
        | (?: /tmp | /var/tmp | /dev/shm | /\S*/\.run ) / \S*
        | \b[0-9a-f]{7,64}\b
    ";
    Regex::new(pattern).ok()
});

/// Counts iterations that ended with one error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Repetition {
    last: Option<String>,
    count: u32,
}

impl Repetition {
    /// Takes the error that an iteration ended with, if it did; true when it came once too often. An error
    /// without a word is no evidence of being the same.
    pub(super) fn note(&mut self, error: Option<&str>) -> bool {
        let error = error.map(normalized).filter(|error| !error.is_empty());
        self.count = match &error {
            None => 0,
            Some(_) if error == self.last => self.count + 1,
            Some(_) => 1,
        };
        self.last = error;
        self.count >= SAME_MAX
    }

    /// What is said of it.
    pub(super) fn sentence(&self) -> String {
        let error = self.last.as_deref().unwrap_or_default();
        let shown = &error[error.ceil_char_boundary(error.len().saturating_sub(SHOWN))..];
        format!("{SAME_MAX} iterations in a row ended with the same error: {shown}")
    }
}

/// An error without what is different each time.
fn normalized(error: &str) -> String {
    let end = &error[error.ceil_char_boundary(error.len().saturating_sub(COMPARED))..];
    let plain = match ACCIDENTS.as_ref() {
        Some(accidents) => accidents.replace_all(end, stand_in),
        None => end.into(),
    };
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn stand_in(found: &Captures<'_>) -> String {
    let text = &found[0];
    if text.starts_with('\u{1b}') {
        return String::new();
    }
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) || text.bytes().all(|byte| byte.is_ascii_lowercase());
    // A word of the letters a to f, or a large number, is no hash.
    if is_plain { text.to_owned() } else { "*".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_errors_that_differ_only_by_accident_are_too_many() {
        let mut same = Repetition::default();
        let errors = [
            "test a failed in 0.31s at 0x7f00",
            "test a failed in 12 ms at 0x7f80",
            "\u{1b}[31mtest a\u{1b}[0m failed  in 2s at 0x1",
            "test a failed\nin 0.32s at 0x7f00",
            "test a failed in 1.5 seconds at 0x2",
        ];
        assert_eq!(errors.map(|error| same.note(Some(error))), [false, false, false, false, true]);
        assert!(same.sentence().ends_with("the same error: test a failed in * at *"), "{}", same.sentence());
    }

    #[test]
    fn other_numbers_other_words_and_no_error_begin_anew() {
        let mut same = Repetition::default();
        for number in [17, 17, 17, 17, 12, 12, 12, 12, 3] {
            assert!(!same.note(Some(&format!("{number} tests failed"))), "{number}");
        }
        assert!(
            ![None, Some("x"), Some("x"), Some("x"), Some("x"), None, Some("x")]
                .map(|e| same.note(e))
                .contains(&true)
        );
    }

    #[test]
    fn errors_without_a_word_are_no_evidence() {
        let mut same = Repetition::default();
        assert!(!(0..20).any(|_| same.note(Some(" \n"))));
    }

    #[test]
    fn what_is_an_accident_and_what_is_not() {
        for (a, b) in [
            ("2026-11-22T01:02:03.5Z no", "2026-11-23 07:00:01 no"),
            ("pid 123 died", "pid 9 died"),
            ("cannot open /tmp/tmp.x1/a", "cannot open /tmp/tmp.y2/b"),
            ("commit 1f0c9a7 is bad", "commit 77be01cc2 is bad"),
        ] {
            assert_eq!(normalized(a), normalized(b), "{a}");
        }
        for (a, b) in [("line 12345678", "line 12345679"), ("facade", "decade"), ("src/a.rs:3", "src/a.rs:4")]
        {
            assert_ne!(normalized(a), normalized(b), "{a}");
        }
    }
}
