//! Jobs and their cgroups, where this machine lets the tests make some.
#![allow(clippy::unwrap_used)] // as in any test; clippy sees only functions marked so

mod scene;

use std::path::Path;

use herder_executor::{Launcher, PeakMemory};
use scene::{NONE, Running, Scene, example, launcher, start_with, wait_until};

/// Keepers on this kernel, and on one that can only move a process that is there already.
fn launchers() -> [Launcher; 2] {
    [launcher(), Launcher::at(example("keeper_of_old"))]
}

/// The line of /proc/PID/cgroup for a controller (none for version 2) from a text with all of them.
fn place<'a>(text: &'a str, controller: &str) -> Option<&'a Path> {
    text.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|one| one == controller).then_some(Path::new(path))
    })
}

fn is_of(running: &Running, scene: &Scene, place: Option<&Path>) -> bool {
    let tail = Path::new("herder").join(scene.run.as_str()).join(running.keeper().to_string());
    place.is_some_and(|place| place.ends_with(tail))
}

#[test]
fn a_job_is_in_its_cgroup_from_the_first_thing_it_does_on_any_kernel() {
    let scene = Scene::new();
    for launcher in launchers() {
        // The shell reads by itself: a child of it could have been moved since.
        let script = "while read -r line; do echo \"$line\"; done </proc/self/cgroup; echo up; sleep 300";
        let mut running = start_with(&launcher, &scene.shell(script));
        let text = running.lines_until("up");
        if running.handle.cgroup().is_some() {
            assert!(is_of(&running, &scene, place(&text, "")), "{text}");
        }
        running.handle.kill();
        running.reports.wait().unwrap();
        assert_eq!(scene.survivors(), NONE);
    }
}

#[test]
fn the_memory_of_a_job_that_lives_on_is_counted_for_all_of_it() {
    let scene = Scene::new();
    for launcher in launchers() {
        // One that was forked before anything is counted, and is not the program.
        let mut running =
            start_with(&launcher, &scene.shell("sleep 300 & echo $!; echo up; read line; sleep 300"));
        let child = running.lines_until("up").trim().to_owned();
        let of = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        if running.handle.cgroup().is_some() && place(&of(&child), "memory").is_some() {
            for pid in [running.handle.process().pid.to_string(), child] {
                wait_until("the memory to be counted", || {
                    is_of(&running, &scene, place(&of(&pid), "memory"))
                });
            }
            running.handle.kill();
            let peak = running.reports.wait().unwrap().peak_memory;
            assert!(matches!(peak, PeakMemory::Job(_) | PeakMemory::LargestProcess(1..)), "{peak:?}");
        }
    }
    assert_eq!(
        herder_testkit::processes::cgroups_named(scene.run.as_str()),
        Vec::<std::path::PathBuf>::new()
    );
}
