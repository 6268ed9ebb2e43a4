//! No wildcard arm on an enum of ours: a new variant must be looked at wherever it can arrive.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use super::source::{SourceFile, line};
use super::violation::Violation;

/// The enums that the crates define, each with its variants. Two of the same name are taken as one.
#[derive(Default)]
pub struct OurEnums {
    variants: BTreeMap<String, BTreeSet<String>>,
}

impl OurEnums {
    /// Collects them from the shipped code of `crates/*/src`.
    #[must_use]
    pub fn collect(sources: &[SourceFile]) -> Self {
        let mut enums = OurEnums::default();
        for file in sources {
            if file.path.starts_with("crates/") && !file.is_test {
                enums.visit_file(&file.syntax);
            }
        }
        enums
    }

    fn has(&self, name: &str, variant: &str) -> bool {
        let variants = self.variants.get(name);
        variants.is_some_and(|variants| variants.contains(variant))
    }
}

impl<'ast> Visit<'ast> for OurEnums {
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let variants = item.variants.iter().map(|variant| variant.ident.to_string());
        self.variants.entry(item.ident.to_string()).or_default().extend(variants);
    }
}

/// Finds the wildcard arms of shipped code whose other arms name a variant of ours.
#[must_use]
pub fn check(file: &SourceFile, enums: &OurEnums) -> Vec<Violation> {
    let mut names = Names { enums, renamed: BTreeMap::new(), bare: BTreeSet::new() };
    names.visit_file(&file.syntax);
    let mut matches = Matches { file, names, selves: Vec::new(), violations: Vec::new() };
    matches.visit_file(&file.syntax);
    matches.violations
}

/// What the imports of a file make of the names in it.
struct Names<'a> {
    enums: &'a OurEnums,
    /// `use State as S`: the name in the file -> the enum's own.
    renamed: BTreeMap<String, String>,
    /// Variants that stand alone, after `use State::*` or `use State::Queued`.
    bare: BTreeSet<String>,
}

impl Names<'_> {
    fn is_ours(&self, name: &str, variant: &str) -> bool {
        let name = self.renamed.get(name).map_or(name, String::as_str);
        self.enums.has(name, variant)
    }

    fn import(&mut self, parent: &str, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.import(&path.ident.to_string(), &path.tree),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(parent, tree);
                }
            }
            syn::UseTree::Rename(rename) => {
                let (own, new) = (rename.ident.to_string(), rename.rename.to_string());
                self.renamed.insert(new, own);
            }
            syn::UseTree::Name(name) => {
                let variant = name.ident.to_string();
                if self.is_ours(parent, &variant) {
                    self.bare.insert(variant);
                }
            }
            syn::UseTree::Glob(_) => {
                let variants = self.enums.variants.get(parent);
                self.bare.extend(variants.into_iter().flatten().cloned());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import("", &item.tree);
    }
}

/// Walks the matches of a file and knows in whose `impl` it is.
struct Matches<'a> {
    file: &'a SourceFile,
    names: Names<'a>,
    selves: Vec<String>,
    violations: Vec<Violation>,
}

impl<'ast> Visit<'ast> for Matches<'_> {
    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        self.selves.push(type_name(&block.self_ty));
        visit::visit_item_impl(self, block);
        self.selves.pop();
    }

    fn visit_expr_match(&mut self, expression: &'ast syn::ExprMatch) {
        let wildcard = expression.arms.iter().find(|arm| is_wildcard(&arm.pat));
        if let Some(arm) = wildcard {
            let at = line(arm.fat_arrow_token.spans[0]);
            let named = expression.arms.iter().find_map(|arm| self.variant_in(&arm.pat));
            if let (Some(named), false) = (named, self.file.is_test_line(at)) {
                let sentence = format!(
                    "a wildcard arm beside `{named}`: name the variants, so that a new one is looked at here"
                );
                self.violations.push(Violation::new(&self.file.path, at, sentence));
            }
        }
        visit::visit_expr_match(self, expression);
    }
}

impl Matches<'_> {
    /// The first variant of ours that a pattern names, at any depth.
    fn variant_in(&self, pattern: &syn::Pat) -> Option<String> {
        let mut paths = Paths::default();
        paths.visit_pat(pattern);
        paths.found.into_iter().find_map(|path| match path.as_slice() {
            [variant] => self.names.bare.contains(variant).then(|| variant.clone()),
            [.., name, variant] => {
                let own = self.selves.last().filter(|_| name == "Self");
                let name = own.unwrap_or(name);
                self.names.is_ours(name, variant).then(|| format!("{name}::{variant}"))
            }
            [] => None,
        })
    }
}

/// The paths that a pattern names; those in the guard are none of it.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_pat_guard(&mut self, guard: &'ast syn::PatGuard) {
        self.visit_pat(&guard.pat);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        if pattern.subpat.is_none() {
            self.found.push(vec![pattern.ident.to_string()]);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        self.found.push(segments.map(|segment| segment.ident.to_string()).collect());
    }
}

/// `_`, also with a guard, in parentheses, behind `&` or as one of several alternatives.
fn is_wildcard(pattern: &syn::Pat) -> bool {
    match pattern {
        syn::Pat::Wild(_) => true,
        syn::Pat::Guard(guard) => is_wildcard(&guard.pat),
        syn::Pat::Paren(inner) => is_wildcard(&inner.pat),
        syn::Pat::Reference(inner) => is_wildcard(&inner.pat),
        syn::Pat::Or(either) => either.cases.iter().any(is_wildcard),
        _ => false,
    }
}

/// The last word of a type's path, or nothing for a type without one.
fn type_name(ty: &syn::Type) -> String {
    let syn::Type::Path(path) = ty else {
        return String::new();
    };
    let last = path.path.segments.last();
    last.map(|segment| segment.ident.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
