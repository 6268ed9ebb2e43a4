//! Repositories, branches, refs, commits, checks, statuses.

use serde_json::{Value, json};

use crate::client::Client;
use crate::scene::{APP, Scene};

#[test]
fn a_repository_says_what_one_may_do_there() {
    let scene = Scene::new();
    let of = |client: &Client| client.get(APP).ok();
    assert_eq!(of(&scene.ada)["permissions"]["admin"], true);
    assert_eq!(of(&scene.bob)["permissions"]["push"], true);
    assert_eq!(of(&scene.bob)["allow_auto_merge"], true);
    assert_eq!(of(&scene.eve)["permissions"]["push"], false);
    assert_eq!(of(&scene.eve).get("allow_auto_merge"), None, "settings are for people with write access");
    let word = |login: &str| {
        let shown = scene.bob.get(&format!("{APP}/collaborators/{login}/permission")).ok();
        shown["permission"].as_str().unwrap().to_owned()
    };
    assert_eq!([word("ada"), word("bob"), word("eve")], ["admin", "write", "read"]);
    assert_eq!(scene.bob.get(&format!("{APP}/collaborators/nobody/permission")).status, 404);
    assert_eq!(scene.bob.get("/user").ok()["login"], "bob");
}

#[test]
fn an_archived_repository_is_only_looked_at() {
    let scene = Scene::new();
    scene.ada.patch(APP, json!({ "archived": true })).ok();
    scene.hub.expect("POST", "/labels", 403);
    let why = scene.bob.post(&format!("{APP}/labels"), json!({ "name": "x" })).refused(403);
    assert!(why.contains("archived"), "{why}");
    scene.ada.patch(APP, json!({ "archived": false })).ok();
    scene.bob.post(&format!("{APP}/labels"), json!({ "name": "x" })).ok();
}

#[test]
fn refs_are_made_moved_forward_and_removed() {
    let scene = Scene::new();
    let old = scene.bob.get(&format!("{APP}/git/ref/heads/main")).ok()["object"]["sha"].clone();
    let new = scene.hub.commit("bob", "acme/app", "topic", "a.txt", "a");
    let refs = format!("{APP}/git/refs");
    scene.bob.post(&refs, json!({ "ref": "refs/heads/copy", "sha": old })).ok();
    scene.hub.expect("POST", "/git/refs", 422);
    let again = scene.bob.post(&refs, json!({ "ref": "refs/heads/copy", "sha": old }));
    assert_eq!(again.refused(422), "Reference already exists");
    scene.bob.patch(&format!("{refs}/heads/copy"), json!({ "sha": new })).ok();
    scene.hub.expect("PATCH", "/git/refs", 422);
    let back = scene.bob.patch(&format!("{refs}/heads/copy"), json!({ "sha": old }));
    assert_eq!(back.refused(422), "Update is not a fast forward");
    assert_eq!(scene.bob.delete(&format!("{refs}/heads/copy")).status, 204);
    assert_eq!(scene.bob.get(&format!("{APP}/git/ref/heads/copy")).status, 404);
    let branches = scene.bob.get(&format!("{APP}/branches")).ok();
    assert_eq!([&branches[0]["name"], &branches[1]["name"]], ["main", "topic"]);
}

#[test]
fn commits_and_what_lies_between_them_are_shown() {
    let scene = Scene::new();
    let sha = scene.hub.commit("bob", "acme/app", "topic", "a.txt", "one\ntwo\n");
    let compared = scene.bob.get(&format!("{APP}/compare/main...topic")).ok();
    assert_eq!((&compared["status"], &compared["ahead_by"]), (&json!("ahead"), &json!(1)));
    assert_eq!(
        (&compared["files"][0]["filename"], &compared["files"][0]["additions"]),
        (&json!("a.txt"), &json!(2))
    );
    let shown = scene.bob.get(&format!("{APP}/commits/topic")).ok();
    assert_eq!((&shown["sha"], &shown["author"]["login"]), (&json!(sha), &json!("bob")));
    let listed = scene.bob.get(&format!("{APP}/commits?sha=topic&per_page=1"));
    assert!(listed.header("link").contains("rel=\"next\""));
    assert_eq!(scene.bob.get(&format!("{APP}/compare/main...nowhere")).status, 404);
}

#[test]
fn checks_and_statuses_of_a_commit_are_added_up() {
    let scene = Scene::new();
    let sha = scene.hub.commit("bob", "acme/app", "topic", "a.txt", "a");
    let run = json!({ "name": "ci", "head_sha": sha, "status": "in_progress" });
    let run = scene.bob.post(&format!("{APP}/check-runs"), run).ok();
    assert_eq!((&run["status"], &run["conclusion"]), (&json!("in_progress"), &Value::Null));
    let output = json!({ "title": "Red", "summary": "2 failed", "text": "a::b" });
    let over = json!({ "conclusion": "failure", "output": output });
    scene.bob.patch(&format!("{APP}/check-runs/{}", run["id"]), over).ok();
    let runs = scene.bob.get(&format!("{APP}/commits/topic/check-runs")).ok();
    assert_eq!(runs["total_count"], 1);
    assert_eq!(runs["check_runs"][0]["output"]["summary"], "2 failed");
    let suites = scene.bob.get(&format!("{APP}/commits/{sha}/check-suites")).ok();
    assert_eq!(suites["check_suites"][0]["conclusion"], "failure");
    let status = json!({ "state": "pending", "context": "deploy" });
    scene.bob.post(&format!("{APP}/statuses/{sha}"), status).ok();
    let status = json!({ "state": "success", "context": "deploy", "description": "up" });
    scene.bob.post(&format!("{APP}/statuses/{sha}"), status).ok();
    let combined = scene.bob.get(&format!("{APP}/commits/{sha}/status")).ok();
    assert_eq!((&combined["state"], &combined["total_count"]), (&json!("success"), &json!(1)));
    assert_eq!(scene.bob.get(&format!("{APP}/commits/{sha}/statuses")).ok().as_array().unwrap().len(), 2);
}

#[test]
fn the_log_of_a_check_lies_behind_a_redirect() {
    let scene = Scene::new();
    let sha = scene.hub.commit("bob", "acme/app", "topic", "a.txt", "a");
    let id = scene.hub.act("bob", |ctx| {
        let edit = herder_fakehub::op::check::CheckEdit {
            name: Some("ci".to_owned()),
            head_sha: Some(sha.clone()),
            log: Some("line 1\nline 2\n".to_owned()),
            ..Default::default()
        };
        herder_fakehub::op::check::create(ctx, "acme/app", edit)
    });
    let moved = scene.bob.get(&format!("{APP}/actions/jobs/{id}/logs"));
    assert_eq!(moved.status, 302);
    let text = Client::nobody(&scene.hub).get(moved.header("location"));
    assert_eq!(text.body, json!("line 1\nline 2\n"));
}
