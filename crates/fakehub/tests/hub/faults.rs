//! What goes wrong on purpose.

use std::time::Duration;

use herder_fakehub::{Fault, Rule};
use serde_json::{Value, json};

use crate::client::Client;
use crate::scene::{APP, Scene};

fn comment(scene: &Scene, text: &str) -> Result<crate::client::Answer, String> {
    scene.bob.ask("POST", &format!("{APP}/issues/1/comments"), &json!({ "body": text }), &[])
}

fn comments(scene: &Scene) -> usize {
    scene.ada.get(&format!("{APP}/issues/1/comments")).ok().as_array().unwrap().len()
}

#[test]
fn a_lost_answer_leaves_the_deed_and_a_cut_request_does_not() {
    let scene = Scene::new();
    scene.issue("Do it");
    scene.hub.fault(Rule::new(Fault::CutBefore).method("POST").part("/comments").times(1));
    assert!(comment(&scene, "one").is_err());
    assert_eq!(comments(&scene), 0);
    scene.hub.fault(Rule::new(Fault::CutAfter).method("POST").part("/comments").times(1));
    assert!(comment(&scene, "two").is_err());
    assert_eq!(comments(&scene), 1);
    assert_eq!(comment(&scene, "three").unwrap().status, 201);
}

#[test]
fn the_server_fails_at_the_nth_call_and_by_a_seed() {
    let scene = Scene::new();
    scene.issue("Do it");
    scene.hub.fault(Rule::new(Fault::Status(502)).part("/comments").after(1).times(2));
    let statuses: Vec<u16> = (0..4).map(|_| comment(&scene, "x").unwrap().status).collect();
    assert_eq!(statuses, [201, 502, 502, 201]);
    let draw = |seed: u64| -> Vec<u16> {
        scene.hub.clear_faults();
        scene.hub.fault(Rule::new(Fault::Status(500)).part("/labels").chance(0.5, seed));
        (0..16).map(|_| scene.bob.get(&format!("{APP}/labels")).status).collect()
    };
    assert_eq!(draw(7), draw(7));
    assert!(draw(7).contains(&500) && draw(7).contains(&200) && draw(7) != draw(8));
}

#[test]
fn a_stale_look_shows_what_was_true_before() {
    let scene = Scene::new();
    let issue = format!("{APP}/issues/{}", scene.issue("Old"));
    scene.ada.patch(&issue, json!({ "title": "New" })).ok();
    scene.hub.fault(Rule::new(Fault::Stale(1)).token(&scene.bob_token).times(2));
    assert_eq!(scene.bob.get(&issue).ok()["title"], "Old");
    let query =
        json!({ "query": "{ repository(owner: \"acme\", name: \"app\") { issue(number: 1) { title } } }" });
    assert_eq!(scene.bob.post("/graphql", query).ok()["data"]["repository"]["issue"]["title"], "Old");
    assert_eq!(scene.bob.get(&issue).ok()["title"], "New");
    assert_eq!(scene.ada.get(&issue).ok()["title"], "New");
}

#[test]
fn a_partition_keeps_one_client_out_of_api_and_git() {
    let scene = Scene::new();
    scene.hub.fault(Rule::new(Fault::CutBefore).token(&scene.bob_token));
    assert!(scene.bob.ask("GET", APP, &Value::Null, &[]).is_err());
    let refs = format!("{}/info/refs?service=git-upload-pack", scene.hub.git_url("acme/app"));
    assert!(scene.bob.ask("GET", &refs, &Value::Null, &[]).is_err());
    assert_eq!(scene.ada.get(APP).status, 200);
    scene.hub.clear_faults();
    assert_eq!(scene.bob.get(APP).status, 200);
}

#[test]
fn the_secondary_limit_says_when_to_come_back() {
    let scene = Scene::new();
    scene.hub.fault(Rule::new(Fault::Secondary(403, 60)).times(1));
    let refused = scene.bob.get(APP);
    assert_eq!((refused.header("retry-after"), refused.header("x-ratelimit-remaining")), ("60", "5000"));
    assert!(refused.refused(403).contains("secondary rate limit"));
}

#[test]
fn half_a_page_and_broken_json_come_with_200() {
    let scene = Scene::new();
    for title in ["one", "two", "three", "four"] {
        scene.issue(title);
    }
    scene.hub.fault(Rule::new(Fault::HalfPage).part("/issues").times(1));
    assert_eq!(scene.bob.get(&format!("{APP}/issues")).ok().as_array().unwrap().len(), 2);
    scene.hub.fault(Rule::new(Fault::Malformed).part("/issues").times(1));
    let broken = scene.bob.get(&format!("{APP}/issues"));
    assert!(broken.status == 200 && broken.body.is_string(), "{}", broken.body);
    scene.hub.fault(Rule::new(Fault::Delay(Duration::from_millis(20))).part("/issues").times(1));
    assert_eq!(Client::nobody(&scene.hub).get(&format!("{APP}/issues")).status, 200);
}
