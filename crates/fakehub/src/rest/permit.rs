//! What a fine-grained token, or an app's, needs for a request:
//! <https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens>.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Answer, Body};
use crate::state::Access;

/// Parts of addresses with their permission; the first that fits counts. What is not here is metadata, which all have.
const PERMISSIONS: [(&str, &str); 18] = [
    ("/protection", "administration"),
    ("/hooks", "repository_hooks"),
    ("/check-runs", "checks"),
    ("/check-suites", "checks"),
    ("/commits/{ref}/status", "statuses"),
    ("/statuses", "statuses"),
    ("/pulls/{pull_number}/merge", "contents"),
    ("/pulls", "pull_requests"),
    ("/labels", "issues"),
    ("/issues", "issues"),
    ("/git/", "contents"),
    ("/commits", "contents"),
    ("/compare", "contents"),
    ("/branches/{branch}", "contents"),
    ("/branches", "contents"),
    ("/actions/jobs", "actions"),
    ("/rulesets", "metadata"),
    ("/rules/", "metadata"),
];

/// The refusal of a request that a token with these permissions may not make.
pub fn refusal(granted: &BTreeMap<String, Access>, method: &str, template: &str) -> Option<Answer> {
    let found = PERMISSIONS.iter().find(|(part, _)| template.contains(part));
    let permission = found.map(|(_, permission)| *permission).filter(|name| *name != "metadata")?;
    let needed = if method == "GET" { Access::Read } else { Access::Write };
    if granted.get(permission).is_some_and(|access| *access >= needed) {
        return None;
    }
    let body = json!({
        "message": "Resource not accessible by personal access token", "status": "403",
        "documentation_url": "https://docs.github.com/rest",
    });
    let wanted = ("x-accepted-github-permissions".to_owned(), format!("{permission}={}", needed.word()));
    Some(Answer { status: 403, body: Body::Json(body), headers: vec![wanted] })
}
