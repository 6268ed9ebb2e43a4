//! Present, gone, unknown: never one for the other.

use herder_domain::repo::{Number, RepoId};
use herder_fakehub::Permission;
use herder_forge::{Lookup, Undone, Why};
use herder_testkit::http::Responder;

use crate::scene::{Scene, app, client, server};

#[test]
fn an_issue_is_present_or_gone() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "## Objective\nDo it.", &["goal"]);
    let Lookup::Present(issue) = scene.client.issue(&app(), number) else { panic!("it is there") };
    assert_eq!((issue.title.as_str(), issue.author.as_deref()), ("Do it", Some("ada")));
    assert_eq!((issue.labels, issue.is_pull), (vec!["goal".to_owned()], false));
    scene.hub.expect("GET", "/issues/99", 404);
    assert_eq!(scene.client.issue(&app(), Number(99)), Lookup::Gone);
}

#[test]
fn what_may_only_be_hidden_is_unknown_and_not_gone() {
    let scene = Scene::new();
    scene.hub.repo("acme/secret").private().grant("ada", Permission::Admin).create();
    let secret = RepoId::new("github.com", "acme", "secret").unwrap();
    scene.hub.expect("GET", "/repos/acme/secret", 404);
    let unproven = Why::Unproven { repo: "acme/secret".into() };
    assert_eq!(scene.client.issue(&secret, Number(1)), Lookup::Unknown(unproven.clone()));
    assert_eq!(scene.client.repository(&secret).present(), None);
    assert_eq!(scene.client.pull_by_head(&secret, "goal-1"), Lookup::Unknown(unproven));
}

#[test]
fn a_repository_of_another_host_is_not_asked_for_here() {
    let scene = Scene::new();
    let elsewhere = RepoId::new("git.example.org", "acme", "app").unwrap();
    assert!(matches!(scene.client.issue(&elsewhere, Number(1)), Lookup::Unknown(Why::Malformed(_))));
    assert_eq!(scene.requests().0, 0);
}

#[test]
fn trouble_of_any_kind_is_unknown() {
    type Trouble = fn(Responder);
    let table: [(&str, Trouble, Why); 8] = [
        ("5xx", |r| drop(r.send(502, &[], b"<html>bad gateway</html>")), Why::Server { status: 502 }),
        ("hang up", Responder::hang_up, Why::NoConnection(String::new())),
        ("no JSON", |r| drop(r.send(200, &[], b"<html>")), Why::Malformed(String::new())),
        ("half of it", |r| drop(r.send(200, &[], b"{\"number\":1,\"ti")), Why::Malformed(String::new())),
        ("another shape", |r| drop(r.send(200, &[], b"[]")), Why::Malformed(String::new())),
        ("cut off", cut_off, Why::NoConnection(String::new())),
        ("slow", |r| drop(r.pause(std::time::Duration::from_secs(60))), Why::TimedOut),
        (
            "moved",
            |r| drop(r.send(301, &[("location", "https://elsewhere.example/x?sig=1")], b"")),
            Why::Moved { to: "https://elsewhere.example/x?sig=1".into() },
        ),
    ];
    for (name, trouble, expected) in table {
        let (_listener, client) = server(move |_, responder| trouble(responder));
        let Lookup::Unknown(why) = client.issue(&app(), Number(1)) else { panic!("{name} is unknown") };
        assert_eq!(std::mem::discriminant(&why), std::mem::discriminant(&expected), "{name}: {why:?}");
        assert!(!why.to_string().contains("sig="), "{why}");
    }
}

fn cut_off(responder: Responder) {
    let mut chunks = responder.stream(200, &[]).unwrap();
    let _ = chunks.write("{\"number\":");
}

#[test]
fn a_write_without_an_answer_is_not_known_to_be_done_and_one_that_never_left_may_be_repeated() {
    let (listener, client) = server(|_, responder| responder.hang_up());
    let marker = herder_forge::Marker::new("status", "1");
    let done = client.rename_issue(&app(), Number(1), "New");
    assert!(matches!(done, Err(Undone::Unknown(Why::NoConnection(_)))), "{done:?}");
    // What has to be looked up first is not sent when the look-up fails.
    let done = client.put_comment(&app(), Number(1), "herder", &marker, "Hello");
    assert!(matches!(done, Err(Undone::NotSent(_))), "{done:?}");
    drop(listener);
    let done = client.rename_issue(&app(), Number(1), "New");
    assert!(matches!(done, Err(Undone::NotSent(Why::NoConnection(_)))), "{done:?}");
}

#[test]
fn what_was_read_costs_nothing_while_it_does_not_change() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    let first = scene.client.issue(&app(), number);
    let (_, before) = scene.requests();
    for _ in 0..5 {
        assert_eq!(scene.client.issue(&app(), number), first);
    }
    assert_eq!(scene.requests().1, before, "304 is free");
    let token = scene.hub.token("ada", &["repo"]);
    client(&scene.hub.url(), &token).rename_issue(&app(), number, "Do it now").unwrap();
    let Lookup::Present(issue) = scene.client.issue(&app(), number) else { panic!("it is there") };
    assert_eq!(issue.title, "Do it now");
}
