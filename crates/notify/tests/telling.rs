//! A person is told by a real command, a real request and a real mail.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use herder_domain::level::Level;
use herder_domain::repo::GoalRef;
use herder_domain::way::{Address, Awake, Form, Mail, Means, Post, Route, Secret, Way};
use herder_notify::{Link, Notice, Notifier, NotifyError, Told};
use herder_testkit::http::{Listener, Request, Responder};
use herder_testkit::{Mood, NotifySink, SmtpSink};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

const NOON: Timestamp = Timestamp::constant(12 * 3600, 0);

fn notice() -> Notice {
    Notice {
        goal: Some(GoalRef::new("acme/app".parse().unwrap(), 42)),
        url: Some("https://example.org/acme/app/42".into()),
        ..Notice::new(
            "spot-check/acme/app#42/1",
            "acme/app#42 waits for you",
            "a protected path changed\n$(touch pwned) `id` <b> & @channel",
            Level::Attention,
        )
    }
}

fn with_links() -> Notice {
    let link = |label: &str| Link { label: label.into(), url: format!("https://herder.example/{label}") };
    Notice { links: vec![link("Approve"), link("Reject")], ..notice() }
}

fn way(means: Means) -> Way {
    Way { name: "way".into(), route: Route::default(), means }
}

fn command(words: &[&str]) -> Means {
    Means::Command(words.iter().map(|word| (*word).to_owned()).collect())
}

fn post(url: &str, form: Form) -> Means {
    Means::Post(Post { address: Address::Plain(url.into()), form, token: None })
}

fn soon(means: Means) -> Result<(), NotifyError> {
    Notifier::new(vec![]).with_time_limit(Duration::from_millis(300)).try_by(&way(means), &notice())
}

fn send(means: Means, notice: &Notice) -> Result<(), NotifyError> {
    Notifier::new(vec![]).try_by(&way(means), notice)
}

/// A file that holds a secret.
fn file(dir: &Path, text: &str) -> Secret {
    let path = dir.join("secret");
    fs::write(&path, text).unwrap();
    Secret::File(path)
}

/// The one body that was posted in this form.
fn posted(form: Form, notice: &Notice) -> Value {
    let sink = NotifySink::start();
    send(post(&sink.url(), form), notice).unwrap();
    let received = sink.received();
    assert_eq!(received.len(), 1);
    serde_json::from_str(&received[0].body).unwrap()
}

/// A receiver that answers with this status and text.
fn answering(status: u16, headers: &'static [(&'static str, &'static str)], text: &'static str) -> Listener {
    let answer = move |_: Request, responder: Responder| {
        let _ = responder.send(status, headers, text.as_bytes());
    };
    Listener::start(std::sync::Arc::new(answer))
}

#[test]
fn a_command_finds_the_notice_in_its_environment_and_nothing_is_executed() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let script = r#"printf '%s|%s|%s|%s|%s' "$HERDER_TITLE" "$HERDER_MESSAGE" "$HERDER_GOAL" "$HERDER_KEY" "$HERDER_LEVEL" >"$1""#;
    send(command(&["sh", "-c", script, "sh", out.to_str().unwrap()]), &notice()).unwrap();
    assert_eq!(
        fs::read_to_string(out).unwrap(),
        "acme/app#42 waits for you|a protected path changed\n$(touch pwned) `id` <b> & @channel|acme/app#42|\
         spot-check/acme/app#42/1|attention"
    );
}

#[test]
fn a_command_that_fails_or_hangs_is_an_error_in_bounded_time() {
    for words in [&["sh", "-c", "exit 3"][..], &["sleep", "600"], &["/no/such/program"]] {
        assert!(matches!(soon(command(words)), Err(NotifyError::Command(_))), "{words:?}");
    }
}

#[test]
fn a_desktop_is_given_operands_that_are_no_options_and_no_markup() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    // As `notify-send` is called; what it shows is the desktop's.
    let script = r#"out=$1; shift; printf '%s\n' "$@" >"$out""#;
    let words = ["sh", "-c", script, "sh", out.to_str().unwrap()].map(str::to_owned).to_vec();
    let notice = Notice { title: "--help".into(), level: Level::Urgent, ..notice() };
    send(Means::Desktop(words), &notice).unwrap();
    assert_eq!(
        fs::read_to_string(out).unwrap(),
        "--app-name=herder\n--urgency\ncritical\n--\n--help\na protected path changed\n$(touch pwned) `id` &lt;b&gt; \
         &amp; @channel\n"
    );
    assert_eq!(Means::desktop(), Means::Desktop(vec!["notify-send".into()]));
}

#[test]
fn a_message_is_posted_as_ntfy_takes_it() {
    let dir = tempfile::tempdir().unwrap();
    let sink = NotifySink::start();
    let form = Form::Ntfy { topic: Some("goals".into()) };
    let (address, token) = (Address::Plain(sink.url()), Some(file(dir.path(), "tk_secret\n")));
    send(Means::Post(Post { address, form, token }), &with_links()).unwrap();
    let received = sink.received();
    assert_eq!(received[0].path, "/");
    assert_eq!(received[0].headers["authorization"], format!("({} characters)", "Bearer tk_secret".len()));
    let expected = json!({
        "topic": "goals",
        "title": "acme/app#42 waits for you",
        "message": "a protected path changed\n$(touch pwned) `id` <b> & @channel",
        "tags": ["warning"],
        "priority": 4,
        "click": "https://example.org/acme/app/42",
        "key": "spot-check/acme/app#42/1",
        "goal": "acme/app#42",
        "actions": [
            { "action": "view", "label": "Approve", "url": "https://herder.example/Approve" },
            { "action": "view", "label": "Reject", "url": "https://herder.example/Reject" },
        ],
    });
    assert_eq!(serde_json::from_str::<Value>(&received[0].body).unwrap(), expected);
    let urgent = Notice { level: Level::Urgent, ..notice() };
    assert_eq!(posted(Form::Ntfy { topic: None }, &urgent)["priority"], 5);
}

#[test]
fn a_webhook_gets_all_there_is_and_a_chat_gets_words_that_call_nobody() {
    let body = posted(Form::Json, &with_links());
    assert_eq!((&body["level"], &body["story"]), (&json!("attention"), &Value::Null));
    assert_eq!((&body["goal"], &body["links"][1]["label"]), (&json!("acme/app#42"), &json!("Reject")));
    let slack = posted(Form::Slack, &with_links());
    assert_eq!(
        slack["text"],
        "*acme/app#42 waits for you*\na protected path changed\n$(touch pwned) `id` &lt;b&gt; &amp; @channel\n\
         <https://example.org/acme/app/42|Look>\n<https://herder.example/Approve|Approve>\n\
         <https://herder.example/Reject|Reject>"
    );
    let mattermost = posted(Form::Mattermost, &notice());
    let text = mattermost["text"].as_str().unwrap();
    assert!(!text.contains("@channel") && text.contains("[Look](https://example.org/acme/app/42)"), "{text}");
    let discord = posted(Form::Discord, &Notice { message: "é".repeat(4000), ..with_links() });
    assert_eq!(discord["allowed_mentions"], json!({ "parse": [] }));
    let text = discord["content"].as_str().unwrap();
    assert!(
        text.chars().count() <= 2000 && text.ends_with("[Reject](https://herder.example/Reject)"),
        "{text}"
    );
}

#[test]
fn a_refusal_names_status_and_host_but_not_the_address() {
    let receiver = answering(403, &[], "forbidden");
    let dir = tempfile::tempdir().unwrap();
    let address = Address::Secret(file(dir.path(), &format!("{}/hook/path-secret", receiver.url())));
    let means = Means::Post(Post { address, form: Form::Slack, token: None });
    assert!(!format!("{means:?}").contains("path-secret"));
    let error = send(means, &notice()).unwrap_err().to_string();
    assert_eq!(error, "notify by post to 127.0.0.1: it answered 403: forbidden");
}

#[test]
fn a_redirect_is_not_followed() {
    let receiver = answering(302, &[("location", "http://127.0.0.1:1/")], "");
    let error = send(post(&receiver.url(), Form::Json), &notice()).unwrap_err();
    assert!(matches!(error, NotifyError::Refused { status: 302, .. }), "{error:?}");
}

#[test]
fn silence_and_absence_are_errors_in_bounded_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let url = format!("http://{address}/secret");
    let error = soon(post(&url, Form::Json)).unwrap_err();
    assert!(matches!(error, NotifyError::NoAnswer { .. }), "{error:?}");
    let error = soon(mail(&format!("smtp://{address}"))).unwrap_err();
    assert!(matches!(error, NotifyError::Mail { .. }), "{error:?}");
    drop(silent);
    let error = soon(post(&url, Form::Json)).unwrap_err();
    assert!(
        matches!(error, NotifyError::NoAnswer { .. }) && !error.to_string().contains("secret"),
        "{error}"
    );
    let error = soon(post("not an address", Form::Json)).unwrap_err();
    assert!(matches!(error, NotifyError::NoAnswer { .. }), "{error:?}");
}

fn mail(server: &str) -> Means {
    Means::Mail(Mail {
        server: Address::Plain(server.into()),
        user: None,
        password: None,
        from: "herder <herder@box.example>".into(),
        to: vec!["one@example.org".into(), "Two <two@example.org>".into()],
    })
}

#[test]
fn a_mail_has_words_and_addresses_and_the_same_id_whenever_it_is_sent() {
    let sink = SmtpSink::start(Mood::Takes);
    let notice =
        Notice { title: "acme/app#42 wartet für dich\r\nBcc: x@example.org".into(), ..with_links() };
    send(mail(&sink.url()), &notice).unwrap();
    send(mail(&sink.url()), &notice).unwrap();
    let letters = sink.wait_for(2, Duration::from_secs(30));
    assert_eq!(letters[0].from, "herder@box.example");
    assert_eq!(letters[0].to, ["one@example.org", "two@example.org"]);
    let id =
        |n: usize| letters[n].text.lines().find(|line| line.starts_with("Message-ID:")).unwrap().to_owned();
    assert_eq!(id(0), id(1));
    let (head, body) = letters[0].text.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(head.contains("Subject:") && head.contains("herder <herder@box.example>"), "{head}");
    assert!(body.contains("a protected path changed"), "{body}");
    assert!(body.replace("=\r\n", "").contains("Approve: https://herder.example/Approve"), "{body}");
}

#[test]
fn a_mail_server_may_ask_who_it_is_or_have_no_time() {
    let dir = tempfile::tempdir().unwrap();
    let sink = SmtpSink::start(Mood::Asks);
    let known = |password: &str| match mail(&sink.url()) {
        Means::Mail(mail) => {
            let password = Some(file(dir.path(), password));
            Means::Mail(Mail { user: Some("herder".into()), password, ..mail })
        }
        other => other,
    };
    assert!(matches!(send(mail(&sink.url()), &notice()), Err(NotifyError::Mail { .. })));
    let error = send(known("another-secret"), &notice()).unwrap_err();
    assert!(matches!(error, NotifyError::Mail { .. }) && !error.to_string().contains("another"), "{error}");
    send(known("letter-secret"), &notice()).unwrap();
    sink.set_mood(Mood::Busy);
    let error = send(known("letter-secret"), &notice()).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1") && error.contains("come back later"), "{error}");
    assert_eq!(sink.received().len(), 1);
}

#[test]
fn mail_to_another_machine_is_encrypted_or_not_sent() {
    let error = send(mail("http://127.0.0.1:1"), &notice()).unwrap_err();
    assert!(matches!(error, NotifyError::BadMail { .. }), "{error:?}");
    // This server speaks no TLS.
    let sink = SmtpSink::start(Mood::Takes);
    let error = send(mail(&sink.url().replace("smtp://", "smtps://")), &notice()).unwrap_err();
    assert!(matches!(error, NotifyError::Mail { .. }), "{error:?}");
    assert!(sink.received().is_empty());
}

#[test]
fn each_way_is_tried_that_takes_it_has_not_told_it_and_is_heard_now() {
    let sink = NotifySink::start();
    let named = |name: &str, route: Route, means: Means| Way { name: name.into(), route, means };
    let all = || Route { level: Level::Info, ..Route::default() };
    let asleep =
        Awake { zone: TimeZone::UTC, from: Time::constant(18, 0, 0, 0), to: Time::constant(20, 0, 0, 0) };
    let ways = vec![
        named("deaf", all(), command(&["false"])),
        named("told", all(), command(&["false"])),
        named("loud", Route { level: Level::Urgent, ..all() }, command(&["false"])),
        named("late", Route { awake: Some(asleep), ..all() }, command(&["false"])),
        named("sink", all(), post(&sink.url(), Form::Json)),
    ];
    let notifier = Notifier::new(ways);
    let notice = notice();
    let told = notifier.tell(&notice, NOON, |name| name == "told");
    let six = Timestamp::from_second(18 * 3600).unwrap();
    assert!(
        matches!(
            told[..],
            [("deaf", Told::Not(_)), ("late", Told::Later(at)), ("sink", Told::Now)] if at == six
        ),
        "{told:?}"
    );
    assert_eq!(sink.received().len(), 1);
    assert!(Notifier::new(vec![]).tell(&notice, NOON, |_| false).is_empty());
}
