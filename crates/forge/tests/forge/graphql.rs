//! What only GraphQL has: polls over many repositories, edits of a body, automerge, the merge queue.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use herder_domain::repo::Number;
use herder_forge::budget::Resource;
use herder_forge::poll::{Found, Poller, Rhythm, Rollup};
use herder_forge::read::pull::{End, Mergeable, Pull};
use herder_forge::write::automerge::AutoMerge;
use herder_forge::write::merge::MergeMethod;
use herder_forge::{Client, Lookup, Undone, Why};
use herder_testkit::http::Listener;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::scene::{app, server};

/// A server that answers every query with this and keeps what it was asked.
fn saying(answer: Value) -> (Listener, Client, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let (listener, client) = server(move |request, responder| {
        noted.lock().unwrap().push(serde_json::from_slice(&request.body).unwrap());
        let _ = responder.send(200, &[], answer.to_string().as_bytes());
    });
    (listener, client, asked)
}

fn pull() -> Pull {
    let end = |branch: &str| End { branch: branch.into(), sha: "abc".into() };
    serde_json::from_value::<Pull>(json!({
        "number": 12, "node_id": "PR_12", "state": "open", "title": "", "head": { "ref": "goal-1", "sha": "abc" },
        "base": { "ref": "main", "sha": "abc" }, "html_url": "", "updated_at": "2026-11-01T00:00:00Z",
    }))
    .map(|pull| Pull { head: end("goal-1"), ..pull })
    .unwrap()
}

fn error(kind: &str, message: &str, path: Value) -> Value {
    json!({ "type": kind, "message": message, "path": path })
}

#[test]
fn a_round_reads_each_repository_by_itself() {
    let (now, missing) =
        (Timestamp::now(), error("NOT_FOUND", "Could not resolve to a Repository", json!(["r0"])));
    let nodes = json!([{ "number": 7, "id": "I_7", "updatedAt": now.to_string(), "state": "CLOSED" }]);
    let page =
        |nodes: &Value| json!({ "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } });
    let standing = json!({
        "number": 12, "updatedAt": now.to_string(), "state": "OPEN", "merged": false, "headRefOid": "abc",
        "mergeStateStatus": "BEHIND", "isInMergeQueue": false, "statusCheckRollup": { "state": "FAILURE" },
    });
    let answer = json!({
        "data": {
            "r0": null, "r1": null, "r2": { "issues": page(&json!([])) },
            "r3": { "issues": page(&nodes), "p12": standing }, "rateLimit": { "cost": 3 },
        },
        "errors": [missing, error("NOT_FOUND", "Could not resolve to a Repository", json!(["r1"]))],
    });
    let (_listener, client, asked) = saying(answer);
    let mut poller = Poller::new("goal", Rhythm::default(), now);
    let hidden = herder_domain::repo::RepoId::new("github.com", "acme", "aaa").unwrap();
    poller.watch(&hidden, "main", now);
    poller.watch(&app(), "main", now);
    poller.follow(&app(), BTreeSet::from([Number(12)]));
    let ask = poller.due(now).unwrap();
    let answers = client.poll(&ask).unwrap().answers;
    let found = poller.answered(ask, answers);
    let unreadable =
        found.iter().filter(|one| matches!(one, Found::Unreadable { repo, .. } if *repo == hidden));
    assert_eq!(unreadable.count(), 2);
    let pulls: Vec<_> = found
        .iter()
        .filter_map(|one| match one {
            Found::Pull { pull, .. } => Some((pull.number, pull.mergeable, pull.checks)),
            Found::Issue { .. } | Found::All { .. } | Found::Base { .. } | Found::Unreadable { .. } => None,
        })
        .collect();
    assert_eq!(pulls, [(Number(12), Mergeable::Behind, Some(Rollup::Failure))]);
    assert!(found.iter().any(|one| matches!(one, Found::Issue { issue, .. } if issue.number == Number(7))));
    assert!(found.iter().any(|one| matches!(one, Found::All { issues, .. } if issues.is_complete())));
    assert_eq!(client.budget().spent(Resource::Graphql, now), 3, "the cost is read from the answer");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[test]
fn a_query_that_is_refused_as_a_whole_is_unknown() {
    let (_listener, client, _) =
        saying(json!({ "errors": [error("RATE_LIMITED", "API rate limit exceeded", json!([]))] }));
    let mut poller = Poller::new("goal", Rhythm::default(), Timestamp::now());
    poller.watch(&app(), "main", Timestamp::now());
    let ask = poller.due(Timestamp::now()).unwrap();
    let why = client.poll(&ask).unwrap_err();
    assert!(matches!(why, Why::Limited { resource: Resource::Graphql, .. }), "{why:?}");
    poller.failed(ask, &why, Timestamp::now());
    assert_eq!(poller.next(), why.until());
}

#[test]
fn edits_of_a_body_have_author_and_time() {
    let issue = json!({
        "body": "New", "lastEditedAt": "2026-01-02T03:04:05Z", "editor": { "login": "eve" },
    });
    let (_listener, client, _) = saying(json!({ "data": { "repository": { "issue": issue } } }));
    let Lookup::Present(edits) = client.body_edits(&app(), Number(7)) else { panic!("edits") };
    let last = edits.last.unwrap();
    assert_eq!(last.by.as_deref(), Some("eve"));
    assert_eq!(last.at, "2026-01-02T03:04:05Z".parse().unwrap());
    // What is not understood is not "never edited".
    let odd = json!({ "data": { "repository": { "issue": { "body": "New", "lastEditedAt": 5 } } } });
    let (_listener, client, _) = saying(odd);
    assert!(matches!(client.body_edits(&app(), Number(7)), Lookup::Unknown(Why::Malformed(_))));
    let (_listener, client, _) = saying(json!({ "data": { "repository": null }, "errors": [] }));
    assert!(matches!(client.body_edits(&app(), Number(7)), Lookup::Unknown(Why::Refused(_))));
}

#[test]
fn automerge_is_asked_for_at_the_tip_that_was_read_and_its_refusals_are_told_apart() {
    let done = json!({ "data": { "enablePullRequestAutoMerge": { "pullRequest": { "number": 12 } } } });
    let (_listener, client, asked) = saying(done);
    assert_eq!(client.enable_automerge(&pull(), MergeMethod::Squash), Ok(AutoMerge::Enabled));
    let input = asked.lock().unwrap()[0]["variables"]["input"].clone();
    let expected = json!({ "pullRequestId": "PR_12", "expectedHeadOid": "abc", "mergeMethod": "SQUASH" });
    assert_eq!(input, expected);
    assert_eq!(client.disable_automerge(&pull()), Ok(()));
    assert_eq!(asked.lock().unwrap().len(), 1, "there is none, so nothing is sent");
    let refused = error("UNPROCESSABLE", "Pull request Pull request is in clean status", json!(["enable"]));
    let (_listener, client, _) = saying(json!({ "data": { "enable": null }, "errors": [refused] }));
    assert_eq!(client.enable_automerge(&pull(), MergeMethod::Squash), Ok(AutoMerge::Clean));
    assert!(matches!(client.enqueue(&pull()), Ok(AutoMerge::Clean)));
    assert!(matches!(client.dequeue(&pull()), Err(Undone::Refused(_))));
}

#[test]
fn a_server_without_graphql_has_no_automerge_and_knows_no_edits() {
    let (_listener, client) = server(|_, responder| drop(responder.send(404, &[], b"")));
    assert_eq!(client.enable_automerge(&pull(), MergeMethod::Squash), Ok(AutoMerge::NoGraphql));
    assert_eq!(client.body_edits(&app(), Number(1)), Lookup::Gone);
}
