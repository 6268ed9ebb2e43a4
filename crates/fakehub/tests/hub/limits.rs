//! Credentials, allowances, conditional requests, clocks.

use herder_fakehub::state::Pool;
use jiff::SignedDuration;
use serde_json::json;

use crate::client::Client;
use crate::scene::{APP, Scene};

#[test]
fn an_answer_that_is_known_costs_nothing() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    let path = format!("{APP}/issues/{issue}");
    let first = scene.bob.get(&path);
    let left = first.header("x-ratelimit-remaining").to_owned();
    let again = scene.bob.get_unless(&path, first.header("etag"));
    assert_eq!((again.status, &again.body), (304, &serde_json::Value::Null));
    assert_eq!(again.header("x-ratelimit-remaining"), left);
    scene.ada.patch(&path, json!({ "title": "Do it well" })).ok();
    let changed = scene.bob.get_unless(&path, first.header("etag"));
    assert_eq!((changed.status, &changed.body["title"]), (200, &json!("Do it well")));
}

#[test]
fn who_has_used_up_the_hour_waits_for_the_reset() {
    let scene = Scene::new();
    scene.hub.set_limit("bob", Pool::Core, 2);
    scene.bob.get(APP).ok();
    let last = scene.bob.get(APP);
    assert_eq!(last.header("x-ratelimit-remaining"), "0");
    scene.hub.expect("GET", APP, 403);
    let refused = scene.bob.get(APP);
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert!(refused.refused(403).starts_with("API rate limit exceeded for user ID"));
    let shown = scene.bob.get("/rate_limit").ok();
    assert_eq!(shown["resources"]["core"]["remaining"], 0);
    assert_eq!(scene.ada.get(APP).status, 200, "others have their own");
    scene.hub.move_clock(SignedDuration::from_mins(61));
    assert_eq!(scene.bob.get(APP).status, 200);
}

#[test]
fn a_credential_that_is_none_is_refused_and_nobody_has_sixty() {
    let scene = Scene::new();
    scene.hub.expect("GET", APP, 401);
    assert_eq!(Client::new(&scene.hub, "nonsense").get(APP).refused(401), "Bad credentials");
    let nobody = Client::nobody(&scene.hub).get(APP);
    assert_eq!(nobody.header("x-ratelimit-limit"), "60");
    scene.hub.expect("POST", "/issues", 401);
    Client::nobody(&scene.hub).post(&format!("{APP}/issues"), json!({ "title": "x" })).refused(401);
    let token = scene.hub.token("bob", &["repo", "read:org"]);
    let bob = Client::new(&scene.hub, &token);
    assert_eq!(bob.get("/user").header("x-oauth-scopes"), "repo, read:org");
    scene.hub.revoke(&token);
    scene.hub.expect("GET", "/user", 401);
    bob.get("/user").refused(401);
}

#[test]
fn the_date_is_the_hubs_own() {
    let scene = Scene::new();
    let year = |answer: crate::client::Answer| -> i16 {
        answer.header("date").split(' ').nth(3).unwrap().parse().unwrap()
    };
    let before = year(scene.bob.get(APP));
    scene.hub.move_clock(SignedDuration::from_hours(24 * 366));
    assert_eq!(year(scene.bob.get(APP)), before + 1);
}

#[test]
fn an_enterprise_server_has_the_same_below_api_v3() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    let shown = scene.bob.below("/api/v3").get(&format!("{APP}/issues/{issue}")).ok();
    assert_eq!(shown["url"], format!("{}/api/v3{APP}/issues/{issue}", scene.hub.url()));
}

#[test]
fn an_address_that_is_none_is_written_down() {
    let scene = Scene::new();
    assert_eq!(scene.bob.get(&format!("{APP}/nonsense")).status, 404);
    let unexpected = scene.hub.unexpected();
    assert_eq!(unexpected.len(), 1);
    assert_eq!(unexpected[0].operation, None);
    scene.hub.expect("GET", "/nonsense", 404);
    assert!(scene.hub.unexpected().is_empty());
    let last = scene.hub.log().pop().unwrap();
    assert_eq!((last.actor.as_deref(), last.status, last.cost), (Some("bob"), 404, 1));
}
