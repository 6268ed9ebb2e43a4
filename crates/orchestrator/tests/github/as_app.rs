//! herder as a GitHub App: the same night, with no person's token anywhere.

use herder_testkit::until;

use crate::script::easy;
use crate::stage::{APP, PATIENCE, Stage};

/// A throw-away key, made for tests and known to everybody.
const KEY: &str = include_str!("../../../forge/tests/fixtures/throwaway-key.pem");
const PUBLIC: &str = include_str!("../../../forge/tests/fixtures/throwaway-key.pub.pem");

#[test]
fn a_goal_lands_by_an_apps_hands_whose_token_is_renewed_on_the_way() {
    let stage = Stage::unregistered();
    let (app, installation) = stage.hub.app("herder-app", "acme", PUBLIC);
    let key = stage.home.write("app.pem", KEY);
    let table = format!("app = \"{app}\"\ninstallation = {installation}\napp_key_file = {key:?}\n");
    stage.configure("", &table, ("token = \"APP_TOKEN\"\n", ""));
    stage.must(&["add", APP]);
    let issue = stage.issue("bob", "Write a file", &easy("new.txt"), &["goal"]);
    let up = stage.up();
    stage.until_labels(issue, &["goal", "goal:draft"]);
    // The first token goes on for less than ten minutes now.
    stage.hub.move_clock(jiff::SignedDuration::from_mins(51));
    stage.label("bob", issue, "goal:queued");
    stage.until_labels(issue, &["goal", "goal:done"]);
    until("nothing to be left to do", PATIENCE, || {
        stage.store().open_effects().unwrap().is_empty().then_some(())
    });
    assert!(up.stop().success());
    let log = stage.hub.log();
    let is_other = |actor: &str| !matches!(actor, "herder-app[bot]");
    let others: Vec<_> = log.iter().filter(|entry| entry.actor.as_deref().is_some_and(is_other)).collect();
    assert!(others.is_empty(), "{others:?}");
    let tokens = log.iter().filter(|entry| entry.path.ends_with("/access_tokens"));
    assert!(tokens.count() >= 3, "one to register, one to begin, one after fifty minutes");
    assert!(log.iter().any(|entry| entry.path.ends_with("git-receive-pack") && entry.status == 200));
}

#[test]
fn an_app_without_its_key_is_an_error_that_names_the_file() {
    let stage = Stage::unregistered();
    stage.configure("", "app = \"1\"\ninstallation = 2\napp_key_file = \"/nowhere/key.pem\"\n", ("", ""));
    let said = stage.herder(&["add", APP]).unwrap_err();
    assert!(
        said.contains("the private key of the GitHub App for github.com: /nowhere/key.pem cannot be read"),
        "{said}"
    );
}
