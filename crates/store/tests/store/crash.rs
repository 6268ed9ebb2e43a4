//! Processes that are killed, and processes at work together.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;

use herder_domain::event::{Event, What};
use herder_store::{GoalFilter, Store};

use crate::agreement::assert_agrees;
use crate::scene::{Fate, Scene, app, at, child, child_db, queued, results, settings, text};

/// Plays a daemon until it is killed: says each place in the journal that it knows to be safe.
#[test]
#[ignore = "started by another test"]
fn child_works_until_it_is_killed() {
    let Some(db) = child_db() else { return };
    let mut store = Store::open(&db).unwrap();
    for n in 0.. {
        let goal = store.create_goal(&app(), queued(text(&app(), "Next", "")), at(n)).unwrap();
        store.step(&settings(), at(n)).unwrap();
        for open in store.due_effects(at(n)).unwrap() {
            let events = results(&open.effect, Fate::Green, at(n));
            store.finish(&open.key, &events, at(n)).unwrap();
        }
        let cancelled = store.append(&Event::of(&goal, What::GoalCancelled), at(n)).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "safe {}", cancelled.seq).unwrap();
        out.flush().unwrap();
    }
}

/// Writes goals as fast as it can.
#[test]
#[ignore = "started by another test"]
fn child_creates_a_hundred_goals() {
    let Some(db) = child_db() else { return };
    let mut store = Store::open(&db).unwrap();
    for n in 0..100 {
        store.create_goal(&app(), queued(text(&app(), "Next", "")), at(n)).unwrap();
    }
}

/// Waits until the child has said `count` times that something is safe; gives what it said last.
fn safe_after(child: &mut Child, count: usize) -> u64 {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = 0;
    let mut seen = 0;
    while seen < count {
        let line = lines.next().expect("the child ended by itself").unwrap();
        if let Some(seq) = line.rsplit_once("safe ").and_then(|(_, seq)| seq.parse().ok()) {
            (last, seen) = (seq, seen + 1);
        }
    }
    child.kill().unwrap();
    // What it said before it died counts too.
    for line in lines.map_while(Result::ok) {
        if let Some(seq) = line.rsplit_once("safe ").and_then(|(_, seq)| seq.parse().ok()) {
            last = seq;
        }
    }
    child.wait().unwrap();
    last
}

#[test]
fn kill_9_loses_nothing_that_was_safe_and_leaves_nothing_half_done() {
    let scene = Scene::new();
    let path = scene.path();
    let Scene { store, dir } = scene;
    drop(store);
    for round in 0..8 {
        let mut command = child("crash::child_works_until_it_is_killed", &path);
        let mut killed = command.stdout(Stdio::piped()).spawn().unwrap();
        let safe = safe_after(&mut killed, 1 + 3 * round);
        let store = Store::open(&path).unwrap();
        let last = store.journal(0, usize::MAX).unwrap().last().unwrap().seq;
        assert!(last >= safe, "{safe} was safe and the journal ends at {last}");
        assert_agrees(&store);
    }
    drop(dir);
}

#[test]
fn two_processes_append_at_once() {
    let scene = Scene::new();
    let start = || {
        let mut command: Command = child("crash::child_creates_a_hundred_goals", &scene.path());
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let children = [start(), start()];
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(scene.store.goals(&GoalFilter::default()).unwrap().len(), 200);
    assert_agrees(&scene.store);
}

#[test]
fn many_make_the_same_database_at_once() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/herder.db");
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for n in 0..8 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let mut store = Store::open(path).unwrap();
                    store.append(&crate::scene::registered(&app()), at(n)).unwrap();
                });
            }
        });
        let store = Store::open(&path).unwrap();
        assert_eq!(store.journal(0, 99).unwrap().len(), 8);
        assert_agrees(&store);
    }
}
