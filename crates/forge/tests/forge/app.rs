//! A GitHub App: its key is a throw-away one, made for this test and known to everybody.

use herder_forge::{App, Client, Credentials, Lookup, Setup, Site, TokenSource, Why};
use jiff::SignedDuration;

use crate::scene::{Scene, app as repo};

const KEY: &str = include_str!("../fixtures/throwaway-key.pem");
pub const PUBLIC: &str = include_str!("../fixtures/throwaway-key.pub.pem");

pub fn client(scene: &Scene, id: u64, installation: u64) -> Client {
    let url = scene.hub.url();
    let site = Site::at("github.com", &url, &format!("{url}/graphql"));
    let app = App::new(&id.to_string(), installation, KEY).unwrap();
    Client::new(Setup::new(site, Credentials::new("github.com", vec![TokenSource::App(app)])))
}

fn tokens_made(scene: &Scene) -> usize {
    scene.hub.log().iter().filter(|entry| entry.path.ends_with("/access_tokens")).count()
}

#[test]
fn an_installations_token_is_fetched_once_and_renewed_before_its_end() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    let (id, installation) = scene.hub.app("herder-app", "acme", PUBLIC);
    let client = client(&scene, id, installation);
    for _ in 0..3 {
        assert!(client.issue(&repo(), number).present().is_some());
    }
    assert_eq!(tokens_made(&scene), 1);
    client.rename_issue(&repo(), number, "Do it now").unwrap();
    assert_eq!(scene.hub.log().last().unwrap().actor.as_deref(), Some("herder-app[bot]"));
    // Fifty-one minutes later it lives for nine minutes still, by the server's clock, and is exchanged.
    scene.hub.move_clock(SignedDuration::from_mins(51));
    assert!(client.issue(&repo(), number).present().is_some(), "the clock is learned from this answer");
    assert!(client.issue(&repo(), number).present().is_some());
    assert_eq!(tokens_made(&scene), 2);
}

#[test]
fn a_clock_that_is_wrong_is_set_right_by_the_refusal() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    let (id, installation) = scene.hub.app("herder-app", "acme", PUBLIC);
    scene.hub.move_clock(SignedDuration::from_hours(-2));
    scene.hub.expect("POST", "/access_tokens", 401);
    assert!(client(&scene, id, installation).issue(&repo(), number).present().is_some());
    assert_eq!(tokens_made(&scene), 2);
}

#[test]
fn an_app_that_the_server_does_not_know_has_no_token() {
    let scene = Scene::new();
    let number = scene.issue("Do it", "", &[]);
    scene.hub.expect("POST", "/access_tokens", 401);
    let client = client(&scene, 4711, 4712);
    let Lookup::Unknown(why @ Why::NoToken(_)) = client.issue(&repo(), number) else { panic!("no token") };
    assert!(why.to_string().starts_with("a token for installation 4712 of the GitHub App: "), "{why}");
}

#[test]
fn a_key_that_is_none_is_refused_without_being_shown() {
    for bad in
        ["", "a secret", PUBLIC, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"]
    {
        let error = App::new("1", 2, bad).unwrap_err().to_string();
        assert!(error.starts_with("the private key of the GitHub App cannot be read: "), "{error}");
        assert!(!error.contains("AAAA") && !error.contains("a secret"), "{error}");
    }
    let shown = format!("{:?}", App::new("1", 2, KEY).unwrap());
    assert_eq!(shown, "App { issuer: \"1\", installation: 2, .. }");
}

#[test]
fn an_app_is_known_by_the_name_of_its_bot_which_is_asked_for_once() {
    let scene = Scene::new();
    let (id, installation) = scene.hub.app("herder-app", "acme", PUBLIC);
    let client = client(&scene, id, installation);
    for _ in 0..2 {
        assert_eq!(client.login(), Lookup::Present("herder-app[bot]".to_owned()));
    }
    assert_eq!(scene.hub.log().iter().filter(|entry| entry.path == "/app").count(), 1);
}
