//! herder's core story against `emulate`, which was written by somebody else and lacks what an old Enterprise server
//! lacks.

use herder_domain::finding::Verdict;
use herder_domain::goal::GoalState;
use herder_forge::{Client, Credentials, Setup, Site, TokenSource};
use herder_testkit::until;
use serde_json::json;

use crate::bridge::Bridge;
use crate::script::easy;
use crate::stage::{APP, PATIENCE, Stage};

/// What it has not, of what herder asks it for. (It has no ETag either, no event for a label that an issue is written
/// with, and no git, which the bridge adds.)
const LACKS: [&str; 3] =
    ["GET /repos/acme/app/commits/*/status", "GET /repos/acme/app/rules/branches/main", "POST /graphql"];

#[test]
#[ignore = "needs emulate"]
fn a_labelled_issue_becomes_a_merged_pull_request_at_an_emulator() {
    let stage = Stage::unregistered();
    let bridge = Bridge::start(&stage.hub, &stage.token);
    let (ours, theirs) = (stage.hub.url(), bridge.url());
    let old = format!("api = \"{ours}\"\ngraphql = \"{ours}/graphql\"");
    stage.configure("", "", (&old, &format!("api = \"{theirs}\"\ngraphql = \"{theirs}/graphql\"")));
    let token = stage.token.clone();
    let source = TokenSource::variable("GITHUB_TOKEN", move |_| Some(token.clone().into()));
    let site = Site::at("github.com", &theirs, &format!("{theirs}/graphql"));
    let client = Client::new(Setup::new(site, Credentials::new("github.com", vec![source])));
    assert!(!client.ensure_labels(&Stage::app()).unwrap().is_empty());
    let found = client.check();
    let is_said = |words: &str| found.iter().any(|finding| finding.detail.contains(words));
    assert!(is_said("there is no GraphQL"), "{found:?}");
    let landing = client.check_repo(&Stage::app(), "main").pop().unwrap();
    assert_eq!(landing.verdict, Verdict::Warning);
    assert!(landing.detail.contains("herder merges by itself when green"), "{landing:?}");
    stage.must(&["add", APP]);
    let body = format!("## Objective\nWrite a file\n\n```replay\n{}\n```\n", easy("new.txt"));
    let issue = json!({ "title": "Write a file", "body": body });
    let issue = bridge.ada("POST", "/repos/acme/app/issues", issue)["number"].as_u64().unwrap();
    let at = format!("/repos/acme/app/issues/{issue}");
    let labels = || {
        let shown = bridge.ada("GET", &at, json!(null));
        let names = shown["labels"].as_array().unwrap().iter().map(|label| label["name"].clone());
        let mut names: Vec<_> = names.map(|name| name.as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    // The emulator counts each look, so the bridge says when one is worth it.
    let until_shown = |times: usize| {
        until(&format!("{times} states to be shown"), PATIENCE, || {
            herder_orchestrator::wake(&stage.state());
            (bridge.done("PUT", &format!("{at}/labels")) == times).then_some(())
        });
    };
    let up = stage.up();
    bridge.ada("PUT", &format!("{at}/labels"), json!({ "labels": ["goal", "goal:queued"] }));
    until_shown(2);
    until("the work to land", PATIENCE, || {
        herder_orchestrator::wake(&stage.state());
        matches!(stage.goal(issue).state, GoalState::Done { .. }).then_some(())
    });
    until("nothing to be left to do", PATIENCE, || {
        stage.store().open_effects().unwrap().is_empty().then_some(())
    });
    assert_eq!(labels(), ["goal", "goal:done"]);
    let pulls = bridge.ada("GET", "/repos/acme/app/pulls?state=all", json!(null));
    assert_eq!(pulls.as_array().unwrap().len(), 1);
    assert!(!pulls[0]["merged_at"].is_null(), "{}", pulls[0]);
    assert_eq!(pulls[0]["head"]["ref"], format!("goal-{issue}"));
    assert_eq!(bridge.ada("GET", &at, json!(null))["state"], "closed");
    let comments = bridge.ada("GET", &format!("{at}/comments"), json!(null));
    assert_eq!(comments.as_array().unwrap().len(), 1, "one comment says where it stands: {comments}");
    assert_eq!(stage.goal(issue).runs, 1);
    assert!(up.stop().success());
    assert_eq!(bridge.lacked().iter().map(String::as_str).collect::<Vec<_>>(), LACKS);
    assert_eq!(bridge.refused(), []);
}
