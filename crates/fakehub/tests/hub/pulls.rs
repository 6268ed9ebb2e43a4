//! Pull requests: merging, automerge, the merge queue, reviews.

use herder_fakehub::op;
use serde_json::{Value, json};

use crate::scene::{APP, Scene};

#[test]
fn a_pull_request_is_found_by_its_head_and_merged_only_where_it_is() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    let number = scene.pull("goal-1", &format!("Closes #{issue}"));
    let found = scene.bob.get(&format!("{APP}/pulls?head=acme:goal-1&state=all")).ok();
    assert_eq!(found[0]["number"], number);
    assert_eq!(scene.bob.get(&format!("{APP}/pulls?head=acme:other")).ok(), json!([]));
    let first = scene.bob.get(&format!("{APP}/pulls/{number}")).ok();
    assert_eq!((&first["mergeable"], &first["mergeable_state"]), (&Value::Null, &json!("unknown")));
    let known = scene.known(number);
    assert_eq!((&known["mergeable"], &known["mergeable_state"]), (&json!(true), &json!("clean")));
    scene.hub.expect("PUT", "/merge", 409);
    let merge = format!("{APP}/pulls/{number}/merge");
    scene.bob.put(&merge, json!({ "sha": "0".repeat(40) })).refused(409);
    let merged = scene.bob.put(&merge, json!({ "sha": known["head"]["sha"], "merge_method": "squash" })).ok();
    assert_eq!(merged["merged"], true);
    let main = scene.bob.get(&format!("{APP}/git/ref/heads/main")).ok();
    assert_eq!(main["object"]["sha"], merged["sha"]);
    assert_eq!(scene.bob.get(&merge).status, 204);
    let closed = scene.bob.get(&format!("{APP}/issues/{issue}")).ok();
    assert_eq!((&closed["state"], &closed["state_reason"]), (&json!("closed"), &json!("completed")));
    scene.hub.expect("PUT", "/merge", 405);
    scene.bob.put(&merge, json!({})).refused(405);
}

#[test]
fn a_conflict_makes_a_pull_request_dirty_and_unmergeable() {
    let scene = Scene::new();
    let number = scene.pull("goal-1", "");
    scene.hub.commit("ada", "acme/app", "main", "goal-1.txt", "something else");
    assert_eq!(scene.known(number)["mergeable_state"], "dirty");
    scene.hub.expect("PUT", "/merge", 405);
    let refused = scene.bob.put(&format!("{APP}/pulls/{number}/merge"), json!({}));
    assert_eq!(refused.refused(405), "Pull Request is not mergeable");
}

#[test]
fn a_protected_branch_wants_its_check_and_a_push_to_it_is_refused() {
    let scene = Scene::new();
    scene.protect("ci");
    let number = scene.pull("goal-1", "");
    assert_eq!(scene.known(number)["mergeable_state"], "blocked");
    scene.hub.expect("PUT", "/merge", 405);
    let merge = format!("{APP}/pulls/{number}/merge");
    let why = scene.ada.put(&merge, json!({})).refused(405);
    assert_eq!(why, "Required status check \"ci\" is expected.");
    scene.check(number, "ci", "failure");
    assert_eq!(scene.known(number)["mergeable_state"], "blocked");
    scene.check(number, "ci", "success");
    scene.check(number, "lint", "failure");
    assert_eq!(scene.known(number)["mergeable_state"], "unstable");
    scene.bob.put(&merge, json!({})).ok();
    scene.hub.expect("PATCH", "/git/refs", 422);
    let sha = scene.known(number)["head"]["sha"].clone();
    scene.bob.patch(&format!("{APP}/git/refs/heads/main"), json!({ "sha": sha, "force": true })).refused(422);
}

fn by_squash() -> op::merge::How {
    op::merge::How { method: herder_fakehub::state::Method::Squash, title: None, message: None, sha: None }
}

#[test]
fn automerge_is_refused_where_nothing_is_to_be_waited_for() {
    let scene = Scene::new();
    let enable = |number| {
        let done = scene
            .hub
            .try_act("bob", |ctx| op::merge::enable_auto_merge(ctx, "acme/app", number, by_squash()));
        match done {
            Err(op::Refusal::Invalid(why, _)) => why,
            other => format!("{other:?}"),
        }
    };
    let number = scene.pull("goal-1", "");
    assert_eq!(enable(number), "Pull request Protected branch rules not configured for this branch");
    scene.protect("ci");
    scene.check(number, "ci", "success");
    scene.known(number);
    assert_eq!(enable(number), "Pull request Pull request is in clean status");
    scene.check(number, "lint", "failure");
    assert_eq!(enable(number), "Pull request Pull request is in unstable status");
    scene.ada.patch(APP, json!({ "allow_auto_merge": false })).ok();
    assert_eq!(enable(number), "Pull request Auto merge is not allowed for this repository");
}

#[test]
fn automerge_merges_when_the_required_check_is_green() {
    let scene = Scene::new();
    scene.protect("ci");
    let issue = scene.issue("Do it");
    let number = scene.pull("goal-1", &format!("Fixes #{issue}"));
    scene.known(number);
    scene.hub.act("bob", |ctx| op::merge::enable_auto_merge(ctx, "acme/app", number, by_squash()));
    let waiting = scene.known(number);
    assert_eq!(waiting["auto_merge"]["merge_method"], "squash");
    scene.check(number, "ci", "failure");
    assert_eq!(scene.known(number)["merged"], false);
    scene.check(number, "ci", "success");
    let merged = scene.known(number);
    assert_eq!((&merged["merged"], &merged["merged_by"]["login"]), (&json!(true), &json!("bob")));
    assert_eq!(scene.bob.get(&format!("{APP}/issues/{issue}")).ok()["state"], "closed");
}

#[test]
fn a_merge_queue_tests_each_on_top_of_the_one_before() {
    let scene = Scene::new();
    let checks = herder_fakehub::state::RequiredChecks { is_strict: false, contexts: vec!["ci".to_owned()] };
    scene.hub.act("ada", |ctx| op::repo::add_ruleset(ctx, "acme/app", "main", Some(checks), true));
    let rules = scene.bob.get(&format!("{APP}/rules/branches/main")).ok();
    assert!(rules.as_array().unwrap().iter().any(|rule| rule["type"] == "merge_queue"), "{rules}");
    let (one, two) = (scene.pull("goal-1", ""), scene.pull("goal-2", ""));
    for number in [one, two] {
        scene.check(number, "ci", "success");
        scene.hub.act("bob", |ctx| op::queue::enqueue(ctx, "acme/app", number, None));
    }
    scene.hub.expect("PUT", "/merge", 405);
    let why = scene.bob.put(&format!("{APP}/pulls/{one}/merge"), json!({})).refused(405);
    assert_eq!(why, "Changes must be made through the merge queue");
    let groups = scene.bob.get(&format!("{APP}/git/matching-refs/heads/gh-readonly-queue/main/")).ok();
    let shas: Vec<&Value> = groups.as_array().unwrap().iter().map(|group| &group["object"]["sha"]).collect();
    assert_eq!(shas.len(), 2);
    let say = |sha: &Value, word: &str| {
        let run = json!({ "name": "ci", "head_sha": sha, "conclusion": word, "status": "completed" });
        scene.bob.post(&format!("{APP}/check-runs"), run).ok();
    };
    // The second is green first; it waits for the one before it, which fails and goes.
    say(shas[1], "success");
    assert_eq!(scene.known(two)["merged"], false);
    say(shas[0], "failure");
    assert_eq!(scene.known(one)["merged"], false);
    let groups = scene.bob.get(&format!("{APP}/git/matching-refs/heads/gh-readonly-queue/main/")).ok();
    let last = groups.as_array().unwrap().iter().map(|group| &group["object"]["sha"]).next_back().unwrap();
    say(last, "success");
    assert_eq!(scene.known(two)["merged"], true);
    let timeline = scene.bob.get(&format!("{APP}/issues/{one}/events")).ok();
    let words: Vec<&str> =
        timeline.as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["added_to_merge_queue", "removed_from_merge_queue"]);
}

#[test]
fn a_branch_that_is_behind_is_brought_up_to_date() {
    let scene = Scene::new();
    let rule = json!({
        "required_status_checks": { "strict": true, "contexts": ["ci"] }, "enforce_admins": null,
        "required_pull_request_reviews": null, "restrictions": null,
    });
    scene.ada.put(&format!("{APP}/branches/main/protection"), rule).ok();
    let number = scene.pull("goal-1", "");
    scene.check(number, "ci", "success");
    scene.hub.commit("ada", "acme/app", "main", "other.txt", "other");
    assert_eq!(scene.known(number)["mergeable_state"], "behind");
    let head = scene.known(number)["head"]["sha"].clone();
    let update = format!("{APP}/pulls/{number}/update-branch");
    assert_eq!(scene.bob.put(&update, json!({ "expected_head_sha": head })).status, 202);
    let after = scene.known(number);
    assert_ne!(after["head"]["sha"], head);
    assert_eq!((&after["commits"], &after["mergeable_state"]), (&json!(2), &json!("blocked")));
    scene.hub.expect("PUT", "/update-branch", 422);
    scene.bob.put(&update, json!({ "expected_head_sha": head })).refused(422);
}

#[test]
fn a_review_counts_when_its_author_may_write_and_is_not_the_author() {
    let scene = Scene::new();
    let rule = json!({
        "required_status_checks": null, "enforce_admins": true, "restrictions": null,
        "required_pull_request_reviews": { "required_approving_review_count": 1 },
    });
    scene.ada.put(&format!("{APP}/branches/main/protection"), rule).ok();
    let number = scene.pull("goal-1", "");
    let reviews = format!("{APP}/pulls/{number}/reviews");
    scene.hub.expect("POST", "/reviews", 422);
    scene.bob.post(&reviews, json!({ "event": "APPROVE" })).refused(422);
    scene.eve.post(&reviews, json!({ "event": "APPROVE" })).ok();
    assert_eq!(scene.known(number)["mergeable_state"], "blocked");
    let note = json!({ "path": "goal-1.txt", "line": 1, "side": "RIGHT", "body": "why?" });
    let no = json!({ "event": "REQUEST_CHANGES", "body": "not yet", "comments": [note] });
    scene.ada.post(&reviews, no).ok();
    let remarks = scene.bob.get(&format!("{APP}/pulls/{number}/comments")).ok();
    assert_eq!((&remarks[0]["body"], &remarks[0]["line"]), (&json!("why?"), &json!(1)));
    scene.ada.post(&reviews, json!({ "event": "APPROVE" })).ok();
    assert_eq!(scene.known(number)["mergeable_state"], "clean");
    let states = scene.bob.get(&reviews).ok();
    let states: Vec<&str> = states.as_array().unwrap().iter().map(|r| r["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["APPROVED", "CHANGES_REQUESTED", "APPROVED"]);
    let asked =
        scene.bob.post(&format!("{APP}/pulls/{number}/requested_reviewers"), json!({ "reviewers": ["ada"] }));
    assert_eq!(asked.ok()["requested_reviewers"][0]["login"], "ada");
}
