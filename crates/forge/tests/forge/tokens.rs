//! Where the token comes from, and where it never goes.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use herder_domain::repo::Number;
use herder_forge::{Client, Credentials, Lookup, Secret, Setup, Site, TokenSource, Why};
use herder_testkit::canary::Canary;

use crate::scene::{Scene, app, client, server, setup};

fn with(url: &str, sources: Vec<TokenSource>) -> Client {
    let site = Site::at("github.com", url, &format!("{url}/graphql"));
    Client::new(Setup::new(site, Credentials::new("github.com", sources)))
}

fn unset() -> TokenSource {
    TokenSource::variable("GITHUB_TOKEN", |_| None)
}

/// A program in place of `gh`; a shell that others may be starting does not keep it busy.
fn gh(dir: &Path, script: &str) -> TokenSource {
    let path = dir.join("gh");
    let draft = dir.join("draft");
    fs_err::write(&draft, format!("#!/bin/sh\n{script}\n")).unwrap();
    let copied = std::process::Command::new("install").args(["-m", "755"]).arg(&draft).arg(&path).status();
    assert!(copied.unwrap().success());
    assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    TokenSource::Gh { program: path, host: "github.com".into() }
}

#[test]
fn the_first_source_that_has_a_token_is_used() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    let token = scene.hub.token("herder", &["repo"]);
    let dir = tempfile::tempdir().unwrap();
    let script = format!("test \"$*\" = 'auth token --hostname github.com' && echo {token}");
    let client = with(&scene.hub.url(), vec![unset(), gh(dir.path(), &script)]);
    assert!(client.issue(&app(), number).present().is_some());
    assert_eq!(client.token_source().as_deref(), Some("gh auth token --hostname github.com"));
}

#[test]
fn without_a_token_nothing_is_sent_and_the_sources_are_named() {
    let scene = Scene::new();
    let dir = tempfile::tempdir().unwrap();
    let client = with(&scene.hub.url(), vec![unset(), gh(dir.path(), "exit 1")]);
    let Lookup::Unknown(why @ Why::NoToken(_)) = client.issue(&app(), Number(1)) else { panic!("no token") };
    assert_eq!(
        why.to_string(),
        "there is no token for github.com: looked at the variable GITHUB_TOKEN (not set), \
         gh auth token --hostname github.com (not logged in)"
    );
    assert_eq!(scene.requests().0, 0);
}

#[test]
fn a_token_that_is_refused_is_fetched_anew() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    let (old, new) = (scene.hub.token("herder", &["repo"]), scene.hub.token("herder", &["repo"]));
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("token");
    fs_err::write(&kept, &old).unwrap();
    let client = with(&scene.hub.url(), vec![gh(dir.path(), &format!("cat '{}'", kept.display()))]);
    assert!(client.issue(&app(), number).present().is_some());
    scene.hub.revoke(&old);
    fs_err::write(&kept, &new).unwrap();
    scene.hub.expect("GET", "/issues/1", 401);
    assert!(matches!(client.issue(&app(), number), Lookup::Unknown(Why::Refused(_))));
    assert!(client.issue(&app(), number).present().is_some());
}

#[test]
fn the_token_is_in_no_error_no_debug_and_no_address() {
    let dir = tempfile::tempdir().unwrap();
    let canary = Canary::new(dir.path());
    let secret = canary.secret().to_owned();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let (listener, _) = server(move |request, responder| {
        noted.lock().unwrap().push((request.path.clone(), request.query.clone()));
        // A server that throws everything back.
        let thrown = request.authorization.reveal().to_owned();
        assert!(thrown.starts_with("Bearer "), "as an Authorization header");
        let _ = responder.send(401, &[], br#"{"message":"Bad credentials"}"#);
    });
    let source = TokenSource::variable("GITHUB_TOKEN", |_| Some(secret.clone().into()));
    let shown = format!("{source:?} {:?}", Secret::parse(&secret).unwrap());
    let credentials = Credentials::new("github.com", vec![source]);
    let site = Site::at("github.com", &listener.url(), &listener.url());
    let client = Client::new(Setup::new(site, credentials));
    let told = [
        format!("{:?}", client.issue(&app(), Number(1))),
        format!("{:?}", client.rename_issue(&app(), Number(1), "x")),
        client.rename_issue(&app(), Number(1), "x").unwrap_err().to_string(),
        format!("{:?}", client.repository(&app())),
        format!("{:?} {:?}", client.token(), client.token_source()),
        format!("{:?}", seen.lock().unwrap()),
        shown,
    ];
    for text in told {
        assert!(!text.contains(&secret), "{text}");
    }
    assert!(seen.lock().unwrap().len() >= 4);
}

#[test]
fn a_redirect_does_not_get_the_token() {
    let elsewhere = Arc::new(Mutex::new(Vec::new()));
    let noted = elsewhere.clone();
    let (storage, _) = server(move |request, responder| {
        noted.lock().unwrap().push(request.authorization.reveal().to_owned());
        let _ = responder.send(200, &[], b"one\ntwo\nthe end\n");
    });
    let to = format!("{}/log?sig=secret", storage.url());
    let (_listener, client) =
        server(move |_, responder| drop(responder.send(302, &[("location", &to)], b"")));
    assert_eq!(client.log_tail(&app(), 7, 9), Lookup::Present("the end\n".into()));
    assert_eq!(*elsewhere.lock().unwrap(), [""]);
}

#[test]
fn what_is_no_token_is_none() {
    let scene = Scene::new();
    for bad in ["", "  \n", "two words", "line\r\nbreak: x"] {
        let source = TokenSource::variable("GITHUB_TOKEN", |_| Some(bad.into()));
        let client = with(&scene.hub.url(), vec![source]);
        assert!(matches!(client.issue(&app(), Number(1)), Lookup::Unknown(Why::NoToken(_))), "{bad:?}");
    }
    assert_eq!(scene.requests().0, 0);
    // White space around one is not part of it.
    let number = scene.issue("Do it", "", &[]);
    let token = scene.hub.token("herder", &["repo"]);
    let client = Client::new(setup(&scene.hub.url(), &format!(" {token}\n")));
    assert!(client.issue(&app(), number).present().is_some());
}

#[test]
fn an_enterprise_server_is_asked_below_its_own_path() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    let token = scene.hub.token("herder", &["repo"]);
    let client = client(&format!("{}/api/v3", scene.hub.url()), &token);
    assert!(client.issue(&app(), number).present().is_some());
    assert!(scene.hub.log().iter().any(|entry| entry.path == "/api/v3/repos/acme/app/issues/1" || entry.path.ends_with("/issues/1")));
}
