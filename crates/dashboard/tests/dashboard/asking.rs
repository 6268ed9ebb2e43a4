//! Who may ask, and what is said to others.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::scene::{Scene, journal};

const TOKEN: &str = "a-token-of-some-length";

#[test]
fn a_name_that_another_site_chose_is_refused() {
    let scene = Scene::of(&journal());
    for (host, status) in
        [("localhost:1", 200), ("box.lan", 200), ("evil.example", 403), ("evil.example:7117", 403), ("", 403)]
    {
        let said = scene.get_with("/api/v1/numbers", &[("host", host)]);
        assert_eq!(said.status, status, "{host}: {}", said.text);
    }
    assert!(scene.get_with("/numbers", &[("host", "evil.example")]).text.contains("--host-name"));
}

#[test]
fn a_token_is_asked_for_and_taken_in_two_ways() {
    let scene = Scene::asking(&journal(), Some(TOKEN));
    let basic = |token: &str| format!("Basic {}", STANDARD.encode(format!("anybody:{token}")));
    let asked = |says: &str| scene.get_with("/numbers", &[("authorization", says)]);
    let refused = scene.get("/numbers");
    assert_eq!(refused.status, 401);
    assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    assert!(!refused.text.contains("Goals met"), "nothing is shown with the refusal");
    for says in [format!("Bearer {TOKEN}"), format!("bearer {TOKEN}"), basic(TOKEN)] {
        assert_eq!(asked(&says).status, 200, "{says}");
    }
    let wrong = ["Bearer", "Bearer another-token-of-it", "Basic %%%", TOKEN].map(String::from);
    for says in wrong.into_iter().chain([basic("another-token-of-it")]) {
        assert_eq!(asked(&says).status, 401, "{says}");
    }
}

#[test]
fn every_answer_forbids_a_browser_what_no_page_needs() {
    let scene = Scene::of(&journal());
    for path in ["/numbers", "/api/v1/numbers", "/assets/style.css", "/nowhere", "/numbers.csv?table=groups"]
    {
        let said = scene.get(path);
        let policy = said.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(said.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(said.headers["referrer-policy"], "same-origin", "{path}: or our own forms have no origin");
        assert_eq!(said.headers["cross-origin-resource-policy"], "same-origin", "{path}");
    }
}

#[test]
fn what_makes_no_sense_gets_a_sentence_and_the_same_envelope_as_on_the_command_line() {
    let scene = Scene::of(&journal());
    for (path, status, kind, part) in [
        ("/api/v1/numbers?from=yesterday", 400, "usage", "from=2026-02-03"),
        ("/api/v1/numbers?from=2026-03-01&to=2026-02-01", 400, "usage", "`from` is after `to`"),
        ("/api/v1/numbers?by=colour", 400, "usage", "by=colour"),
        ("/api/v1/numbers?colour=red", 400, "usage", "`colour` is no parameter"),
        ("/api/v1/nothing", 404, "not_found", "/api/v1/nothing"),
    ] {
        let said = scene.get(path);
        let json: serde_json::Value = serde_json::from_str(&said.text).unwrap();
        assert_eq!((said.status, &json["ok"]), (status, &false.into()), "{path}");
        assert_eq!(json["error"]["kind"], kind, "{path}");
        assert!(json["error"]["message"].as_str().unwrap().contains(part), "{path}: {json}");
    }
    let page = scene.get("/numbers?by=%3Cscript%3Ealert(1)%3C/script%3E");
    assert_eq!(page.status, 400);
    assert!(page.text.contains("&lt;script&gt;") && !page.text.contains("<script>"), "{}", page.text);
    assert_eq!(scene.get("/numbers.csv?table=colours").status, 400);
}
