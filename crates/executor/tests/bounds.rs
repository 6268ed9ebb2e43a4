//! What a job may take of the machine, and what becomes of one that wants more.
#![allow(clippy::unwrap_used)] // as in any test; clippy sees only functions marked so

mod scene;

use herder_domain::setup::Bounds;
use herder_executor::{Exit, Job, Limits};
use herder_testkit::processes::cgroups_named;
use scene::{NONE, Scene};

/// A job that has python3 run a script within bounds.
fn python(scene: &Scene, script: &str, bounds: Bounds) -> Job {
    let mut job = scene.shell("exec python3 -c \"$SCRIPT\"");
    job.env.insert("SCRIPT".into(), script.into());
    job.limits = Limits::within(bounds);
    job
}

/// Takes 400 MiB, a page at a time, and says so.
const HUNGRY: &str = "held = [b'x' * (1 << 20) for _ in range(400)]; print('full')";

const MIB_64: Bounds =
    Bounds { memory: Some(64 << 20), nice: 0, processes: None, cpu_weight: None, io_weight: None };

#[test]
fn a_job_that_wants_more_memory_than_it_may_have_dies_and_nobody_else() {
    let scene = Scene::new();
    let other = scene.start(&scene.shell("echo up; exec sleep 300"));
    let (text, ending) = scene.run(&python(&scene, HUNGRY, MIB_64));
    assert!(!text.contains("full") && !ending.exit.is_success(), "{text} {ending:?}");
    // Where no cgroup holds all of it, each process is refused what is beyond, and knows.
    if ending.out_of_memory_kills.is_some_and(|kills| kills > 0) {
        assert_eq!((ending.exit, ending.memory_bound_hit), (Exit::Signal(9), MIB_64.memory));
        assert!(ending.held().iter().any(|said| said.contains("the 64 MiB")), "{:?}", ending.held());
    } else {
        assert!(text.contains("MemoryError"), "{text}");
    }
    assert!(other.handle.process().wait_for_exit(Some(std::time::Duration::ZERO)).is_ok());
    assert!(scene::stat_field(other.handle.process().pid, 0).is_some_and(|state| state == "S"));
    other.handle.kill();
    other.reports.wait().unwrap();
    assert_eq!(scene.survivors(), NONE);
    assert_eq!(cgroups_named(scene.run.as_str()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn memory_that_is_not_asked_for_is_had_without_a_bound() {
    let scene = Scene::new();
    let (text, ending) = scene.run(&python(&scene, HUNGRY, Bounds::default()));
    assert_eq!((text.trim(), ending.exit, ending.held()), ("full", Exit::Code(0), vec![]));
}

#[test]
fn a_storm_of_processes_comes_to_its_bound_and_is_ended_whole() {
    const MOST: u32 = 40;
    // Each forks until it is refused, and says how many it could make.
    let storm = "\
import os, sys, time
made = 0
for _ in range(400):
    try:
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)
        made += 1
    except OSError:
        break
print('made', made)
";
    let scene = Scene::new();
    let bounds = Bounds { processes: Some(MOST), ..Bounds::default() };
    let (text, ending) = scene.run(&python(&scene, storm, bounds));
    let made: u32 = text.trim().strip_prefix("made ").unwrap().parse().unwrap();
    match ending.process_bound_hit {
        Some(most) => {
            assert_eq!(most, MOST);
            assert!(made < MOST && ending.held().iter().any(|said| said.contains("40 processes")), "{made}");
        }
        // For root there is no such bound but that of a cgroup.
        None => assert!(made <= MOST || rustix::process::geteuid().is_root(), "{made}"),
    }
    assert_eq!(scene.survivors(), NONE);
    assert_eq!(cgroups_named(scene.run.as_str()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_job_is_as_nice_and_as_light_as_it_is_told_to_be() {
    let scene = Scene::new();
    let script = "nice; cat /proc/self/cgroup; echo up; read line; true";
    let mut job = scene.shell(script);
    job.limits = Limits::within(Bounds { nice: 7, cpu_weight: Some(50), ..Bounds::default() });
    let (text, ending) = scene.run(&job);
    assert!(ending.exit.is_success(), "{text}");
    let own = rustix::process::getpriority_process(None).unwrap();
    assert_eq!(text.lines().next(), Some((own + 7).to_string().as_str()), "{text}");
    assert_eq!(cgroups_named(scene.run.as_str()), Vec::<std::path::PathBuf>::new());
}
