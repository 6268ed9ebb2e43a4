//! Lists in pages: `first` and `after`, `last` and `before`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::node::{Args, Found, Thing};

/// The page of a list that is asked for.
#[derive(Debug, Clone)]
pub struct Page {
    things: Vec<Thing>,
    start: usize,
    total: usize,
}

impl Page {
    /// Cuts it out.
    pub fn of(things: Vec<Thing>, args: &Args<'_>) -> Page {
        let total = things.len();
        let place = |name: &str| args.text(name).and_then(|cursor| parse(&cursor));
        let mut start = place("after").unwrap_or(0).min(total);
        let mut end = place("before").map_or(total, |place| place.saturating_sub(1)).clamp(start, total);
        let count = |name: &str| args.number(name).and_then(|count| usize::try_from(count).ok());
        if let Some(first) = count("first") {
            end = end.min(start + first);
        }
        if let Some(last) = count("last") {
            start = start.max(end.saturating_sub(last));
        }
        Page { things: things[start..end].to_vec(), start, total }
    }

    /// A field of the list.
    pub fn field(&self, field: &str) -> Found {
        match field {
            "totalCount" | "issueCount" => Found::Leaf(json!(self.total)),
            "nodes" => Found::Things(self.things.clone()),
            "edges" => {
                let edge = |(index, thing): (usize, &Thing)| {
                    let cursor = json!({ "cursor": cursor(self.start + index + 1) });
                    Thing::Plain(edge_type(thing), cursor, vec![("node", thing.clone())])
                };
                Found::Things(self.things.iter().enumerate().map(edge).collect())
            }
            "pageInfo" => {
                let end = self.start + self.things.len();
                let at =
                    |place: usize| if self.things.is_empty() { Value::Null } else { json!(cursor(place)) };
                let info = json!({
                    "hasNextPage": end < self.total, "hasPreviousPage": self.start > 0,
                    "startCursor": at(self.start + 1), "endCursor": at(end),
                });
                Found::Thing(Thing::Plain("PageInfo", info, Vec::new()))
            }
            _ => Found::Unknown,
        }
    }
}

/// The place behind the entry of this number, counted from 1.
fn cursor(number: usize) -> String {
    BASE64_STANDARD.encode(format!("cursor:v2:{number}"))
}

fn parse(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(BASE64_STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("cursor:v2:")?.parse().ok()
}

/// The type of a list's edges, by what they lead to.
fn edge_type(thing: &Thing) -> &'static str {
    match thing {
        Thing::Issue(_) => "IssueEdge",
        Thing::Pull(_) => "PullRequestEdge",
        Thing::Label(..) => "LabelEdge",
        Thing::Comment(..) => "IssueCommentEdge",
        Thing::Review(..) => "PullRequestReviewEdge",
        Thing::Ref(..) => "RefEdge",
        Thing::QueueEntry(..) => "MergeQueueEntryEdge",
        Thing::Person(_) => "UserEdge",
        Thing::CheckRun(..) | Thing::Status(..) => "StatusCheckRollupContextEdge",
        Thing::Event(..) => "IssueTimelineItemsEdge",
        Thing::Commit(..) => "CommitEdge",
        Thing::Query
        | Thing::Mutation
        | Thing::Repo(_)
        | Thing::Rollup(..)
        | Thing::Queue(..)
        | Thing::Connection(..)
        | Thing::Plain(..) => "PageInfo",
    }
}

/// The name of a list's type for an empty list, of which only the name is asked.
pub fn static_name(name: &str) -> &'static str {
    const KNOWN: [&str; 8] = [
        "ProjectCardConnection",
        "ProjectV2ItemConnection",
        "ReactionConnection",
        "ReactingUserConnection",
        "ReactorConnection",
        "PullRequestReviewThreadConnection",
        "TeamConnection",
        "MilestoneConnection",
    ];
    KNOWN.into_iter().find(|known| *known == name).unwrap_or("ReactionConnection")
}
