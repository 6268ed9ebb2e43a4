//! What a person orders, and who may not.

use serde_json::json;

use crate::stage::Stage;

#[test]
fn a_button_orders_and_leads_back_to_the_goal() {
    let stage = Stage::new();
    let said = stage.order(4, "queue", "", &[]);
    assert_eq!((said.status, stage.status(4)), (303, "queued"), "{}", said.text);
    assert_eq!(said.headers["location"], "/goals/example.org/acme/app/4");
    assert_eq!(stage.order(5, "reject", "Too short.", &[]).status, 303);
    assert_eq!(stage.status(5), "queued");
    let refused = stage.order(5, "approve", "", &[]);
    assert_eq!((refused.status, stage.status(5)), (409, "queued"), "{}", refused.text);
    assert_eq!(stage.order(5, "explode", "", &[]).status, 400);
    assert_eq!(stage.order(99, "queue", "", &[]).status, 404);
}

#[test]
fn a_run_at_work_is_frozen_and_thawed() {
    let stage = Stage::new();
    let offered = |stage: &Stage| stage.json("/api/v1/goals/example.org/acme/app/2")["orders"].clone();
    assert_eq!(offered(&stage), json!(["freeze", "cancel"]));
    assert_eq!(stage.order(2, "freeze", "", &[]).status, 303);
    assert_eq!(offered(&stage), json!(["thaw", "cancel"]));
    let running = &stage.json("/api/v1/state")["now"]["running"][0];
    assert_eq!(running["phase"], "frozen", "{running}");
    assert!(running["detail"].as_str().unwrap().starts_with("ada froze it at "), "{running}");
    assert_eq!(stage.order(2, "thaw", "", &[]).status, 303);
    assert_eq!(offered(&stage), json!(["freeze", "cancel"]));
}

#[test]
fn a_program_orders_with_the_token_that_it_has_read() {
    let stage = Stage::new();
    let token = stage.json("/api/v1/token")["token"].as_str().unwrap().to_owned();
    let said = stage.order_json(5, &json!({ "order": "cancel" }), &[("x-herder-token", &token)]);
    let answer: serde_json::Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!((&answer["ok"], &answer["status"]), (&json!(true), &json!("cancelled")), "{answer}");
    let said = stage.order_json(5, &json!("nonsense"), &[("x-herder-token", &token)]);
    let answer: serde_json::Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!((said.status, &answer["error"]["kind"]), (400, &json!("usage")), "{answer}");
}

#[test]
fn what_another_sites_page_has_a_browser_send_is_refused() {
    let stage = Stage::new();
    let host = stage.serving.address().to_string();
    let ours = format!("http://{host}");
    for (headers, status) in [
        (vec![("origin", "http://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("origin", "http://localhost:1")], 403),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("host", "evil.example"), ("origin", "http://evil.example")], 403),
        (vec![("origin", ours.as_str()), ("sec-fetch-site", "same-origin")], 303),
    ] {
        let said = stage.order(4, "queue", "", &headers);
        assert_eq!(said.status, status, "{headers:?}: {}", said.text);
        assert_eq!(stage.status(4), if status == 303 { "queued" } else { "draft" }, "{headers:?}");
    }
}

#[test]
fn without_the_token_nothing_is_ordered() {
    let stage = Stage::new();
    assert_eq!(stage.post(4, &[("order", "queue")], &[]).status, 403);
    assert_eq!(stage.post(4, &[("order", "queue"), ("token", "0123456789abcdef")], &[]).status, 403);
    assert_eq!(stage.order_json(4, &json!({ "order": "queue" }), &[]).status, 403);
    assert_eq!(stage.status(4), "draft");
    assert_eq!(stage.get("/goals/example.org/acme/app/4/orders").status, 404);
    let other = Stage::new();
    let token = other.json("/api/v1/token")["token"].as_str().unwrap().to_owned();
    assert_eq!(stage.post(4, &[("order", "queue"), ("token", &token)], &[]).status, 403);
}
