//! That the judge can say no: damage of each sort is seen, and so is a protection that was taken away.

use std::cell::Cell;
use std::fs::File;
use std::io::Write;
use std::process::Command;

use herder_domain::event::{Event, What};
use herder_workspace::Vault;
use jiff::Timestamp;

use crate::judge::faults;
use crate::night::{looked_on, play, play_with};
use crate::scene::Scene;
use crate::seen::seen;

/// A scene whose night is over.
fn over() -> Scene {
    let scene = Scene::new();
    for _ in 0..2 {
        assert!(looked_on(&scene, scene.up().spawn().unwrap()).unwrap().success());
        scene.act();
    }
    assert_eq!(faults(&scene), Vec::<String>::new());
    scene
}

#[track_caller]
fn assert_seen(scene: &Scene, words: &str) {
    let faults = faults(scene);
    assert!(faults.iter().any(|fault| fault.contains(words)), "{words:?} is not in {faults:#?}");
}

#[test]
fn each_sort_of_thing_that_is_left_is_seen() {
    let scene = over();
    let state = scene.state();
    let stats = std::fs::read_to_string(state.stats()).unwrap();
    let mut rows = File::options().append(true).open(state.stats()).unwrap();
    writeln!(rows, "{}", stats.lines().last().unwrap()).unwrap();
    assert_seen(&scene, "stats.jsonl has rows for");

    for (path, words) in [
        ("home/.ralphs/local/o/r/7-1", "7-1 is left"),
        ("home/.ralphs/.run/abcdefgh", "abcdefgh is left"),
        ("state/runs/.x.new", ".x.new is left"),
    ] {
        std::fs::create_dir_all(scene.home.path().join(path)).unwrap();
        assert_seen(&scene, words);
    }
    std::fs::write(scene.repo.path().join("HEAD.lock"), "").unwrap();
    assert_seen(&scene, "r.git/HEAD.lock is left");

    let lock = File::open(state.root().join("orchestrator.lock")).unwrap();
    lock.lock().unwrap();
    assert_seen(&scene, "the orchestrator's lock");
    lock.unlock().unwrap();

    let mut left = Command::new("sleep").arg("600").current_dir(scene.home.path()).spawn().unwrap();
    assert_seen(&scene, "is left: sleep 600");
    left.kill().unwrap();
    left.wait().unwrap();

    let vault = state.vault(&scene.id);
    assert!(Vault::at(&vault).bare().path().is_dir());
    for entry in std::fs::read_dir(vault.join("objects")).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    assert_seen(&scene, "the vault has lost");
    assert_seen(&scene, "git fsck of");
}

#[test]
fn each_thing_that_came_out_otherwise_is_seen() {
    let scene = over();
    let quiet = seen(&scene);
    let mut store = scene.store();
    let goal = &scene.goals[3];
    let comment = store.comments(goal).unwrap().remove(0);
    store.comment(goal, "herder", &comment.text, None, Timestamp::now()).unwrap();
    let twice = seen(&scene);
    assert_eq!(quiet.difference(&twice).len(), 1);

    store.append(&Event::of(&scene.goals[0], What::GoalCancelled), Timestamp::now()).unwrap();
    assert_eq!(twice.difference(&seen(&scene)).len(), 1);
    let cancelled = seen(&scene);

    scene.repo.push("main", "Goal #1: Easy\n\nHerder-Goal: 1\nHerder-Run: r-1-1\n", &[]);
    assert!(cancelled.difference(&seen(&scene))[0].starts_with("the base has"));
}

/// The trailer in the base is what tells a restarted orchestrator that its push has arrived. Cut between the
/// push and its being recorded, and without the trailer, work is landed twice: if no night could show this,
/// none would have been cut there.
#[test]
fn a_landing_whose_trailer_is_taken_away_diverges() {
    let after_push = "orchestrator:git-push:origin/HEAD.lock:remove#1=all".parse().unwrap();
    let strikes = [after_push];
    let healed = play(&strikes);
    assert_eq!((healed.log.struck, healed.faults), (1, vec![]), "{}", healed.said);

    let is_done = Cell::new(false);
    let broken = play_with(&strikes, |scene| {
        if !is_done.replace(true) {
            take_trailer_away(scene);
        }
    });
    assert_eq!(broken.log.struck, 1);
    assert!(!healed.seen.difference(&broken.seen).is_empty(), "{}", broken.said);
}

/// Replaces the commit that was pushed by one that says nothing of a run.
fn take_trailer_away(scene: &Scene) {
    let git = |args: &[&str]| scene.repo.git(args).trim().to_owned();
    assert_eq!(scene.repo.commits_with_trailer("Herder-Run").len(), 1);
    let tree = git(&["rev-parse", "main^{tree}"]);
    let bare = git(&["commit-tree", &tree, "-p", "main~1", "-m", "Nobody's"]);
    // Git itself would not, for the lock that the push has left.
    std::fs::write(scene.repo.path().join("refs/heads/main"), format!("{bare}\n")).unwrap();
}
