//! GraphQL: looks, deeds, prices, refusals.

use herder_fakehub::state::RequiredChecks;
use herder_fakehub::{Permission, op};
use serde_json::{Value, json};

use crate::client::Client;
use crate::scene::{APP, Scene};

/// The data of an answer without errors.
#[track_caller]
fn ask(client: &Client, query: &str, variables: Value) -> Value {
    let body = client.post("/graphql", json!({ "query": query, "variables": variables })).ok();
    assert_eq!(body.get("errors"), None, "{body}");
    body["data"].clone()
}

/// Message and type of the first error.
#[track_caller]
fn refused(client: &Client, query: &str, variables: Value) -> (String, String) {
    let body = client.post("/graphql", json!({ "query": query, "variables": variables })).ok();
    let text = |name: &str| body["errors"][0][name].as_str().unwrap_or_default().to_owned();
    (text("message"), text("type"))
}

/// The id by which GraphQL knows a pull request.
fn node_of(scene: &Scene, number: u64) -> Value {
    scene.bob.get(&format!("{APP}/pulls/{number}")).ok()["node_id"].clone()
}

const ENABLE: &str = "mutation On($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { autoMergeRequest { mergeMethod enabledBy { login } } } }
}";

#[test]
fn one_question_shows_the_goals_of_many_repositories_and_its_price() {
    let scene = Scene::new();
    scene.hub.repo("acme/library").grant("bob", Permission::Write).create();
    let story = scene.issue("Story");
    let goal = scene.issue("Goal");
    scene.bob.post(&format!("{APP}/issues/{goal}/labels"), json!({ "labels": ["goal:queued"] })).ok();
    let part = json!({ "sub_issue_id": scene.hub.issue_id("acme/app", goal).0 });
    scene.bob.post(&format!("{APP}/issues/{story}/sub_issues"), part).ok();
    let data = ask(
        &scene.bob,
        "query Goals($since: DateTime) {
           rateLimit { cost remaining limit resetAt }
           app: repository(owner: \"acme\", name: \"app\") { ...goals }
           library: repository(owner: \"acme\", name: \"library\") { ...goals }
         }
         fragment goals on Repository {
           nameWithOwner viewerPermission
           issues(first: 100, filterBy: { since: $since }, orderBy: { field: UPDATED_AT, direction: DESC }) {
             totalCount pageInfo { hasNextPage endCursor }
             nodes {
               number title state stateReason updatedAt lastEditedAt
               labels(first: 10) { nodes { name } }
               parent { number } subIssuesSummary { total completed }
               timelineItems(last: 10, itemTypes: [LABELED_EVENT, CLOSED_EVENT]) {
                 nodes { __typename ... on LabeledEvent { createdAt actor { login } label { name } } }
               }
             }
           }
         }",
        json!({}),
    );
    let issues = &data["app"]["issues"];
    assert_eq!((&issues["totalCount"], &data["library"]["issues"]["totalCount"]), (&json!(2), &json!(0)));
    let goal = issues["nodes"].as_array().unwrap().iter().find(|issue| issue["title"] == "Goal").unwrap();
    assert_eq!(goal["parent"]["number"], story);
    let event = &goal["timelineItems"]["nodes"][0];
    assert_eq!((&event["label"]["name"], &event["actor"]["login"]), (&json!("goal:queued"), &json!("bob")));
    // Two lists of 100 issues, each with two lists: 2 + 400 requests, so 4 points.
    assert_eq!((&data["rateLimit"]["cost"], &data["rateLimit"]["remaining"]), (&json!(4), &json!(4996)));
    let shown = scene.bob.get("/rate_limit").ok();
    assert_eq!(shown["resources"]["graphql"]["used"], 4);
}

#[test]
fn automerge_is_refused_in_githubs_words_and_merges_when_green() {
    let scene = Scene::new();
    scene.protect("ci");
    let number = scene.pull("goal-1", "");
    scene.check(number, "ci", "success");
    scene.known(number);
    let input = json!({ "input": { "pullRequestId": node_of(&scene, number), "mergeMethod": "SQUASH" } });
    let clean = refused(&scene.bob, ENABLE, input);
    assert_eq!(
        clean,
        ("Pull request Pull request is in clean status".to_owned(), "UNPROCESSABLE".to_owned())
    );
    let other = scene.pull("goal-2", "");
    scene.known(other);
    let input = json!({ "input": { "pullRequestId": node_of(&scene, other), "mergeMethod": "SQUASH" } });
    let done = ask(&scene.bob, ENABLE, input);
    let wish = &done["enablePullRequestAutoMerge"]["pullRequest"]["autoMergeRequest"];
    assert_eq!(*wish, json!({ "mergeMethod": "SQUASH", "enabledBy": { "login": "bob" } }));
    scene.check(other, "ci", "success");
    assert_eq!(scene.known(other)["merged"], true);
}

#[test]
fn a_pull_request_tells_its_checks_and_its_place_in_the_queue() {
    let scene = Scene::new();
    let checks = RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] };
    scene.hub.act("ada", |ctx| op::repo::add_ruleset(ctx, "acme/app", "main", Some(checks), true));
    let number = scene.pull("goal-1", "");
    scene.check(number, "ci", "success");
    let enqueue = "mutation($id: ID!) { enqueuePullRequest(input: { pullRequestId: $id }) {
        mergeQueueEntry { position state headCommit { oid } } } }";
    let done = ask(&scene.bob, enqueue, json!({ "id": node_of(&scene, number) }));
    let entry = &done["enqueuePullRequest"]["mergeQueueEntry"];
    assert_eq!((&entry["position"], &entry["state"]), (&json!(1), &json!("AWAITING_CHECKS")));
    let look = "query($number: Int!) { repository(owner: \"acme\", name: \"app\") {
        mergeQueue { entries(first: 5) { totalCount } }
        pullRequest(number: $number) {
          state mergeStateStatus mergeable isInMergeQueue headRefOid mergeCommit { oid }
          statusCheckRollup { state contexts(first: 10) { nodes {
            __typename ... on CheckRun { name conclusion isRequired: databaseId } ... on StatusContext { context }
          } } }
        } } }";
    let shown = ask(&scene.bob, look, json!({ "number": number }));
    let pull = &shown["repository"]["pullRequest"];
    assert_eq!((&pull["isInMergeQueue"], &pull["mergeStateStatus"]), (&json!(true), &json!("CLEAN")));
    assert_eq!(pull["statusCheckRollup"]["contexts"]["nodes"][0]["name"], "ci");
    let run = json!({ "name": "ci", "head_sha": entry["headCommit"]["oid"], "conclusion": "success", "status": "completed" });
    scene.bob.post(&format!("{APP}/check-runs"), run).ok();
    let shown = ask(&scene.bob, look, json!({ "number": number }));
    assert_eq!(shown["repository"]["pullRequest"]["state"], "MERGED");
    assert_eq!(shown["repository"]["mergeQueue"]["entries"]["totalCount"], 0);
}

#[test]
fn issues_are_made_changed_tied_and_closed() {
    let scene = Scene::new();
    let repo = ask(&scene.bob, "{ repository(owner: \"acme\", name: \"app\") { id } }", json!({}));
    let id = repo["repository"]["id"].clone();
    let create = "mutation($id: ID!, $title: String!) {
        createIssue(input: { repositoryId: $id, title: $title }) { issue { id number } } }";
    let make = |title: &str| {
        let made = ask(&scene.bob, create, json!({ "id": id, "title": title }));
        made["createIssue"]["issue"]["id"].clone()
    };
    let (story, goal, other) = (make("Story"), make("Goal"), make("Other"));
    let tie = "mutation($story: ID!, $goal: ID!, $other: ID!) {
        addSubIssue(input: { issueId: $story, subIssueId: $goal }) { issue { subIssues(first: 5) { totalCount } } }
        addBlockedBy(input: { issueId: $goal, blockingIssueId: $other }) {
          issue { blockedBy(first: 5) { nodes { title } } }
        }
        addComment(input: { subjectId: $goal, body: \"hello\" }) { commentEdge { node { id body } } }
        closeIssue(input: { issueId: $other, stateReason: NOT_PLANNED }) { issue { state stateReason } } }";
    let done = ask(&scene.bob, tie, json!({ "story": story, "goal": goal, "other": other }));
    assert_eq!(done["addSubIssue"]["issue"]["subIssues"]["totalCount"], 1);
    assert_eq!(done["addBlockedBy"]["issue"]["blockedBy"]["nodes"][0]["title"], "Other");
    assert_eq!(done["closeIssue"]["issue"], json!({ "state": "CLOSED", "stateReason": "NOT_PLANNED" }));
    let node =
        "query($id: ID!) { node(id: $id) { ... on Issue { title comments(first: 5) { nodes { body } } } } }";
    let shown = ask(&scene.eve, node, json!({ "id": goal }));
    assert_eq!(shown["node"]["comments"]["nodes"][0]["body"], "hello");
    let (why, kind) = refused(
        &scene.eve,
        "mutation($id: ID!) { closeIssue(input: { issueId: $id }) { clientMutationId } }",
        json!({ "id": goal }),
    );
    assert_eq!(kind, "FORBIDDEN", "{why}");
}

#[test]
fn what_github_would_not_begin_with_is_a_violation() {
    let scene = Scene::new();
    let wrong = |query: &str| {
        refused(&scene.bob, query, json!({}));
        scene.hub.take_violations().join("\n")
    };
    let field = wrong("{ repository(owner: \"acme\", name: \"app\") { nonsense } }");
    assert!(field.contains("nonsense"), "{field}");
    let unbounded = wrong("{ repository(owner: \"acme\", name: \"app\") { issues { nodes { title } } } }");
    assert!(unbounded.contains("You must provide a `first` or `last` value"), "{unbounded}");
    let value = wrong(
        "mutation { mergePullRequest(input: { pullRequestId: 7, mergeMethod: FAST }) { clientMutationId } }",
    );
    assert!(value.contains("FAST"), "{value}");
    scene.hub.expect("POST", "/graphql", 401);
    let body = json!({ "query": "{ viewer { login } }" });
    Client::nobody(&scene.hub).post("/graphql", body.clone()).refused(401);
    let enterprise = scene.bob.post("/api/graphql", body).ok();
    assert_eq!(enterprise["data"]["viewer"]["login"], "bob");
}

#[test]
fn a_list_goes_on_where_its_cursor_says() {
    let scene = Scene::new();
    for title in ["one", "two", "three"] {
        scene.issue(title);
    }
    let query = "query($after: String) { repository(owner: \"acme\", name: \"app\") {
        issues(first: 2, after: $after) { nodes { title } pageInfo { hasNextPage endCursor } } } }";
    let first = ask(&scene.bob, query, json!({}))["repository"]["issues"].clone();
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = ask(&scene.bob, query, json!({ "after": first["pageInfo"]["endCursor"] }));
    let second = &second["repository"]["issues"];
    assert_eq!(
        (&second["nodes"], &second["pageInfo"]["hasNextPage"]),
        (&json!([{ "title": "three" }]), &json!(false))
    );
}
