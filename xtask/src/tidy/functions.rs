//! Functions: not too long, not too many parameters.

use proc_macro2::Span;
use syn::visit::{self, Visit};

use super::source::{SourceFile, line};
use super::violation::Violation;

/// The most lines of a function from its first line to its closing brace, comments inside it included.
pub const MAX_LINES: usize = 60;
/// The most parameters of a function, `self` included.
pub const MAX_PARAMETERS: usize = 7;

/// Checks every function of a file, tests too.
#[must_use]
pub fn check(file: &SourceFile) -> Vec<Violation> {
    let mut functions = Functions { path: &file.path, violations: Vec::new() };
    functions.visit_file(&file.syntax);
    functions.violations
}

struct Functions<'a> {
    path: &'a str,
    violations: Vec<Violation>,
}

impl Functions<'_> {
    fn measure(&mut self, signature: &syn::Signature, end: Option<Span>) {
        let first = line(signature.fn_token.span);
        let name = &signature.ident;
        let lines = end.map_or(1, |end| end.end().line + 1 - first);
        if lines > MAX_LINES {
            let sentence = format!("`{name}` has {lines} lines, more than {MAX_LINES}; give its parts names");
            self.violations.push(Violation::new(self.path, first, sentence));
        }
        let parameters = signature.inputs.len();
        if parameters > MAX_PARAMETERS {
            let sentence = format!(
                "`{name}` has {parameters} parameters, more than {MAX_PARAMETERS}; some of them are one thing"
            );
            self.violations.push(Violation::new(self.path, first, sentence));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, Some(function.block.brace_token.span.close()));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, Some(function.block.brace_token.span.close()));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        let block = function.default.as_ref();
        self.measure(&function.sig, block.map(|block| block.brace_token.span.close()));
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        let file = SourceFile::parse("crates/a/src/lib.rs", text).unwrap();
        check(&file).into_iter().map(|violation| (violation.line, violation.sentence)).collect()
    }

    fn function_of(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "\n".repeat(lines - 2))
    }

    #[test]
    fn sixty_lines_are_the_longest_function() {
        assert_eq!(found(&function_of(60)), []);
        assert_eq!(found(&function_of(61)).len(), 1);
    }

    #[test]
    fn attributes_and_docs_above_a_function_do_not_count() {
        let text = format!("/// Says so.\n#[must_use]\n{}", function_of(60));
        assert_eq!(found(&text), []);
    }

    #[test]
    fn methods_and_default_methods_are_measured() {
        let long = function_of(61);
        assert_eq!(found(&format!("impl A {{\n{long}}}")).len(), 1);
        assert_eq!(found(&format!("trait A {{\n{long}}}")).len(), 1);
        assert_eq!(found(&format!("mod a {{\n{long}}}")).len(), 1);
    }

    #[test]
    fn seven_parameters_are_the_most() {
        assert_eq!(found("fn a(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8) {}"), []);
        let found = found("trait T {\nfn a(&self, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8);\n}");
        assert_eq!(found[0].0, 2);
        assert!(found[0].1.contains("8 parameters"));
    }
}
