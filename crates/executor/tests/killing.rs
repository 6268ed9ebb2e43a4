//! Violent ends: storms of processes, killed keepers, killed parents, strays.
#![allow(clippy::unwrap_used, clippy::panic)] // as in any test; clippy sees only functions marked so

mod scene;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use herder_executor::{Exit, Launcher, Report, end_strays};
use rustix::process::{Pid, Signal};
use scene::{NONE, Scene, example, launcher, start_with, unique_seconds, wait_until, with_argument};

fn send(pid: u32, signal: Signal) {
    rustix::process::kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// Keepers that find no cgroups: who may not make mounts may make no cgroups either, others have to
/// hide them.
fn launcher_without_cgroups(scene: &Scene) -> Launcher {
    let may_mount = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    if !may_mount.is_ok_and(|status| status.success()) {
        return launcher();
    }
    let path = scene.dir.path().join("keeper-without-cgroups");
    let keeper = example("keeper");
    let script = format!(
        "#!/bin/sh\nPATH=/usr/bin:/bin:/usr/sbin:/sbin\nexec unshare -m sh -c 'umount -l -R /sys/fs/cgroup; exec {} keeper'\n",
        keeper.display()
    );
    // Not by this process: a child forked by another test meanwhile would keep the file busy.
    let write = "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"";
    let written = Command::new("sh").args(["-c", write, "sh", &script]).arg(&path).status().unwrap();
    assert!(written.success());
    Launcher::at(path)
}

/// A tree of several hundred processes that goes on growing while it is killed.
const TREE: &str =
    "s() { if [ $1 -le 0 ]; then echo leaf; sleep 300; return; fi; s $(($1-1)) & s $(($1-1)) & wait; }; s 7";

/// A process that is another one, in another session, every moment; 3,000 times.
const CHAIN: &str = "cat >hop <<'X'\n[ $1 -gt 0 ] || exit 0\n[ $1 -ne 2990 ] || echo leaf\nsetsid sh hop $(($1-1)) &\nX\nsh hop 3000; sleep 300";

#[test]
fn a_growing_tree_of_processes_is_killed_whole() {
    let scene = Scene::new();
    for launcher in [launcher(), launcher_without_cgroups(&scene)] {
        let mut running = start_with(&launcher, &scene.shell(TREE));
        running.await_line("leaf");
        running.handle.kill();
        assert_eq!(running.reports.wait().unwrap().exit, Exit::Signal(9));
        assert_eq!(scene.survivors(), NONE);
    }
}

#[test]
fn a_chain_of_processes_that_never_stands_still_is_caught() {
    let scene = Scene::new();
    for launcher in [launcher(), launcher_without_cgroups(&scene)] {
        let mut running = start_with(&launcher, &scene.shell(CHAIN));
        running.await_line("leaf");
        running.handle.kill();
        assert_eq!(running.reports.wait().unwrap().exit, Exit::Signal(9));
        assert_eq!(scene.survivors(), NONE);
    }
}

#[test]
fn without_cgroups_a_job_is_told_from_one_in_a_cgroup() {
    let scene = Scene::new();
    let mut running = start_with(&launcher_without_cgroups(&scene), &scene.shell("echo up; sleep 300"));
    running.await_line("up");
    assert_eq!(running.handle.cgroup(), None);
}

#[test]
fn a_cgroup_is_gone_when_the_job_is() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell("echo up; sleep 300"));
    running.await_line("up");
    let Some(cgroup) = running.handle.cgroup().map(ToOwned::to_owned) else { return };
    let members = std::fs::read_to_string(cgroup.join("cgroup.procs")).unwrap();
    assert!(members.lines().any(|pid| pid == running.handle.process().pid.to_string()), "{members}");
    running.handle.kill();
    running.reports.wait().unwrap();
    assert!(!cgroup.exists());
    assert!(!cgroup.parent().unwrap().exists());
}

#[test]
fn a_killed_keeper_is_reported_and_takes_all_with_it() {
    let scene = Scene::new();
    for launcher in [launcher(), launcher_without_cgroups(&scene)] {
        let mut running =
            start_with(&launcher, &scene.shell("setsid sh -c 'echo up; sleep 300' & sleep 300"));
        running.await_line("up");
        send(running.keeper(), Signal::KILL);
        let reports: Vec<Report> = running.reports.collect();
        let [Report::KeeperDied { is_clean: true, .. }] = &reports[..] else { panic!("{reports:?}") };
        assert_eq!(scene.survivors(), NONE);
    }
}

#[test]
fn a_keeper_that_is_asked_to_end_stops_its_job_first() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell("trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"));
    running.await_line("up");
    send(running.keeper(), Signal::TERM);
    assert_eq!(running.reports.wait().unwrap().exit, Exit::Code(7));
}

/// A process that starts a job and can be killed; what the job writes comes after its own line.
fn stand_in(mode: &str, scene: &Scene, script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(example("stand_in"))
        .args([mode, example("keeper").to_str().unwrap(), scene.run.as_str(), script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

fn await_line(output: &mut impl BufRead, wanted: &str) {
    let mut line = String::new();
    while line.trim_end() != wanted {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "{wanted:?} never came");
    }
}

#[test]
fn a_job_dies_with_the_process_that_started_it() {
    let scene = Scene::new();
    let seconds = unique_seconds();
    let script = format!(
        "trap '' TERM; setsid env -i PATH=\"$PATH\" sh -c 'trap \"\" TERM; echo up; sleep {seconds}' & sleep {seconds}"
    );
    let (mut parent, mut output) = stand_in("parent", &scene, &script);
    await_line(&mut output, "up");
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("nothing is left", || scene.survivors().is_empty() && with_argument(&seconds).is_empty());
}

#[test]
fn a_subreaper_ends_what_a_killed_keeper_left_though_it_hides() {
    let scene = Scene::new();
    let seconds = unique_seconds();
    let script = format!("setsid env -i PATH=\"$PATH\" sh -c 'echo up; sleep {seconds}' & sleep {seconds}");
    let (mut parent, mut output) = stand_in("reaper", &scene, &script);
    let (mut program, mut is_up) = (None, false);
    while program.is_none() || !is_up {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0);
        is_up |= line == "up\n";
        program = line.strip_prefix("started ").and_then(|pid| pid.trim().parse().ok()).or(program);
    }
    send(scene::parent_of(program.unwrap()).unwrap(), Signal::KILL);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(parent.wait().unwrap().success());
    assert!(rest.contains("KeeperDied") && rest.ends_with("0 children left\n"), "{rest}");
    assert_eq!(with_argument(&seconds), NONE);
}

#[test]
fn orphans_are_told_from_own_children() {
    let seconds = unique_seconds();
    let output = Command::new(example("stand_in")).args(["orphans", &seconds]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "all ended, 1 left\n");
    assert_eq!(with_argument(&seconds), NONE);
}

#[test]
fn strays_of_a_run_are_ended_and_those_of_another_are_not() {
    let (scene, other) = (Scene::new(), Scene::new());
    let mut spared = other.start(&other.shell("echo up; sleep 300"));
    spared.await_line("up");
    let seconds = unique_seconds();
    let script = format!("env -i PATH=\"$PATH\" setsid sleep {seconds} & echo up; sleep 300; :");
    let mut stray = Command::new("setsid")
        .args(["sh", "-c", &script])
        .env("HERDER_RUN", scene.run.as_str())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    await_line(&mut BufReader::new(stray.stdout.take().unwrap()), "up");
    wait_until("the sleep has begun", || !with_argument(&seconds).is_empty());
    let ended = end_strays(&scene.run).unwrap();
    stray.wait().unwrap();
    assert!(ended.iter().any(|one| one.command.contains(&seconds)), "{ended:?}");
    assert_eq!((scene.survivors(), with_argument(&seconds)), (vec![], vec![]));
    assert!(spared.handle.process().is_alive().unwrap());
    assert_eq!(end_strays(&scene.run).unwrap(), []);
    spared.handle.kill();
    spared.reports.wait().unwrap();
}

#[test]
fn strays_in_a_cgroup_are_found_without_a_marker() {
    let scene = Scene::new();
    let seconds = unique_seconds();
    let script = format!("env -i PATH=\"$PATH\" setsid sh -c 'echo up; sleep {seconds}; :' & sleep 300");
    let mut running = scene.start(&scene.shell(&script));
    running.await_line("up");
    if running.handle.cgroup().is_some() {
        let ended = end_strays(&scene.run).unwrap();
        assert!(ended.iter().any(|one| one.command.contains(&seconds)), "{ended:?}");
        assert_eq!((scene.survivors(), with_argument(&seconds)), (vec![], vec![]));
    }
}
