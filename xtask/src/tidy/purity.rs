//! `domain` is a function of what it is given: no clock, no files, no network, no threads.

use proc_macro2::TokenTree;

use super::source::SourceFile;
use super::violation::Violation;

/// Modules of the standard library that reach outside the program.
const OUTSIDE: &[&str] = &["env", "fs", "net", "process", "thread"];

/// Finds `now()` and the modules above in the shipped code of `domain`.
#[must_use]
pub fn check(file: &SourceFile) -> Vec<Violation> {
    if file.krate() != "domain" {
        return Vec::new();
    }
    let tokens = file.tokens();
    let mut violations = Vec::new();
    for (index, (token, next)) in tokens.iter().enumerate() {
        let TokenTree::Ident(word) = token else { continue };
        let line = word.span().start().line;
        let word = word.to_string();
        let is_clock =
            word == "now" && matches!(next, Some(TokenTree::Group(group)) if group.stream().is_empty());
        let is_outside = OUTSIDE.contains(&word.as_str()) && follows_std(&tokens[..index]);
        if (is_clock || is_outside) && !file.is_test_line(line) {
            let sentence = format!(
                "`{word}` in `domain`, which is a function of its arguments; ask for the value instead"
            );
            violations.push(Violation::new(&file.path, line, sentence));
        }
    }
    violations
}

/// Whether the tokens before a word are `std::`.
fn follows_std(before: &[(TokenTree, Option<TokenTree>)]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    match before {
        [.., (TokenTree::Ident(root), _), (first, _), (second, _)] => {
            root == "std" && is_colon(first) && is_colon(second)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let file = SourceFile::parse(path, text).unwrap();
        check(&file).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn clocks_and_files_are_found_in_domain() {
        assert_eq!(lines("crates/domain/src/plan.rs", "fn a() {\nTimestamp::now();\n}"), [2]);
        assert_eq!(lines("crates/domain/src/plan.rs", "use std::fs;\nuse std::collections::BTreeMap;"), [1]);
    }

    #[test]
    fn a_parameter_called_now_is_what_is_wanted() {
        assert!(lines("crates/domain/src/plan.rs", "fn plan(now: Timestamp) { later(now) }").is_empty());
    }

    #[test]
    fn other_crates_may_ask_the_clock() {
        assert!(lines("crates/ralph/src/lib.rs", "fn a() { Timestamp::now(); }").is_empty());
    }
}
