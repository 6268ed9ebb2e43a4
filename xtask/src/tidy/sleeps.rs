//! Tests wait for a condition; they do not sleep and hope.

use proc_macro2::{Delimiter, TokenTree};

use super::source::SourceFile;
use super::violation::Violation;

/// Finds calls of a function `sleep` in code that is built for tests only, inside macros too. The polling
/// loop that such a test needs has one home: `testkit`.
#[must_use]
pub fn check(file: &SourceFile) -> Vec<Violation> {
    let calls = file.tokens.iter().filter_map(|(token, next)| match (token, next) {
        (TokenTree::Ident(word), Some(TokenTree::Group(group)))
            if word == "sleep" && group.delimiter() == Delimiter::Parenthesis =>
        {
            Some(word.span().start().line)
        }
        _ => None,
    });
    calls
        .filter(|line| file.is_test_line(*line))
        .map(|line| {
            let sentence =
                "a test does not sleep; it waits for a condition, with the polling loop of `testkit`";
            Violation::new(&file.path, line, sentence)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let file = SourceFile::parse(path, text).unwrap();
        check(&file).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_sleeping_test_is_found() {
        let text = "fn a() {\n    thread::sleep(SECOND);\n}\n";
        assert_eq!(lines("crates/a/tests/b.rs", text), [2]);
        assert_eq!(lines("crates/a/src/b.rs", &format!("#[cfg(test)]\nmod tests {{\n{text}}}")), [4]);
    }

    #[test]
    fn shipped_code_and_programs_called_sleep_are_left_alone() {
        assert!(lines("crates/a/src/b.rs", "fn a() { sleep(SECOND); }").is_empty());
        assert!(lines("crates/a/tests/b.rs", "fn a() { run(\"sleep 60\"); }").is_empty());
    }
}
