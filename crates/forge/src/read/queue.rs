//! Where a pull request stands with its base's merge queue, which only GraphQL tells.

use herder_domain::repo::{Number, RepoId};
use serde_json::{Value, json};

use crate::client::Client;
use crate::lookup::{Lookup, Missing, Undone, Why};

/// Whether a pull request is in the merge queue, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueuePlace {
    /// It is in it.
    In,
    /// It never was.
    NeverIn,
    /// It was, and was taken out of it last so.
    Out(Removal),
}

/// That a pull request was taken out of the merge queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// By whom; `None`: an account that is gone.
    pub by: Option<String>,
    /// GitHub's words for why, such as `failed checks`; it promises none.
    pub reason: String,
}

/// The account that GitHub's merge queue acts as.
const QUEUE: &str = "github-merge-queue";

const PLACE: &str = "query($owner:String!,$name:String!,$number:Int!){repository(owner:$owner,name:$name)\
    {pullRequest(number:$number){isInMergeQueue timelineItems(last:1,itemTypes:[REMOVED_FROM_MERGE_QUEUE_EVENT])\
    {nodes{...on RemovedFromMergeQueueEvent{reason actor{login}}}}}}rateLimit{cost limit remaining resetAt}}";

impl Removal {
    /// The person who did it, where it was neither the queue itself nor `me`.
    pub fn person(&self, me: &str) -> Option<&str> {
        let by = self.by.as_deref()?;
        let is_other = !by.starts_with(QUEUE) && !by.eq_ignore_ascii_case(me);
        is_other.then_some(by)
    }

    /// Whether others changed the same lines, as far as the words tell.
    pub fn is_conflict(&self) -> bool {
        self.reason.to_ascii_lowercase().contains("conflict")
    }
}

impl Client {
    /// Where a pull request stands with the merge queue.
    pub fn queue_place(&self, repo: &RepoId, number: Number) -> Lookup<QueuePlace> {
        self.ask_place(repo, number).into()
    }

    fn ask_place(&self, repo: &RepoId, number: Number) -> Result<QueuePlace, Missing> {
        let variables = json!({ "owner": repo.owner(), "name": repo.name(), "number": number });
        let found = self.query(PLACE, variables).map_err(Undone::why)?;
        let place = place(&found.data["repository"]["pullRequest"]);
        Ok(place.ok_or_else(|| Why::Malformed("a pull request's place in the merge queue".to_owned()))?)
    }
}

fn place(pull: &Value) -> Option<QueuePlace> {
    if pull["isInMergeQueue"].as_bool()? {
        return Some(QueuePlace::In);
    }
    let removed = pull["timelineItems"]["nodes"].as_array()?.last();
    Some(removed.map_or(QueuePlace::NeverIn, |event| {
        let by = event["actor"]["login"].as_str().map(str::to_owned);
        let reason = event["reason"].as_str().unwrap_or("it did not say why");
        QueuePlace::Out(Removal { by, reason: crate::wire::one_line(reason) })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_removal_says_whether_a_person_did_it() {
        let removed = |by: Value, reason: &str| {
            let event = json!({ "reason": reason, "actor": by });
            let pull = json!({ "isInMergeQueue": false, "timelineItems": { "nodes": [event] } });
            let Some(QueuePlace::Out(removal)) = place(&pull) else { panic!("it is out") };
            (removal.person("herder").map(str::to_owned), removal.is_conflict())
        };
        let table = [
            (json!({ "login": "github-merge-queue[bot]" }), "failed checks", (None, false)),
            (json!({ "login": "Herder" }), "Merge conflict", (None, true)),
            (json!({ "login": "bob" }), "manually removed", (Some("bob".to_owned()), false)),
            (Value::Null, "", (None, false)),
        ];
        for (by, reason, meaning) in table {
            assert_eq!(removed(by, reason), meaning);
        }
        let within = json!({ "isInMergeQueue": true, "timelineItems": { "nodes": [] } });
        assert_eq!(place(&within), Some(QueuePlace::In));
        assert_eq!(place(&json!({})), None);
    }
}
