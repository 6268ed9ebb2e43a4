//! What runs use is seen while they use it: real jobs, by their cgroups where there are any, and by their processes.
#![allow(clippy::unwrap_used, clippy::panic)] // as in any test; clippy sees only functions marked so

mod scene;

use std::time::Duration;

use herder_domain::measure::{Measured, RunSample};
use herder_executor::{Sampler, Subject};
use herder_testkit::until::until;
use jiff::Timestamp;
use scene::Scene;

const PATIENCE: Duration = Duration::from_secs(60);

/// Holds 32 MiB, computes until it is killed, and has a child that waits.
const HUNGRY: &str =
    "sleep 300 & x=$(head -c 33554432 /dev/zero | tr '\\0' x); echo ready; while :; do :; done";

fn of(sampler: &mut Sampler, subject: &Subject) -> RunSample {
    sampler.sample(Timestamp::now(), std::slice::from_ref(subject)).runs[&subject.run]
}

fn is_hungry(sample: &RunSample) -> bool {
    sample.cpu.known().is_some_and(|cpu| cpu > Duration::from_millis(200))
        && sample.memory.known().is_some_and(|bytes| bytes > 30 << 20)
        && sample.processes.known().is_some_and(|count| count >= 2)
}

#[test]
fn a_run_is_measured_while_it_works_and_is_nothing_afterwards() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell(HUNGRY));
    running.await_line("ready");
    // Where no cgroup can be made, processes are looked at here, too: those below this one.
    let subject = Subject { run: scene.run.clone(), marker: scene.run.clone(), pid: std::process::id() };
    let mut sampler = Sampler::new(Vec::new());
    let sample = until("all that it uses", PATIENCE, || Some(of(&mut sampler, &subject)).filter(is_hungry));
    assert_ne!(sample.io, Measured::Absent);
    running.handle.kill();
    running.reports.wait().unwrap();
    until("nothing of it", PATIENCE, || {
        let left = of(&mut sampler, &subject);
        (left.memory.known().is_some_and(|bytes| bytes < 30 << 20)).then_some(())
    });
}

#[test]
fn without_cgroups_a_run_is_measured_by_its_processes() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell(HUNGRY));
    running.await_line("ready");
    let pid = running.handle.process().pid;
    let subject = Subject { run: scene.run.clone(), marker: scene.run.clone(), pid };
    let mut sampler = Sampler::of_processes(Vec::new());
    until("all that it uses", PATIENCE, || Some(of(&mut sampler, &subject)).filter(is_hungry));
    running.handle.kill();
    running.reports.wait().unwrap();
    let left = of(&mut sampler, &subject);
    assert_eq!((left.processes, left.memory), (Measured::Known(0), Measured::Known(0)));
}

#[test]
fn a_machine_has_as_many_processors_as_this_process_may_use() {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let all = sched_getaffinity(None).unwrap();
    let first = (0..CpuSet::MAX_CPU).find(|cpu| all.is_set(*cpu)).unwrap();
    let mut one = CpuSet::new();
    one.set(first);
    // Of this thread alone.
    sched_setaffinity(None, &one).unwrap();
    let host = Sampler::new(Vec::new()).host();
    sched_setaffinity(None, &all).unwrap();
    assert_eq!(host.cores, 1);
    let whole = Sampler::new(Vec::new()).host();
    assert!(host.busy.known() <= whole.busy.known(), "{host:?} {whole:?}");
}
