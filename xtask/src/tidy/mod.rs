//! The house rules, checked over the tree.
//!
//! A rule without a gate loses, so each of them is code here and red in the tests. A rule gives back
//! [`Violation`]s: a place, and one sentence that explains the rule to the person who broke it.

pub mod arms;
pub mod documents;
pub mod files;
pub mod functions;
pub mod glossary;
pub mod graph;
pub mod links;
pub mod outside;
pub mod paths;
pub mod purity;
pub mod sleeps;
pub mod source;
pub mod tree;
pub mod unsafety;
pub mod violation;

use std::path::Path;

use anyhow::Result;

use source::SourceFile;
use tree::Tree;
pub use violation::Violation;

/// Prints every violation in the tree; `true` when there is none.
///
/// # Errors
/// When git cannot list the files of the tree, or one of them cannot be read.
pub fn report(root: &Path) -> Result<bool> {
    let tree = Tree::load(root)?;
    let violations = check(&tree);
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => println!("tidy: {} files obey the house rules", tree.len()),
        count => println!("tidy: {count} violations of the house rules"),
    }
    Ok(violations.is_empty())
}

/// Every violation in the tree, in the order of paths and lines.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let sources = source::parse_all(tree, &mut violations);
    let enums = arms::OurEnums::collect(&sources);
    for file in &sources {
        violations.extend(check_source(file, &enums));
    }
    violations.extend(graph::check(tree));
    violations.extend(outside::check(tree));
    violations.extend(paths::check(tree));
    violations.extend(documents::check(tree));
    violations.extend(links::check(tree));
    violations.extend(glossary::check(tree, &sources));
    violations.sort();
    violations
}

/// The rules that look at one source file at a time.
fn check_source(file: &SourceFile, enums: &arms::OurEnums) -> Vec<Violation> {
    let mut violations = files::check(file);
    violations.extend(functions::check(file));
    violations.extend(arms::check(file, enums));
    violations.extend(unsafety::check(file));
    violations.extend(sleeps::check(file));
    violations.extend(purity::check(file));
    violations
}
