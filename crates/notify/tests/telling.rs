//! A person is told by a real command and by a real request.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use herder_notify::{Level, Notice, Notifier, NotifyError, Post, Token, Way};

fn notice() -> Notice {
    Notice {
        key: "spot-check/acme/app#42/1".into(),
        title: "acme/app#42 waits for you".into(),
        message: "a protected path changed\n$(touch pwned) `id`".into(),
        goal: Some("acme/app#42".into()),
        url: Some("https://example.org/acme/app/42".into()),
        level: Level::Attention,
    }
}

/// A receiver of one request, which it answers as told; then gives the request.
struct Receiver {
    url: String,
    request: JoinHandle<String>,
}

impl Receiver {
    fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let request = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read_request(&stream);
            stream.write_all(answer.as_bytes()).unwrap();
            request
        });
        Self { url, request }
    }
}

fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while reader.read_line(&mut request).unwrap() > 2 {}
    let length = request
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .map(|rest| rest.lines().next().unwrap().parse());
    let mut body = vec![0; length.unwrap().unwrap()];
    reader.read_exact(&mut body).unwrap();
    request + &String::from_utf8(body).unwrap()
}

fn post(url: &str) -> Post {
    Post { url: url.into(), topic: None, token: None }
}

fn only_error(told: Vec<(Way, Result<(), NotifyError>)>) -> NotifyError {
    assert_eq!(told.len(), 1);
    told.into_iter().next().unwrap().1.unwrap_err()
}

#[test]
fn a_command_finds_the_notice_in_its_environment_and_nothing_is_executed() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let script = r#"printf '%s|%s|%s|%s|%s' "$HERDER_TITLE" "$HERDER_MESSAGE" "$HERDER_GOAL" "$HERDER_KEY" "$HERDER_LEVEL" >"$1""#;
    let command = ["sh", "-c", script, "sh", out.to_str().unwrap()].map(ToOwned::to_owned).to_vec();
    let told = Notifier::new(command, None).tell(&notice());
    assert!(matches!(told[..], [(Way::Command, Ok(()))]), "{told:?}");
    assert_eq!(
        fs::read_to_string(out).unwrap(),
        "acme/app#42 waits for you|a protected path changed\n$(touch pwned) `id`|acme/app#42|spot-check/acme/app#42/1|attention"
    );
}

#[test]
fn a_command_that_fails_or_hangs_is_an_error_in_bounded_time() {
    let tell = |script: &str| {
        let command = ["sh", "-c", script].map(ToOwned::to_owned).to_vec();
        only_error(Notifier::new(command, None).with_time_limit(Duration::from_millis(300)).tell(&notice()))
    };
    for script in ["exit 3", "sleep 600"] {
        assert!(matches!(tell(script), NotifyError::Command(_)), "{script}");
    }
    let missing = Notifier::new(vec!["/no/such/program".into()], None).tell(&notice());
    assert!(matches!(only_error(missing), NotifyError::Command(_)));
}

#[test]
fn a_message_is_posted_as_ntfy_takes_it() {
    let receiver = Receiver::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let token =
        Token::from_env("NTFY_TOKEN", |name| (name == "NTFY_TOKEN").then(|| "tk_secret\n".into())).unwrap();
    assert!(!format!("{token:?}").contains("secret"));
    let post = Post { url: receiver.url.clone(), topic: Some("goals".into()), token: Some(token) };
    let told = Notifier::new(vec![], Some(post)).tell(&notice());
    assert!(matches!(told[..], [(Way::Post, Ok(()))]), "{told:?}");
    let request = receiver.request.join().unwrap();
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("authorization: bearer tk_secret\r\n"), "{request}");
    let body: serde_json::Value = serde_json::from_str(&request[request.find('{').unwrap()..]).unwrap();
    let expected = serde_json::json!({
        "topic": "goals",
        "title": "acme/app#42 waits for you",
        "message": "a protected path changed\n$(touch pwned) `id`",
        "tags": ["warning"],
        "priority": 4,
        "click": "https://example.org/acme/app/42",
        "key": "spot-check/acme/app#42/1",
        "goal": "acme/app#42",
    });
    assert_eq!(body, expected);
}

#[test]
fn a_refusal_names_status_and_host_but_not_the_address() {
    let receiver = Receiver::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nforbidden");
    let url = format!("{}/hook/path-secret", receiver.url);
    let error = only_error(Notifier::new(vec![], Some(post(&url))).tell(&notice())).to_string();
    assert_eq!(error, "notify by post to 127.0.0.1: it answered 403: forbidden");
    receiver.request.join().unwrap();
}

#[test]
fn a_redirect_is_not_followed() {
    let receiver = Receiver::answering(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    );
    let error = only_error(Notifier::new(vec![], Some(post(&receiver.url))).tell(&notice()));
    assert!(matches!(error, NotifyError::Refused { status: 302, .. }), "{error:?}");
    receiver.request.join().unwrap();
}

#[test]
fn silence_and_absence_are_errors_in_bounded_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret", silent.local_addr().unwrap());
    let notifier = Notifier::new(vec![], Some(post(&url))).with_time_limit(Duration::from_millis(300));
    let error = only_error(notifier.tell(&notice()));
    assert!(matches!(error, NotifyError::NoAnswer { .. }), "{error:?}");
    drop(silent);
    let error = only_error(notifier.tell(&notice()));
    assert!(
        matches!(error, NotifyError::NoAnswer { .. }) && !error.to_string().contains("secret"),
        "{error}"
    );
    let error = only_error(Notifier::new(vec![], Some(post("not an address"))).tell(&notice()));
    assert!(matches!(error, NotifyError::NoAnswer { .. }), "{error:?}");
}

#[test]
fn one_way_that_fails_keeps_no_other_from_being_tried() {
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let notifier = Notifier::new(vec!["false".into()], Some(post(&receiver.url)));
    assert_eq!(notifier.ways(), [Way::Command, Way::Post]);
    let told = notifier.tell(&notice());
    assert!(matches!(told[..], [(Way::Command, Err(_)), (Way::Post, Ok(()))]), "{told:?}");
    receiver.request.join().unwrap();
    assert!(Notifier::new(vec![], None).tell(&notice()).is_empty());
}

#[test]
fn a_token_must_be_there_and_be_one() {
    for value in ["", "  \n", "two words", "línea"] {
        let error = Token::from_env("NTFY_TOKEN", |_| Some(value.into())).unwrap_err();
        assert!(matches!(error, NotifyError::NoToken { .. }));
        assert!(error.to_string().contains("NTFY_TOKEN"));
    }
}
