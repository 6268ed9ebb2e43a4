//! What a server lacks: an old Enterprise server, or an emulator.

use serde_json::Value;

use crate::rest::{Answer, Body};

/// Something that github.com has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// GraphQL: 404.
    Graphql,
    /// ETags: every answer comes in full, and counts.
    Etags,
    /// Sub-issues and dependencies: 404, and no word of them in an issue.
    Links,
    /// Rulesets: 404.
    Rulesets,
    /// Commit statuses: 404.
    Statuses,
    /// Limits of the rate: 404, as on an Enterprise server on which they are off.
    RateLimits,
}

/// The fields of an issue that tell of links.
const OF_LINKS: [&str; 3] = ["parent_issue_url", "issue_dependencies_summary", "sub_issues_summary"];

impl Lack {
    /// All of it.
    pub const ALL: [Lack; 6] =
        [Lack::Graphql, Lack::Etags, Lack::Links, Lack::Rulesets, Lack::Statuses, Lack::RateLimits];

    /// Whether it is what an address is for.
    pub(crate) fn hides(self, path: &str) -> bool {
        let parts: &[&str] = match self {
            Lack::Etags => &[],
            Lack::Graphql => &["/graphql"],
            Lack::Links => &["/sub_issue", "/dependencies/", "/parent"],
            Lack::Rulesets => &["/rulesets", "/rules/"],
            Lack::Statuses => &["/status", "/statuses"],
            Lack::RateLimits => &["/rate_limit"],
        };
        parts.iter().any(|part| path.contains(part))
    }

    /// An answer as such a server gives it.
    pub(crate) fn strip(self, answer: &mut Answer) {
        if let (Lack::Links, Body::Json(body)) = (self, &mut answer.body) {
            strip(body);
        }
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            OF_LINKS.iter().for_each(|name| drop(fields.remove(*name)));
            fields.values_mut().for_each(strip);
        }
        Value::Array(entries) => entries.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
