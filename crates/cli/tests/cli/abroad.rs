//! A repository on another host: nothing is pushed there without leave.

use serde_json::{Value, json};

use crate::scene::{Said, Scene, feed};

/// Stands for ssh: leaves the host out and does here what was to be done there.
const SSH: &str = "#!/bin/sh\n[ \"$1\" = git@forge.example.com ] || exit 255\nshift\nexec sh -c \"$*\"\n";

const DONE: &str = "## Objective\nSay hello.\n\n```replay\n\
    [{\"write\": {\"path\": \"hello\", \"text\": \"hi\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

/// A command that reaches the other host.
fn abroad(scene: &Scene, args: &[&str]) -> Said {
    let mut command = scene.command(args);
    // It is a plain program, and takes none of OpenSSH's options.
    command.env("GIT_SSH_COMMAND", scene.home.bin().join("fake-ssh")).env("GIT_SSH_VARIANT", "simple");
    feed(command, b"")
}

/// The origin registered by its address on the other host, and what `repo list` says of it.
fn registered(more: &[&str]) -> (Scene, Value) {
    let scene = Scene::bare();
    scene.home.install_program("fake-ssh", SSH);
    let url = format!("ssh://git@forge.example.com{}", scene.origin.path().display());
    let args = [&["repo", "add", &url], more].concat();
    abroad(&scene, &args).expect_ok(&args);
    let item = scene.json(&["repo", "list"])["items"][0].clone();
    assert_eq!((&item["url"], &item["base_branch"]), (&json!(url), &json!("main")));
    // The path of the scene is the owner.
    assert_eq!(item["repo"], format!("forge.example.com/{}/app", scene.home.marker()));
    (scene, item)
}

#[track_caller]
fn night(scene: &Scene) {
    let args = ["up", "--once"];
    abroad(scene, &args).expect_ok(&args);
    scene.home.assert_no_process_left();
}

#[test]
fn work_for_another_host_waits_for_leave_to_be_pushed() {
    let (scene, item) = registered(&[]);
    assert_eq!(item["pushes"], false);
    let before = scene.origin.tip("main");
    scene.goal_of(DONE, "Hello", &["--queue"]);
    night(&scene);
    assert_eq!(scene.status(1), "spot-check");
    assert_eq!((scene.origin.tip("main"), scene.origin.branches()), (before, vec!["main".to_owned()]));
    assert!(scene.ok(&["why", "1"]).contains("push"), "{}", scene.ok(&["why", "1"]));

    scene.ok(&["goal", "approve", "1"]);
    night(&scene);
    assert_eq!(scene.status(1), "done");
    assert_eq!(scene.origin.file_at("main", "hello").as_deref(), Some("hi"));
}

#[test]
fn work_for_another_host_lands_unattended_where_that_was_allowed() {
    let (scene, item) = registered(&["--push"]);
    assert_eq!(item["pushes"], true);
    scene.goal_of(DONE, "Hello", &["--queue"]);
    night(&scene);
    assert_eq!(scene.status(1), "done");
    assert_eq!(scene.origin.file_at("main", "hello").as_deref(), Some("hi"));
}
