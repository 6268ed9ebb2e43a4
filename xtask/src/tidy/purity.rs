//! `domain` is a function of what it is given: no clock, no files, no network, no threads, no chance.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::{SourceFile, line};
use super::violation::Violation;

/// Modules of the standard library that reach outside the program.
const OUTSIDE: &[&str] = &["env", "fs", "net", "process", "thread"];

/// Collections that are walked in another order by each process.
const UNORDERED: &[&str] = &["HashMap", "HashSet"];

/// Finds `now()`, the modules and the collections above in the shipped code of `domain`.
#[must_use]
pub fn check(file: &SourceFile) -> Vec<Violation> {
    if file.krate() != "domain" {
        return Vec::new();
    }
    let mut violations = Vec::new();
    if let Ok(stream) = file.text.parse::<TokenStream>() {
        walk(stream, &mut |word, at| {
            if !file.is_test_line(at) {
                let sentence = format!(
                    "`{word}` in `domain`, which is a function of its arguments; ask for the value instead"
                );
                violations.push(Violation::new(&file.path, at, sentence));
            }
        });
    }
    violations
}

/// Reports every forbidden word of a stream, groups included, with its line.
fn walk(stream: TokenStream, report: &mut impl FnMut(String, usize)) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word)
                if is_impure(&word.to_string(), &tokens[..index], tokens.get(index + 1)) =>
            {
                report(word.to_string(), line(word.span()));
            }
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Brace && follows_std(&tokens[..index]) {
                    imports(group.stream(), report);
                }
                walk(group.stream(), report);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Reports the modules of `use std::{...}`.
fn imports(stream: TokenStream, report: &mut impl FnMut(String, usize)) {
    for token in stream {
        if let TokenTree::Ident(word) = token
            && OUTSIDE.contains(&word.to_string().as_str())
        {
            report(word.to_string(), line(word.span()));
        }
    }
}

fn is_impure(word: &str, before: &[TokenTree], after: Option<&TokenTree>) -> bool {
    let is_call = matches!(after, Some(TokenTree::Group(group)) if group.stream().is_empty());
    UNORDERED.contains(&word)
        || (word == "now" && is_call)
        || (OUTSIDE.contains(&word) && follows_std(before))
}

/// Whether the tokens before a word are `std::`.
fn follows_std(before: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    match before {
        [.., TokenTree::Ident(root), first, second] => root == "std" && is_colon(first) && is_colon(second),
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
    fn clocks_are_found_in_domain() {
        assert_eq!(lines("crates/domain/src/plan.rs", "fn a() {\nTimestamp::now();\n}"), [2]);
    }

    #[test]
    fn files_are_found_however_they_are_imported() {
        let plain = "use std::fs;\nuse std::collections::BTreeMap;";
        assert_eq!(lines("crates/domain/src/plan.rs", plain), [1]);
        assert_eq!(lines("crates/domain/src/plan.rs", "use std::{\nfmt,\nfs,\n};"), [3]);
        assert_eq!(lines("crates/domain/src/plan.rs", "fn a() {\nstd::fs::read(b);\n}"), [2]);
    }

    #[test]
    fn chance_is_found() {
        assert_eq!(lines("crates/domain/src/plan.rs", "struct A {\nb: HashMap<u8, u8>,\n}"), [2]);
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
