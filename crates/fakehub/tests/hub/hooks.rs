//! Webhooks: signed, in order, and not.

use std::time::Duration;

use herder_testkit::NotifySink;
use serde_json::{Value, json};

use crate::scene::{APP, Scene};

const PATIENCE: Duration = Duration::from_secs(60);

/// A hook about issues, whose ping has come.
fn hook(scene: &Scene, sink: &NotifySink) -> u64 {
    let url = format!("{}/hook", sink.url());
    let config = json!({ "url": url, "content_type": "json", "secret": "s3cret" });
    let new = json!({ "name": "web", "events": ["issues", "issue_comment"], "config": config });
    let made = scene.ada.post(&format!("{APP}/hooks"), new).ok();
    sink.wait_for(1, PATIENCE);
    made["id"].as_u64().unwrap()
}

fn actions(sink: &NotifySink) -> Vec<String> {
    let posts = sink.received();
    let action = |body: &str| -> String {
        let payload: Value = serde_json::from_str(body).unwrap();
        payload["action"].as_str().unwrap_or("ping").to_owned()
    };
    posts.iter().map(|post| action(&post.body)).collect()
}

#[test]
fn a_message_is_signed_and_names_event_and_delivery() {
    let scene = Scene::new();
    let sink = NotifySink::start();
    hook(&scene, &sink);
    scene.issue("Do it");
    let posts = sink.wait_for(2, PATIENCE);
    assert_eq!(posts[1].headers["x-github-event"], "issues");
    assert!(!posts[1].headers["x-github-delivery"].is_empty());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"s3cret");
    let sum = ring::hmac::sign(&key, posts[1].body.as_bytes());
    let hex: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(posts[1].headers["x-hub-signature-256"], format!("sha256={hex}"));
}

#[test]
fn messages_come_twice_in_another_order_late_or_not_at_all() {
    let scene = Scene::new();
    let sink = NotifySink::start();
    hook(&scene, &sink);
    scene.hub.mail().hold();
    let issue = format!("{APP}/issues/{}", scene.issue("Do it"));
    scene.ada.patch(&issue, json!({ "state": "closed" })).ok();
    assert_eq!(actions(&sink), ["ping"]);
    scene.hub.mail().release(false);
    sink.wait_for(3, PATIENCE);
    assert_eq!(actions(&sink), ["ping", "closed", "opened"]);
    scene.hub.mail().repeat(1);
    scene.ada.patch(&issue, json!({ "state": "open" })).ok();
    let posts = sink.wait_for(5, PATIENCE);
    assert_eq!(posts[3].headers["x-github-delivery"], posts[4].headers["x-github-delivery"]);
    scene.hub.mail().repeat(0);
    scene.hub.mail().hold();
    scene.ada.patch(&issue, json!({ "state": "closed" })).ok();
    scene.hub.mail().lose();
    scene.ada.post(&format!("{issue}/comments"), json!({ "body": "hm" })).ok();
    sink.wait_for(6, PATIENCE);
    assert_eq!(actions(&sink), ["ping", "closed", "opened", "reopened", "reopened", "created"]);
}

#[test]
fn a_delivery_is_listed_and_sent_again_under_its_name() {
    let scene = Scene::new();
    let sink = NotifySink::start();
    let hook = hook(&scene, &sink);
    scene.issue("Do it");
    let first = sink.wait_for(2, PATIENCE)[1].clone();
    let deliveries = format!("{APP}/hooks/{hook}/deliveries");
    let listed = herder_testkit::until("the answer to a delivery", PATIENCE, || {
        let listed = scene.ada.get(&deliveries).ok();
        (listed[0]["status_code"] == 200).then_some(listed)
    });
    assert_eq!((&listed[0]["event"], &listed[0]["redelivery"]), (&json!("issues"), &json!(false)));
    let again = format!("{deliveries}/{}/attempts", listed[0]["id"]);
    assert_eq!(scene.ada.post(&again, Value::Null).status, 202);
    let second = sink.wait_for(3, PATIENCE)[2].clone();
    assert_eq!(first.headers["x-github-delivery"], second.headers["x-github-delivery"]);
}
