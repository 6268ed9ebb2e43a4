//! The query of a round, as text.

use std::fmt::Write;

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;
use serde_json::json;

use super::Ask;

/// How many changed issues come at once. Nodes cost nothing, connections do.
const CHANGED_PAGE: u32 = 20;

/// How many of all issues come at once: GitHub's most.
const ALL_PAGE: u32 = 100;

/// What is asked of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub repo: RepoId,
    /// What.
    pub scope: Scope,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Issues in any state that were changed since, newest first, and how these pull requests and the base branch stand.
    Changed {
        /// Since when.
        since: Timestamp,
        /// Behind which page.
        after: Option<String>,
        /// Pull requests in landing.
        pulls: Vec<Number>,
        /// The branch whose tip and checks are asked for; absent behind the first page.
        base: Option<String>,
    },
    /// All open issues with the label, oldest first.
    All {
        /// The label.
        label: String,
        /// Behind which page.
        after: Option<String>,
    },
}

/// Ends each query: its cost is read from the answer.
const TAIL: &str = "rateLimit{cost limit remaining resetAt}}\
    fragment I on IssueConnection{nodes{number id updatedAt state}pageInfo{hasNextPage endCursor}}";

/// No connection is in it, so it costs nothing.
const PULL: &str = "fragment P on PullRequest{number updatedAt state merged headRefOid mergeStateStatus \
    isInMergeQueue statusCheckRollup{state}}";

/// As little.
const BASE: &str = "fragment B on Commit{oid statusCheckRollup{state}}";

impl Ask {
    /// The query, with an alias for each part: `r0`, `r1`, ...
    pub(super) fn text(&self) -> String {
        let mut text = "query{".to_owned();
        let (mut has_pulls, mut has_base) = (false, false);
        for (index, Part { repo, scope }) in self.parts.iter().enumerate() {
            let (owner, name) = (quoted(repo.owner()), quoted(repo.name()));
            // Writing to a String does not fail.
            let _ = write!(text, "r{index}:repository(owner:{owner},name:{name}){{{}", scope.issues());
            if let Scope::Changed { pulls, base, .. } = scope {
                for number in pulls {
                    let _ = write!(text, " p{number}:pullRequest(number:{number}){{...P}}");
                    has_pulls = true;
                }
                if let Some(base) = base {
                    let name = quoted(&format!("refs/heads/{base}"));
                    let _ = write!(text, " base:ref(qualifiedName:{name}){{target{{...B}}}}");
                    has_base = true;
                }
            }
            text.push_str("} ");
        }
        text.push_str(TAIL);
        if has_pulls {
            text.push_str(PULL);
        }
        if has_base {
            text.push_str(BASE);
        }
        text
    }

    /// How many lists it asks for: GitHub counts a hundredth of a point for each, and a point at least.
    pub fn connections(&self) -> usize {
        self.parts.len()
    }
}

impl Scope {
    fn issues(&self) -> String {
        let after = |after: &Option<String>| {
            after.as_ref().map(|after| format!(",after:{}", quoted(after))).unwrap_or_default()
        };
        match self {
            Self::Changed { since, after: cursor, .. } => format!(
                "issues(first:{CHANGED_PAGE},orderBy:{{field:UPDATED_AT,direction:DESC}},\
                 filterBy:{{since:\"{since}\"}}{}){{...I}}",
                after(cursor)
            ),
            Self::All { label, after: cursor } => format!(
                "issues(first:{ALL_PAGE},orderBy:{{field:CREATED_AT,direction:ASC}},states:OPEN,\
                 labels:[{}]{}){{...I}}",
                quoted(label),
                after(cursor)
            ),
        }
    }
}

/// A string of GraphQL, which is written as one of JSON: <https://spec.graphql.org/October2021/#sec-String-Value>.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}
