//! git itself, over HTTP.

use std::path::Path;
use std::process::{Command, Output};

use herder_fakehub::{Hub, Permission};
use serde_json::json;

use crate::client::Client;
use crate::scene::{APP, Scene};

/// git without the person's settings, with a token in a header.
fn git(directory: &Path, token: Option<&str>, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(directory).env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    command.args(["-c", "user.name=bob", "-c", "user.email=bob@users.noreply.github.com"]);
    if let Some(token) = token {
        let helper = format!("!f() {{ echo username=x-access-token; echo password={token}; }}; f");
        command.arg("-c").arg(format!("credential.helper={helper}"));
    }
    command.args(args).output().expect("git runs")
}

#[track_caller]
fn must(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A clone with a commit on a branch.
fn clone_with_commit(hub: &Hub, place: &Path, token: &str, branch: &str) -> std::path::PathBuf {
    must(git(place, Some(token), &["clone", "--quiet", &hub.git_url("acme/app"), "clone"]));
    let clone = place.join("clone");
    must(git(&clone, None, &["checkout", "--quiet", "-b", branch]));
    std::fs::write(clone.join("new.txt"), branch).unwrap();
    must(git(&clone, None, &["add", "."]));
    must(git(&clone, None, &["commit", "--quiet", "-m", "Write new.txt"]));
    clone
}

#[test]
fn a_push_moves_branch_and_pull_request_and_says_who_it_was() {
    let scene = Scene::new();
    let place = tempfile::tempdir().unwrap();
    let token = scene.hub.token("bob", &["repo"]);
    let clone = clone_with_commit(&scene.hub, place.path(), &token, "goal-1");
    must(git(&clone, Some(&token), &["push", "--quiet", "origin", "goal-1"]));
    let new = json!({ "title": "Do it", "head": "goal-1", "base": "main" });
    let number = scene.bob.post(&format!("{APP}/pulls"), new).ok()["number"].clone();
    must(git(&clone, None, &["commit", "--quiet", "--amend", "-m", "Write it again"]));
    must(git(&clone, Some(&token), &["push", "--quiet", "--force", "origin", "goal-1"]));
    let head = must(git(&clone, None, &["rev-parse", "HEAD"]));
    assert_eq!(scene.bob.get(&format!("{APP}/pulls/{number}")).ok()["head"]["sha"], head);
    let events = scene.bob.get(&format!("{APP}/issues/{number}/events")).ok();
    assert_eq!(
        (&events[0]["event"], &events[0]["actor"]["login"]),
        (&json!("head_ref_force_pushed"), &json!("bob"))
    );
    let pinned =
        must(git(&clone, Some(&token), &["ls-remote", "origin", &format!("refs/pull/{number}/head")]));
    assert!(pinned.starts_with(&head), "{pinned}");
    must(git(&clone, Some(&token), &["push", "--quiet", "origin", ":goal-1"]));
    assert_eq!(scene.bob.get(&format!("{APP}/pulls/{number}")).ok()["state"], "closed");
}

#[test]
fn a_stranger_neither_pushes_nor_sees_what_is_private() {
    let scene = Scene::new();
    scene.hub.repo("acme/secret").private().grant("bob", Permission::Write).create();
    let place = tempfile::tempdir().unwrap();
    let (eve, bob) = (scene.hub.token("eve", &["repo"]), scene.hub.token("bob", &["repo"]));
    scene.hub.expect("GET", "info/refs", 403);
    let clone = clone_with_commit(&scene.hub, place.path(), &eve, "mine");
    assert!(!git(&clone, Some(&eve), &["push", "--quiet", "origin", "mine"]).status.success());
    let secret = scene.hub.git_url("acme/secret");
    assert!(!git(place.path(), Some(&eve), &["ls-remote", &secret]).status.success());
    assert!(must(git(place.path(), Some(&bob), &["ls-remote", &secret])).contains("refs/heads/main"));
    assert_eq!(scene.eve.get("/repos/acme/secret").status, 404);
}

#[test]
fn a_protected_branch_takes_no_push() {
    let scene = Scene::new();
    scene.protect("ci");
    let place = tempfile::tempdir().unwrap();
    let token = scene.hub.token("bob", &["repo"]);
    let clone = clone_with_commit(&scene.hub, place.path(), &token, "goal-1");
    let refused = git(&clone, Some(&token), &["push", "origin", "goal-1:main"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("GH006: Protected branch update failed"), "{said}");
    must(git(&clone, Some(&token), &["push", "--quiet", "origin", "goal-1"]));
}

#[test]
fn of_two_pushes_to_one_ref_one_is_refused_and_a_ref_of_ones_own_is_a_lock() {
    let scene = Scene::new();
    let place = tempfile::tempdir().unwrap();
    let token = scene.hub.token("bob", &["repo"]);
    let clone = clone_with_commit(&scene.hub, place.path(), &token, "claim");
    let claim = "refs/herder/claims/7";
    let lease = format!("--force-with-lease={claim}:");
    must(git(&clone, Some(&token), &["push", "--quiet", &lease, "origin", &format!("claim:{claim}")]));
    must(git(&clone, None, &["commit", "--quiet", "--amend", "-m", "Another"]));
    let second = git(&clone, Some(&token), &["push", "--quiet", &lease, "origin", &format!("claim:{claim}")]);
    assert!(!second.status.success());
    let shown = scene.bob.get(&format!("{APP}/git/matching-refs/herder/claims/")).ok();
    assert_eq!(shown[0]["ref"], claim);
}

#[test]
fn closing_words_act_when_a_commit_comes_into_the_default_branch() {
    let scene = Scene::new();
    let issue = scene.issue("Do it");
    let place = tempfile::tempdir().unwrap();
    let token = scene.hub.token("bob", &["repo"]);
    let clone = clone_with_commit(&scene.hub, place.path(), &token, "goal-1");
    must(git(&clone, None, &["commit", "--quiet", "--amend", "-m", &format!("Do it\n\nFixes #{issue}")]));
    must(git(&clone, Some(&token), &["push", "--quiet", "origin", "goal-1"]));
    assert_eq!(scene.bob.get(&format!("{APP}/issues/{issue}")).ok()["state"], "open");
    must(git(&clone, Some(&token), &["push", "--quiet", "origin", "goal-1:main"]));
    let closed = scene.bob.get(&format!("{APP}/issues/{issue}/events")).ok();
    let head = must(git(&clone, None, &["rev-parse", "HEAD"]));
    assert_eq!((&closed[0]["event"], &closed[0]["commit_id"]), (&json!("closed"), &json!(head)));
}

#[test]
fn a_partial_clone_is_served() {
    let scene = Scene::new();
    let place = tempfile::tempdir().unwrap();
    let url = scene.hub.git_url("acme/app");
    must(git(place.path(), None, &["clone", "--quiet", "--filter=blob:none", "--no-checkout", &url, "thin"]));
    let nobody = Client::nobody(&scene.hub);
    assert_eq!(nobody.get(APP).ok()["default_branch"], "main");
}
