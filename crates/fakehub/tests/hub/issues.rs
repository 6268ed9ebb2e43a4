//! Issues: labels, timelines, comments, parts, dependencies.

use serde_json::{Value, json};

use crate::scene::{APP, Scene};

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap().to_owned()).collect()
}

fn events(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_label_is_made_once_and_moves_with_its_issues_when_renamed() {
    let scene = Scene::new();
    let label = json!({ "name": "goal:queued", "color": "1d76db", "description": "waits" });
    scene.ada.post(&format!("{APP}/labels"), label.clone()).ok();
    scene.hub.expect("POST", "/labels", 422);
    let again = scene.ada.post(&format!("{APP}/labels"), label);
    assert_eq!(again.body["errors"][0]["code"], "already_exists");
    let issue = scene.issue("Do it");
    scene.bob.post(&format!("{APP}/issues/{issue}/labels"), json!({ "labels": ["goal:queued"] })).ok();
    scene.ada.patch(&format!("{APP}/labels/goal:queued"), json!({ "new_name": "goal:ready" })).ok();
    let shown = scene.eve.get(&format!("{APP}/issues/{issue}")).ok();
    assert_eq!(names(&shown["labels"]), ["goal:ready"]);
    assert_eq!(scene.ada.delete(&format!("{APP}/labels/goal:ready")).status, 204);
    assert_eq!(names(&scene.eve.get(&format!("{APP}/issues/{issue}")).ok()["labels"]), [""; 0]);
}

#[test]
fn labels_of_an_issue_are_set_as_a_whole_and_each_change_is_a_line_of_its_timeline() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    let labels = format!("{APP}/issues/{issue}/labels");
    scene.bob.post(&labels, json!({ "labels": ["goal", "goal:queued"] })).ok();
    let left = scene.bob.put(&labels, json!({ "labels": ["goal", "goal:running"] })).ok();
    assert_eq!(names(&left), ["goal", "goal:running"]);
    let timeline = scene.bob.get(&format!("{APP}/issues/{issue}/timeline")).ok();
    assert_eq!(events(&timeline), ["labeled", "labeled", "unlabeled", "labeled"]);
    assert_eq!(timeline[2]["label"]["name"], "goal:queued");
    assert_eq!(timeline[2]["actor"]["login"], "bob");
    assert_eq!(scene.bob.delete(&format!("{labels}/nonsense")).status, 404);
    scene.hub.expect("POST", "/labels", 403);
    scene.eve.post(&labels, json!({ "labels": ["goal"] })).refused(403);
}

#[test]
fn an_issue_is_closed_with_a_reason_and_opened_again() {
    let scene = Scene::new();
    let issue = format!("{APP}/issues/{}", scene.issue("Do it"));
    let closed = scene.bob.patch(&issue, json!({ "state": "closed", "state_reason": "not_planned" })).ok();
    assert_eq!((&closed["state"], &closed["state_reason"]), (&json!("closed"), &json!("not_planned")));
    assert_eq!(closed["closed_by"]["login"], "bob");
    let open = scene.bob.patch(&issue, json!({ "state": "open" })).ok();
    assert_eq!((&open["state"], &open["closed_at"]), (&json!("open"), &Value::Null));
    scene.bob.patch(&issue, json!({ "title": "Do it well", "body": "Now." })).ok();
    let timeline = scene.bob.get(&format!("{issue}/timeline")).ok();
    assert_eq!(events(&timeline), ["closed", "reopened", "renamed"]);
    assert_eq!(timeline[2]["rename"], json!({ "from": "Do it", "to": "Do it well" }));
    scene.hub.expect("PATCH", "/issues", 403);
    scene.eve.patch(&issue, json!({ "state": "closed" })).refused(403);
}

#[test]
fn a_list_is_filtered_sorted_and_cut_into_pages() {
    let scene = Scene::new();
    for title in ["one", "two", "three", "four", "five"] {
        scene.issue(title);
    }
    scene.bob.post(&format!("{APP}/issues/2/labels"), json!({ "labels": ["goal"] })).ok();
    scene.bob.patch(&format!("{APP}/issues/5"), json!({ "state": "closed" })).ok();
    let titles = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|issue| issue["title"].as_str().unwrap().to_owned()).collect()
    };
    let goals = scene.bob.get(&format!("{APP}/issues?labels=goal&state=all")).ok();
    assert_eq!(titles(&goals), ["two"]);
    let first = scene.bob.get(&format!("{APP}/issues?per_page=3&direction=asc"));
    assert_eq!(titles(&first.clone().ok()), ["one", "two", "three"]);
    let next = first.header("link").split(';').next().unwrap().trim_matches(['<', '>']).to_owned();
    let second = scene.bob.get(&next);
    assert_eq!(titles(&second.clone().ok()), ["four"]);
    assert!(!second.header("link").contains("next") && second.header("link").contains("rel=\"first\""));
    scene.hub.move_clock(jiff::SignedDuration::from_mins(1));
    scene.bob.post(&format!("{APP}/issues/3/comments"), json!({ "body": "hm" })).ok();
    let since = scene.bob.get(&format!("{APP}/issues/3")).ok()["updated_at"].as_str().unwrap().to_owned();
    let moved = scene.bob.get(&format!("{APP}/issues?since={since}&state=all&sort=updated")).ok();
    assert_eq!(titles(&moved), ["three"]);
}

#[test]
fn comments_are_written_changed_listed_and_removed() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    let comments = format!("{APP}/issues/{issue}/comments");
    let made = scene.eve.post(&comments, json!({ "body": "/approve" })).ok();
    let one = format!("{APP}/issues/comments/{}", made["id"]);
    assert_eq!(scene.eve.patch(&one, json!({ "body": "/reject" })).ok()["body"], "/reject");
    let of_repo = scene.bob.get(&format!("{APP}/issues/comments?sort=updated&direction=desc")).ok();
    assert_eq!(of_repo[0]["user"]["login"], "eve");
    assert_eq!(of_repo[0]["author_association"], "NONE");
    let timeline = scene.bob.get(&format!("{APP}/issues/{issue}/timeline")).ok();
    assert_eq!(events(&timeline), ["commented"]);
    assert_eq!(scene.bob.delete(&one).status, 204);
    assert_eq!(scene.bob.get(&comments).ok(), json!([]));
    assert_eq!(scene.bob.get(&one).status, 404);
}

#[test]
fn sub_issues_have_one_parent_an_order_and_a_summary() {
    let scene = Scene::new();
    let (story, first, second) = (scene.issue("Story"), scene.issue("First"), scene.issue("Second"));
    let id = |number| scene.hub.issue_id("acme/app", number).0;
    let parts = format!("{APP}/issues/{story}/sub_issues");
    for part in [first, second] {
        scene.bob.post(&parts, json!({ "sub_issue_id": id(part) })).ok();
    }
    let order = json!({ "sub_issue_id": id(second), "before_id": id(first) });
    scene.bob.patch(&format!("{parts}/priority"), order).ok();
    let listed = scene.bob.get(&parts).ok();
    assert_eq!([&listed[0]["title"], &listed[1]["title"]], ["Second", "First"]);
    scene.bob.patch(&format!("{APP}/issues/{first}"), json!({ "state": "closed" })).ok();
    let shown = scene.bob.get(&format!("{APP}/issues/{story}")).ok();
    let summary = json!({ "total": 2, "completed": 1, "percent_completed": 50 });
    assert_eq!(shown["sub_issues_summary"], summary);
    assert_eq!(scene.bob.get(&format!("{APP}/issues/{first}/parent")).ok()["number"], story);
    scene.hub.expect("POST", "/sub_issues", 422);
    let circle = json!({ "sub_issue_id": id(story) });
    scene.bob.post(&format!("{APP}/issues/{first}/sub_issues"), circle).refused(422);
    let gone = json!({ "sub_issue_id": id(first) });
    scene.bob.delete_with(&format!("{APP}/issues/{story}/sub_issue"), gone).ok();
    assert_eq!(scene.bob.get(&format!("{APP}/issues/{first}/parent")).status, 404);
    let timeline = scene.bob.get(&format!("{APP}/issues/{first}/timeline")).ok();
    assert_eq!(events(&timeline), ["parent_issue_added", "closed", "parent_issue_removed"]);
}

#[test]
fn an_issue_waits_for_others_in_other_repositories_too() {
    let scene = Scene::new();
    scene.hub.repo("acme/library").grant("bob", herder_fakehub::Permission::Write).create();
    let issue = scene.issue("Use it");
    let other = scene.bob.post("/repos/acme/library/issues", json!({ "title": "Make it" })).ok();
    let blocked_by = format!("{APP}/issues/{issue}/dependencies/blocked_by");
    scene.bob.post(&blocked_by, json!({ "issue_id": other["id"] })).ok();
    let listed = scene.bob.get(&blocked_by).ok();
    assert_eq!(listed[0]["title"], "Make it");
    let blocking = scene.bob.get("/repos/acme/library/issues/1/dependencies/blocking").ok();
    assert_eq!(blocking[0]["number"], issue);
    let summary = scene.bob.get(&format!("{APP}/issues/{issue}")).ok()["issue_dependencies_summary"].clone();
    assert_eq!((&summary["blocked_by"], &summary["total_blocked_by"]), (&json!(1), &json!(1)));
    scene.hub.expect("POST", "/blocked_by", 422);
    let circle = json!({ "issue_id": scene.hub.issue_id("acme/app", issue).0 });
    scene.bob.post("/repos/acme/library/issues/1/dependencies/blocked_by", circle).refused(422);
    scene.bob.delete(&format!("{blocked_by}/{}", other["id"])).ok();
    assert_eq!(scene.bob.get(&blocked_by).ok(), json!([]));
}
