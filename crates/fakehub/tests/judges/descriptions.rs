//! That the judge judges: what breaks GitHub's description is noticed.

use herder_fakehub::{Hub, Permission};

fn ask(hub: &Hub, token: &str, method: &str, path: &str, body: &str) -> u16 {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", hub.url()));
    let request = request.header("authorization", format!("Bearer {token}")).body(body.to_owned()).unwrap();
    agent.run(request).unwrap().status().as_u16()
}

fn hub() -> (Hub, String) {
    let hub = Hub::start();
    let token = hub.user("ada");
    hub.repo("acme/app").grant("ada", Permission::Admin).create();
    (hub, token)
}

/// What is wrong with a request.
#[track_caller]
fn wrong(method: &str, path: &str, body: &str) -> String {
    let (hub, token) = hub();
    ask(&hub, &token, method, path, body);
    hub.take_violations().join("\n")
}

#[test]
#[ignore = "needs GitHub's descriptions"]
fn every_address_of_the_double_is_one_of_githubs() {
    assert_eq!(herder_fakehub::foreign_routes(), [""; 0]);
}

#[test]
#[ignore = "needs GitHub's descriptions"]
fn what_github_knows_is_no_violation() {
    assert_eq!(wrong("POST", "/repos/acme/app/issues", r#"{"title":"x","labels":["a"]}"#), "");
    assert_eq!(wrong("GET", "/repos/acme/app/issues?state=all&per_page=100", ""), "");
}

#[test]
#[ignore = "needs GitHub's descriptions"]
fn an_unknown_field_parameter_or_value_is_a_violation() {
    let field = wrong("POST", "/repos/acme/app/issues", r#"{"title":"x","label":["a"]}"#);
    assert!(field.contains("label"), "{field}");
    let parameter = wrong("GET", "/repos/acme/app/issues?status=open", "");
    assert!(parameter.contains("no parameter is called status"), "{parameter}");
    let value = wrong("GET", "/repos/acme/app/issues?state=done", "");
    assert!(value.contains("\"done\" is not one of"), "{value}");
    let kind = wrong("PATCH", "/repos/acme/app", r#"{"allow_auto_merge":"yes"}"#);
    assert!(kind.contains("allow_auto_merge"), "{kind}");
    let body = wrong("POST", "/repos/acme/app/git/refs", "");
    assert!(body.contains("no body, where one is required"), "{body}");
}

#[test]
#[ignore = "needs GitHub's descriptions"]
#[should_panic(expected = "GitHub's description was broken")]
fn a_violation_that_nobody_takes_away_fails_the_test() {
    let (hub, token) = hub();
    ask(&hub, &token, "GET", "/repos/acme/app/issues?status=open", "");
}

/// Written anew with `HERDER_WRITE_CUT=1`.
#[test]
#[ignore = "needs GitHub's descriptions"]
fn the_schema_of_the_default_suite_is_cut_out_of_githubs() {
    let (wanted, is) = herder_fakehub::graphql_cut();
    if std::env::var_os("HERDER_WRITE_CUT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/graphql/cut.graphql");
        std::fs::write(path, &wanted).unwrap();
        return;
    }
    assert!(wanted == is, "cut.graphql is not what the table asks for; HERDER_WRITE_CUT=1 writes it anew");
}
