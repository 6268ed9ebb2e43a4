//! The listener for webhooks, with GitHub's own deliveries and with what else may knock.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use herder_fakehub::op::{self, hook::HookEdit};
use herder_forge::webhook::{Bounds, HookKey, Listening, Wake};
use herder_testkit::until;

use crate::scene::Scene;

const PATIENCE: Duration = Duration::from_secs(60);

fn listening(bounds: Bounds) -> (Listening, Receiver<Wake>) {
    let (tell, told) = channel();
    let keys = vec![("github.com".to_owned(), HookKey::new("s3cret"))];
    let here = "127.0.0.1:0".parse().unwrap();
    let listening = Listening::begin(here, keys, bounds, move |wake| drop(tell.send(wake))).unwrap();
    (listening, told)
}

/// A hook of everything, whose ping is answered.
fn hook(scene: &Scene, listening: &Listening, secret: &str) {
    let url = format!("http://{}/{secret}", listening.address());
    let events = Some(vec!["*".to_owned()]);
    let edit = HookEdit { url: Some(url), events, secret: Some(secret.to_owned()), active: None };
    scene.hub.act("ada", |ctx| op::hook::create(ctx, "acme/app", edit));
}

/// What the receivers of a hook's messages have answered, once all have.
fn answers(scene: &Scene, secret: &str) -> Vec<(String, u16)> {
    until("an answer to every delivery", PATIENCE, || {
        // Answers are written down with the next request.
        scene.client.check();
        scene.hub.look(|state| {
            let hooks = &state.repo("acme/app").unwrap().hooks;
            let hook = hooks.iter().find(|hook| hook.url.ends_with(secret)).unwrap();
            let all = hook.deliveries.iter();
            all.map(|one| Some((one.event.clone(), one.status?))).collect::<Option<Vec<_>>>()
        })
    })
}

/// What is said to these bytes.
fn said(listening: &Listening, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(listening.address()).unwrap();
    stream.write_all(bytes).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn deliveries_that_come_twice_and_in_another_order_are_told_once_each() {
    let scene = Scene::new();
    let (listening, told) = listening(Bounds::default());
    hook(&scene, &listening, "s3cret");
    scene.hub.mail().hold();
    scene.hub.mail().repeat(2);
    for title in ["One", "Two", "Three"] {
        scene.issue(title, "", &[]);
    }
    scene.hub.mail().release(false);
    let numbers: Vec<u64> = (0..3)
        .map(|_| {
            let wake = told.recv_timeout(PATIENCE).unwrap();
            assert_eq!(wake.repo.to_string(), "github.com/acme/app");
            wake.number.unwrap().0
        })
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    // Whatever else was to be told would have come before this.
    scene.hub.mail().repeat(0);
    scene.issue("Four", "", &[]);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().number.unwrap().0, 4);
    assert!(told.try_recv().is_err());
}

#[test]
fn what_another_secret_signed_is_refused_and_wakes_nobody() {
    let scene = Scene::new();
    let (listening, told) = listening(Bounds::default());
    hook(&scene, &listening, "another");
    hook(&scene, &listening, "s3cret");
    scene.issue("One", "", &[]);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().number.unwrap().0, 1);
    let refused = [("ping".to_owned(), 401), ("issues".to_owned(), 401)];
    assert_eq!(answers(&scene, "another"), refused);
    assert_eq!(answers(&scene, "s3cret"), [("ping".to_owned(), 200), ("issues".to_owned(), 202)]);
    assert!(told.try_recv().is_err());
}

#[test]
fn whoever_is_slow_too_long_or_one_too_many_is_told_so_and_keeps_nobody() {
    let bounds = Bounds { time: Duration::from_millis(200), ..Bounds::default() };
    let (quick, _told) = listening(bounds);
    // Half a head, and half a body: a slow loris.
    assert!(said(&quick, b"POST / HTTP/1.1\r\nContent-Type: appl").starts_with("HTTP/1.1 408 "));
    let head = |length: usize| {
        format!("POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{")
    };
    assert!(said(&quick, head(100).as_bytes()).starts_with("HTTP/1.1 408 "));
    assert!(said(&quick, head(2 << 20).as_bytes()).starts_with("HTTP/1.1 413 "));
    let long = format!("POST / HTTP/1.1\r\nX: {}", "x".repeat(20 << 10));
    assert!(said(&quick, long.as_bytes()).starts_with("HTTP/1.1 413 "));
    let (single, _told) = listening(Bounds { at_once: 1, ..Bounds::default() });
    let first = TcpStream::connect(single.address()).unwrap();
    assert!(said(&single, b"").starts_with("HTTP/1.1 503 "));
    first.shutdown(Shutdown::Both).unwrap();
    until("the first to be gone", PATIENCE, || {
        said(&single, b"GET / HTTP/1.1\r\n\r\n").contains(" 405 ").then_some(())
    });
}

#[test]
fn a_listener_that_is_dropped_gives_its_address_back() {
    let (listening, _told) = listening(Bounds::default());
    let address = listening.address();
    drop(listening);
    until("the address to be free", PATIENCE, || std::net::TcpListener::bind(address).ok());
}
