//! The schema: GitHub's own where it is at hand, else the part of it that the double has.

use std::sync::OnceLock;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::amend::AMENDMENTS;

/// Where GitHub's schema is: `schema.graphql` of the npm package `@octokit/graphql-schema`.
const VARIABLE: &str = "HERDER_GITHUB_GRAPHQL";

/// The part that the double has, cut out of GitHub's schema; a judge holds it against the whole.
const CUT: &str = include_str!("cut.graphql");

/// The schema that questions are held against; it is read once a process.
///
/// # Panics
/// When the variable names something that is no schema.
pub fn schema() -> &'static Valid<Schema> {
    static SCHEMA: OnceLock<Valid<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| match std::env::var_os(VARIABLE) {
        None => parse(CUT),
        Some(path) => {
            let text = fs_err::read_to_string(path).expect("GitHub's schema can be read");
            parse(&format!("{text}\n{AMENDMENTS}"))
        }
    })
}

/// GitHub's file defines two fields twice, to the same effect; the first is taken. Nothing else may be wrong with it.
fn parse(text: &str) -> Valid<Schema> {
    let schema = Schema::parse(text, "schema.graphql").unwrap_or_else(|broken| {
        let is_known =
            |error: &str| error.contains("duplicate definitions for the `repositoryDeployKeySetting");
        let errors: Vec<String> = broken.errors.iter().map(|error| error.to_string()).collect();
        assert!(errors.iter().all(|error| is_known(error)), "a schema: {errors:?}");
        broken.partial
    });
    schema.validate().expect("a schema that agrees with itself")
}

/// GitHub's schema, cut down to what the double has: `cut.graphql` as it has to be.
///
/// # Panics
/// When GitHub's schema is not at hand.
pub fn cut() -> (String, &'static str) {
    assert!(std::env::var_os(VARIABLE).is_some(), "GitHub's schema is at hand");
    (super::table::cut(schema()), CUT)
}
