//! Jobs that stand still, with all that they started, and go on.
#![allow(clippy::unwrap_used)] // as in any test; clippy sees only functions marked so

mod scene;

use std::path::Path;

use herder_executor::Exit;
use scene::{NONE, Running, Scene, wait_until};

/// Two that beat: the program, and one in a session of its own whose parent is gone.
const BEATS: &str = "trap 'echo bye; exit 3' TERM
    (setsid sh -c 'while :; do echo x >>far; sleep 0.01; done' &)
    echo up
    while :; do echo x >>near; sleep 0.01; done";

fn beats(dir: &Path) -> Vec<u64> {
    let length = |name| std::fs::metadata(dir.join(name)).map(|file| file.len()).unwrap_or(0);
    ["near", "far"].map(length).to_vec()
}

fn until_still(dir: &Path) {
    let (mut seen, mut times) = (beats(dir), 0);
    wait_until("all to stand still", || {
        let now = beats(dir);
        times = if now == seen { times + 1 } else { 0 };
        seen = now;
        // Each look is longer than a beat.
        times >= 25
    });
}

fn until_beating(dir: &Path) {
    let before = beats(dir);
    let beats_on = || beats(dir).iter().zip(&before).all(|(now, before)| now > before);
    wait_until("all to go on", beats_on);
}

fn beating(scene: &Scene) -> Running {
    let mut running = scene.start(&scene.shell(BEATS));
    running.await_line("up");
    until_beating(scene.dir.path());
    running
}

#[test]
fn a_frozen_job_stands_still_with_all_that_it_started_and_goes_on_when_thawed() {
    let scene = Scene::new();
    let running = beating(&scene);
    assert!(running.handle.frozen_for().is_zero());
    for _ in 0..2 {
        running.handle.freeze();
        until_still(scene.dir.path());
        assert!(running.handle.is_frozen());
        running.handle.thaw();
        until_beating(scene.dir.path());
    }
    let stood = running.handle.frozen_for();
    assert!(!stood.is_zero() && stood == running.handle.frozen_for(), "its clock goes no more");
    running.handle.kill();
    running.reports.wait().unwrap();
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn a_frozen_job_that_is_stopped_goes_on_for_its_end() {
    let scene = Scene::new();
    let mut running = beating(&scene);
    running.handle.freeze();
    until_still(scene.dir.path());
    running.handle.stop(None);
    running.await_line("bye");
    assert_eq!(running.reports.wait().unwrap().exit, Exit::Code(3));
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn a_frozen_job_dies_with_whoever_started_it_or_with_its_keeper() {
    for is_keeper_killed in [false, true] {
        let scene = Scene::new();
        let running = beating(&scene);
        running.handle.freeze();
        until_still(scene.dir.path());
        if is_keeper_killed {
            let keeper =
                i32::try_from(running.keeper()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
            rustix::process::kill_process(keeper, rustix::process::Signal::KILL).unwrap();
            assert!(running.reports.wait().is_err());
        } else {
            drop(running.reports);
        }
        wait_until("nothing to be left", || scene.survivors() == NONE);
    }
}
