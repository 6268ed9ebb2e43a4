//! Webhooks: a change is seen at once, however seldom GitHub is asked.

use herder_fakehub::op::{self, hook::HookEdit};
use herder_testkit::until;

use crate::script::easy;
use crate::stage::{APP, PATIENCE, Stage};

#[test]
fn a_webhook_shows_a_change_long_before_the_next_poll() {
    let stage = Stage::new();
    let secret = stage.home.write("hook-secret", "s3cret\n");
    stage.configure(
        "webhook = \"127.0.0.1:0\"\n",
        &format!("webhook_secret_file = {secret:?}\n"),
        ("poll = \"1s\"", "poll = \"10m\""),
    );
    let issue = stage.issue("bob", "Write a file", &easy("new.txt"), &["goal"]);
    let up = stage.up();
    stage.until_labels(issue, &["goal", "goal:draft"]);
    let address = until("webhooks to be heard", PATIENCE, || {
        let said = up.said();
        let (_, rest) = said.split_once("webhooks of github.com are heard on ")?;
        rest.lines().next().map(str::to_owned)
    });
    let edit = HookEdit {
        url: Some(format!("http://{address}/")),
        events: Some(vec!["*".to_owned()]),
        secret: Some("s3cret".to_owned()),
        active: None,
    };
    stage.hub.act("ada", |ctx| op::hook::create(ctx, APP, edit));
    stage.label("bob", issue, "goal:queued");
    stage.until_labels(issue, &["goal", "goal:done"]);
    assert!(up.stop().success());
}

#[test]
fn without_a_secret_no_webhook_is_heard_and_the_error_says_what_to_set() {
    let stage = Stage::unregistered();
    stage.configure("webhook = \"127.0.0.1:0\"\n", "", ("", ""));
    let said = stage.herder(&["up", "--once"]).unwrap_err();
    assert!(
        said.contains("no host has a secret for them (github.com: the variable GITHUB_WEBHOOK_SECRET"),
        "{said}"
    );
}
