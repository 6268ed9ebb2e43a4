//! Files: not too long, opened by a sentence, named after what they hold.

use syn::visit::{self, Visit};

use super::source::{SourceFile, line};
use super::violation::Violation;

/// The most lines of a file without its `#[cfg(test)]` items.
pub const MAX_LINES: usize = 500;
/// The most lines of a file that is built for tests only.
pub const MAX_TEST_LINES: usize = 800;

/// Names that say nothing, so that everything ends up behind them.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// Checks length, opening and name of a file, and the names of the modules in it.
#[must_use]
pub fn check(file: &SourceFile) -> Vec<Violation> {
    let mut violations = Vec::new();
    violations.extend(check_length(file));
    if !file.text.starts_with("//!") {
        let sentence = "a file opens with `//!` and says what it is for";
        violations.push(Violation::new(&file.path, 1, sentence));
    }
    let parts = file.path.trim_end_matches(".rs").split('/');
    violations.extend(parts.filter_map(|part| check_name(&file.path, 1, part)));
    let mut modules = Modules { path: &file.path, violations };
    modules.visit_file(&file.syntax);
    modules.violations
}

fn check_length(file: &SourceFile) -> Option<Violation> {
    let (lines, most) = if file.is_test {
        (file.text.lines().count(), MAX_TEST_LINES)
    } else {
        (file.lines_without_tests(), MAX_LINES)
    };
    (lines > most).then(|| {
        let sentence = format!(
            "{lines} lines without tests are more than {most}; one file for each command, event or effect"
        );
        Violation::new(&file.path, 1, sentence)
    })
}

fn check_name(path: &str, line: usize, name: &str) -> Option<Violation> {
    EMPTY_NAMES.contains(&name).then(|| {
        let sentence = format!("`{name}` says nothing; name it after what it holds");
        Violation::new(path, line, sentence)
    })
}

/// Modules that are written inside a file.
struct Modules<'a> {
    path: &'a str,
    violations: Vec<Violation>,
}

impl<'ast> Visit<'ast> for Modules<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_some() {
            let name = module.ident.to_string();
            self.violations.extend(check_name(self.path, line(module.ident.span()), &name));
        }
        visit::visit_item_mod(self, module);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(path: &str, text: &str) -> Vec<String> {
        let file = SourceFile::parse(path, text).unwrap();
        check(&file).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn a_file_of_five_hundred_lines_is_the_longest() {
        let longest = format!("//! a\n{}", "\n".repeat(499));
        assert_eq!(sentences("crates/a/src/b.rs", &longest), Vec::<String>::new());
        assert_eq!(sentences("crates/a/src/b.rs", &format!("{longest}\n")).len(), 1);
        assert_eq!(sentences("crates/a/tests/b.rs", &format!("{longest}\n")).len(), 0);
    }

    #[test]
    fn tests_inside_a_file_do_not_count() {
        let text = format!("//! a\n#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(600));
        assert_eq!(sentences("crates/a/src/b.rs", &text), Vec::<String>::new());
    }

    #[test]
    fn a_file_without_an_opening_is_found() {
        let found = sentences("crates/a/src/b.rs", "// a\nfn a() {}\n");
        assert_eq!(found, ["crates/a/src/b.rs:1: a file opens with `//!` and says what it is for"]);
    }

    #[test]
    fn empty_names_are_found_in_paths_and_modules() {
        assert_eq!(sentences("crates/a/tests/common/mod.rs", "//! a\n").len(), 1);
        assert_eq!(sentences("crates/a/src/utils.rs", "//! a\n").len(), 1);
        assert_eq!(sentences("crates/a/src/b.rs", "//! a\nmod helpers {}\n").len(), 1);
        assert_eq!(sentences("crates/a/src/commonly.rs", "//! a\n").len(), 0);
    }
}
