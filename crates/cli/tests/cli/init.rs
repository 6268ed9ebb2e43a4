//! `herder init`: drafts that can be used as they are, and nothing of anybody's overwritten.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::{Said, Scene, feed, git};

/// A repository with these files, committed.
fn project(scene: &Scene, files: &[(&str, &str)]) -> PathBuf {
    let top = scene.home.home().join("project");
    fs_err::create_dir_all(&top).unwrap();
    git(&top, &["init", "--quiet", "--initial-branch", "main"]);
    for (name, text) in files {
        fs_err::write(top.join(name), text).unwrap();
    }
    git(&top, &["add", "--all"]);
    git(&top, &["commit", "--quiet", "--allow-empty", "--message", "Begin"]);
    top
}

fn init(scene: &Scene, dir: &Path, more: &[&str]) -> Said {
    let mut command = scene.command(&[&["init"], more].concat());
    command.current_dir(dir);
    feed(command, b"")
}

#[test]
fn a_repository_is_made_ready_and_its_gate_accepts_it() {
    let scene = Scene::bare();
    let top = project(&scene, &[("Makefile", "test:\n\ttest -f Makefile\n")]);
    fs_err::create_dir(top.join("deep")).unwrap();
    let said = init(&scene, &top.join("deep"), &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("wrote .ralph/check") && said.out.contains("herder repo add ."), "{said:?}");
    let check = top.join(".ralph/check");
    assert_eq!(fs_err::metadata(&check).unwrap().permissions().mode() & 0o111, 0o111);
    assert!(Command::new(&check).current_dir(&top).status().unwrap().success());
    git(&top, &["add", ".ralph"]);
    git(&top, &["commit", "--quiet", "--message", "Add the gate"]);
    git(&top, &["checkout", "--quiet", "-b", "work"]);
    let mut add = scene.command(&["repo", "add", ".", "--base", "main"]);
    add.current_dir(&top);
    assert_eq!(feed(add, b"").code, 0);
    let doctor = scene.run(&["doctor"]);
    assert!(doctor.out.contains("the gate .ralph/check is there"), "{doctor:?}");
}

#[test]
fn a_dry_run_shows_all_and_writes_nothing() {
    let scene = Scene::bare();
    let top = project(&scene, &[("go.mod", "module x\n")]);
    let said = init(&scene, &top, &["--dry-run"]);
    assert!(
        said.out.contains("would write .ralph/check") && said.out.contains("| go test ./..."),
        "{said:?}"
    );
    assert!(!top.join(".ralph").exists());
    let json = init(&scene, &top, &["--dry-run", "--json"]).as_json();
    assert_eq!(json["files"][0]["did"], "would_write");
    assert!(json["found"][0].as_str().unwrap().contains("go.mod"), "{json}");
}

#[test]
fn what_is_there_is_looked_at_and_never_overwritten() {
    let scene = Scene::bare();
    let top = project(&scene, &[]);
    fs_err::create_dir(top.join(".ralph")).unwrap();
    fs_err::write(top.join(".ralph/check"), "mine\n").unwrap();
    fs_err::write(top.join(".ralph/config.toml"), "colour = 1\n").unwrap();
    let said = init(&scene, &top, &[]);
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.out.contains("kept .ralph/check"), "{said:?}");
    assert!(said.err.contains("no executable file") && said.err.contains("chmod +x"), "{said:?}");
    assert!(said.out.contains(".ralph/config.toml:1"), "{said:?}");
    assert_eq!(fs_err::read_to_string(top.join(".ralph/check")).unwrap(), "mine\n");
    fs_err::write(top.join(".ralph/config.toml"), "duration = \"2h\"\n").unwrap();
    fs_err::set_permissions(top.join(".ralph/check"), PermissionsExt::from_mode(0o755)).unwrap();
    let said = init(&scene, &top, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains("git add .ralph"), "nothing is new: {said:?}");
}

#[test]
fn where_there_is_no_repository_it_says_so() {
    let scene = Scene::bare();
    let nowhere = scene.home.home().join("nowhere");
    fs_err::create_dir(&nowhere).unwrap();
    let said = init(&scene, &nowhere, &[]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("git init"), "{said:?}");
    let bare = init(&scene, scene.origin.path(), &[]);
    assert_eq!(bare.code, 4, "{bare:?}");
    let top = project(&scene, &[]);
    std::os::unix::fs::symlink("/tmp", top.join(".ralph")).unwrap();
    assert_eq!(init(&scene, &top, &[]).code, 4);
}
