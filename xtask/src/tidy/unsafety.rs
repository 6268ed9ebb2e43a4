//! `unsafe` stands in one crate only, and in one file of the test kit.

use proc_macro2::TokenTree;

use super::source::SourceFile;
use super::violation::Violation;

/// The crate that talks to the kernel about processes and may need what Rust cannot check.
const HOME: &str = "executor";

/// The test kit holds other processes' system calls, for which there is no safe binding either. Inside the
/// home it would be code that is shipped.
const TEST_HOME: &str = "crates/testkit/src/intercept/seccomp.rs";

/// Finds the word anywhere outside its homes, inside macros and tests too.
#[must_use]
pub fn check(file: &SourceFile) -> Vec<Violation> {
    if file.krate() == HOME || file.path == TEST_HOME {
        return Vec::new();
    }
    let found = file.tokens.iter().filter_map(|(token, _)| match token {
        TokenTree::Ident(word) if word == "unsafe" => Some(word.span().start().line),
        _ => None,
    });
    found
        .map(|line| {
            Violation::new(&file.path, line, format!("`unsafe` stands in `{HOME}` only (and in {TEST_HOME})"))
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
    fn the_word_is_found_in_blocks_and_macros() {
        let text = "fn a() {\n    unsafe { b() }\n}\nmake! {\n    unsafe impl Send for A {}\n}\n";
        assert_eq!(lines("crates/store/src/lib.rs", text), [2, 5]);
    }

    #[test]
    fn it_may_stand_in_its_homes_and_in_prose() {
        assert!(lines(TEST_HOME, "fn a() { unsafe { b() } }").is_empty());
        assert_eq!(lines("crates/testkit/src/intercept/call.rs", "fn a() { unsafe { b() } }").len(), 1);
        assert!(lines("crates/executor/src/lib.rs", "fn a() { unsafe { b() } }").is_empty());
        assert!(lines("crates/store/src/lib.rs", "//! unsafe\nconst A: &str = \"unsafe\";").is_empty());
    }
}
