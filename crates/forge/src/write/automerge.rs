//! Automerge and the merge queue, which only GraphQL has.

use serde_json::{Value, json};

use super::merge::MergeMethod;
use crate::client::Client;
use crate::lookup::{Refusal, Undone};
use crate::read::pull::Pull;

/// What came of a request to have GitHub merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AutoMerge {
    /// GitHub merges it when nothing is in its way any more; or it is in the queue.
    Enabled,
    /// Nothing is in its way now: merge it.
    Clean,
    /// Only what is not required is in its way: wait for all checks, then merge.
    Unstable,
    /// The repository does not allow it.
    NotAllowed,
    /// The server has no GraphQL, by which alone it is asked for: merge it when it is green.
    NoGraphql,
    /// No rule protects the base, so there would be nothing to wait for: merge it when it is green.
    NoRules,
    /// Its branch has another tip than was meant.
    HeadMoved,
    /// Something else; GitHub's words.
    Refused {
        /// Why.
        why: String,
    },
}

/// The words by which GitHub tells the refusals apart; it gives them no other mark. Seen in answers of github.com as
/// reported by users of its clients; what is not among them is [`AutoMerge::Refused`].
const WORDS: [(&str, AutoMerge); 10] = [
    ("is in clean status", AutoMerge::Clean),
    ("is in unstable status", AutoMerge::Unstable),
    ("auto merge is not allowed", AutoMerge::NotAllowed),
    ("auto-merge is not allowed", AutoMerge::NotAllowed),
    ("rules not configured", AutoMerge::NoRules),
    ("head sha", AutoMerge::HeadMoved),
    ("head oid", AutoMerge::HeadMoved),
    ("already in the merge queue", AutoMerge::Enabled),
    ("already queued", AutoMerge::Enabled),
    ("auto merge is already enabled", AutoMerge::Enabled),
];

const ENABLE: &str = "mutation($input:EnablePullRequestAutoMergeInput!)\
    {enablePullRequestAutoMerge(input:$input){pullRequest{number}}}";
const DISABLE: &str = "mutation($input:DisablePullRequestAutoMergeInput!)\
    {disablePullRequestAutoMerge(input:$input){pullRequest{number}}}";
const ENQUEUE: &str =
    "mutation($input:EnqueuePullRequestInput!){enqueuePullRequest(input:$input){mergeQueueEntry{id}}}";
const DEQUEUE: &str =
    "mutation($input:DequeuePullRequestInput!){dequeuePullRequest(input:$input){mergeQueueEntry{id}}}";

impl Client {
    /// Has GitHub merge a pull request when nothing is in its way any more, if its branch has the tip that was read.
    ///
    /// A second one finds it enabled; enabling what is enabled changes nothing.
    ///
    /// # Errors
    /// [`Undone`]; what GitHub refuses is not one.
    pub fn enable_automerge(&self, pull: &Pull, method: MergeMethod) -> Result<AutoMerge, Undone> {
        let input = json!({
            "pullRequestId": pull.node_id, "expectedHeadOid": pull.head.sha, "mergeMethod": method.graphql(),
        });
        self.wish(ENABLE, input)
    }

    /// Has GitHub merge no more.
    ///
    /// A second one is refused, which is taken for done where the pull request has no automerge; the caller reads it again.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn disable_automerge(&self, pull: &Pull) -> Result<(), Undone> {
        if !pull.has_auto_merge {
            return Ok(());
        }
        self.mutate(DISABLE, json!({ "input": { "pullRequestId": pull.node_id } })).map(|_| ())
    }

    /// Puts a pull request into its base's merge queue, if its branch has the tip that was read.
    ///
    /// A second one is told that it is there already.
    ///
    /// # Errors
    /// [`Undone`]; what GitHub refuses is not one.
    pub fn enqueue(&self, pull: &Pull) -> Result<AutoMerge, Undone> {
        self.wish(ENQUEUE, json!({ "pullRequestId": pull.node_id, "expectedHeadOid": pull.head.sha }))
    }

    /// Takes a pull request out of the merge queue. A second one is refused, and changes nothing.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn dequeue(&self, pull: &Pull) -> Result<(), Undone> {
        self.mutate(DEQUEUE, json!({ "input": { "id": pull.node_id } })).map(|_| ())
    }

    fn wish(&self, mutation: &str, input: Value) -> Result<AutoMerge, Undone> {
        match self.mutate(mutation, json!({ "input": input })) {
            Ok(_) => Ok(AutoMerge::Enabled),
            Err(Undone::Refused(refusal)) => sorted(refusal),
            Err(undone) => Err(undone),
        }
    }
}

/// A refusal of GraphQL is about the pull request; one of HTTP is about the request, but for a server without GraphQL.
fn sorted(refusal: Refusal) -> Result<AutoMerge, Undone> {
    match refusal.status {
        200 => {
            let said = refusal.message.to_ascii_lowercase();
            let known = WORDS.into_iter().find(|(word, _)| said.contains(word));
            Ok(known.map_or(AutoMerge::Refused { why: refusal.message }, |(_, meaning)| meaning))
        }
        404 => Ok(AutoMerge::NoGraphql),
        _ => Err(refusal.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_known_by_its_words() {
        let table = [
            ("Pull request Pull request is in clean status", AutoMerge::Clean),
            ("Pull request Pull request is in unstable status", AutoMerge::Unstable),
            ("Pull request Auto merge is not allowed for this repository", AutoMerge::NotAllowed),
            ("Pull request Protected branch rules not configured for this branch", AutoMerge::NoRules),
            ("Pull request is closed", AutoMerge::Refused { why: "Pull request is closed".into() }),
        ];
        for (message, meaning) in table {
            let refusal = Refusal { status: 200, message: message.to_owned() };
            assert_eq!(sorted(refusal), Ok(meaning), "{message}");
        }
        let no_graphql = Refusal { status: 404, message: "Not Found".into() };
        assert_eq!(sorted(no_graphql), Ok(AutoMerge::NoGraphql));
        let no_scope = Refusal { status: 401, message: "Bad credentials".into() };
        assert_eq!(sorted(no_scope.clone()), Err(Undone::Refused(no_scope)));
    }
}
