//! One parsed Rust file, and which of its lines are tests.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use proc_macro2::{LexError, Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::tree::{Tree, is_fixture};
use super::violation::Violation;

/// One parsed Rust file.
pub struct SourceFile {
    /// Its path from the root of the repository.
    pub path: String,
    /// Its text as written.
    pub text: String,
    /// What it parses to.
    pub syntax: syn::File,
    /// Every token with the one after it, inside groups and macros too.
    pub tokens: Vec<(TokenTree, Option<TokenTree>)>,
    /// Whether the whole file is built for tests only.
    pub is_test: bool,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl SourceFile {
    /// Parses a file.
    ///
    /// # Errors
    /// A violation at the place that is not Rust.
    pub fn parse(path: &str, text: &str) -> Result<Self, Violation> {
        let refuse = |span: Span, error: &dyn Display| {
            Violation::new(path, line(span), format!("this is not Rust: {error}"))
        };
        let stream: TokenStream = text.parse().map_err(|error: LexError| refuse(error.span(), &error))?;
        let syntax: syn::File = syn::parse2(stream.clone()).map_err(|error| refuse(error.span(), &error))?;
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let mut finder = TestItems::default();
        finder.visit_file(&syntax);
        Ok(SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
            syntax,
            tokens,
            is_test: is_test_path(path),
            test_lines: finder.lines,
        })
    }

    /// The crate whose shipped or test code this is: the directory below `crates/`, or `xtask`.
    #[must_use]
    pub fn krate(&self) -> &str {
        let below = self.path.strip_prefix("crates/").unwrap_or(&self.path);
        below.split('/').next().unwrap_or(below)
    }

    /// Whether a line is built for tests only.
    #[must_use]
    pub fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.test_lines.iter().any(|range| range.contains(&line))
    }

    /// How many lines the file has without its `#[cfg(test)]` items.
    #[must_use]
    pub fn lines_without_tests(&self) -> usize {
        let total = self.text.lines().count();
        (1..=total).filter(|line| !self.test_lines.iter().any(|range| range.contains(line))).count()
    }

    /// The files without `.rs` that `#[cfg(test)] mod name;` of this file declares.
    fn test_modules(&self) -> Vec<String> {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let (directory, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let home = match name {
            "lib" | "main" | "mod" => directory.to_owned(),
            _ => stem.to_owned(),
        };
        let items = self.syntax.items.iter();
        items
            .filter_map(|item| match item {
                syn::Item::Mod(module) if module.content.is_none() && is_cfg_test(&module.attrs) => {
                    Some(format!("{home}/{}", module.ident))
                }
                _ => None,
            })
            .collect()
    }
}

/// Parses every Rust file of the tree but fixtures; what does not parse becomes a violation.
pub fn parse_all(tree: &Tree, violations: &mut Vec<Violation>) -> Vec<SourceFile> {
    let mut sources = Vec::new();
    for (path, text) in tree.files() {
        if path.ends_with(".rs") && !is_fixture(path) {
            match SourceFile::parse(path, text) {
                Ok(file) => sources.push(file),
                Err(violation) => violations.push(violation),
            }
        }
    }
    let modules: BTreeSet<String> = sources.iter().flat_map(SourceFile::test_modules).collect();
    for file in &mut sources {
        let is_declared = |module: &String| {
            let rest = file.path.strip_prefix(module.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        file.is_test |= modules.iter().any(is_declared);
    }
    sources
}

/// The line on which a span begins.
#[must_use]
pub fn line(span: Span) -> usize {
    span.start().line
}

/// Whether attributes say that an item is built for tests only.
#[must_use]
pub fn is_cfg_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("cfg")
            && attr.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

fn flatten(stream: TokenStream, pairs: &mut Vec<(TokenTree, Option<TokenTree>)>) {
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        pairs.push((token.clone(), tokens.peek().cloned()));
        if let TokenTree::Group(group) = token {
            flatten(group.stream(), pairs);
        }
    }
}

/// Collects the lines of items that are built for tests only, their attributes included.
#[derive(Default)]
struct TestItems {
    lines: Vec<RangeInclusive<usize>>,
}

impl TestItems {
    /// Keeps the item's lines when it is for tests; whether it was.
    fn take(&mut self, attrs: &[syn::Attribute], span: Span) -> bool {
        let is_test = is_cfg_test(attrs) || attrs.iter().any(|attr| attr.path().is_ident("test"));
        if is_test {
            let first = attrs.iter().map(|attr| line(attr.span()));
            let first = first.min().unwrap_or(line(span));
            self.lines.push(first..=span.end().line);
        }
        is_test
    }
}

impl<'ast> Visit<'ast> for TestItems {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !self.take(&module.attrs, module.span()) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !self.take(&function.attrs, function.span()) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if !self.take(&block.attrs, block.span()) {
            visit::visit_item_impl(self, block);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.take(&function.attrs, function.span());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_test_items_are_not_counted() {
        let text = "//! a\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        let file = SourceFile::parse("crates/a/src/lib.rs", text).unwrap();
        assert_eq!(file.lines_without_tests(), 3);
        assert!(file.is_test_line(3) && file.is_test_line(5) && !file.is_test_line(7));
    }

    #[test]
    fn a_module_that_is_declared_for_tests_is_one_with_all_below_it() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "#[cfg(test)]\nmod scenes;\nmod loops;"),
            ("crates/a/src/scenes.rs", ""),
            ("crates/a/src/scenes/first.rs", ""),
            ("crates/a/src/loops.rs", "#[cfg(test)] mod cases;"),
            ("crates/a/src/loops/cases.rs", ""),
        ]);
        let mut violations = Vec::new();
        let sources = parse_all(&tree, &mut violations);
        let tests: Vec<&str> =
            sources.iter().filter(|file| file.is_test).map(|file| file.path.as_str()).collect();
        assert_eq!(
            tests,
            ["crates/a/src/loops/cases.rs", "crates/a/src/scenes.rs", "crates/a/src/scenes/first.rs"]
        );
        assert!(violations.is_empty());
    }

    #[test]
    fn what_is_not_rust_is_a_violation_with_its_line() {
        let violation = SourceFile::parse("a.rs", "fn a() {}\nfn {").err().unwrap();
        assert_eq!(violation.line, 2);
    }

    #[test]
    fn fixtures_are_not_parsed() {
        let tree = Tree::of(&[("crates/a/tests/fixtures/broken.rs", "fn {")]);
        let mut violations = Vec::new();
        assert!(parse_all(&tree, &mut violations).is_empty() && violations.is_empty());
    }
}
