//! Processes by name: signals that hit nobody else, and processes that live in their own session.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // as in any test; clippy sees only functions marked so

mod scene;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use herder_executor::{
    DetachError, Detached, EndSignal, Exit, ProcessError, ProcessId, Signalled, Waited, spawn_detached,
};
use herder_testkit::PidNamespace;
use scene::{Scene, example, stat_field, wait_until};

fn sleeper() -> (Child, ProcessId) {
    let child = Command::new("sleep").arg("300").spawn().unwrap();
    let id = ProcessId::of(child.id()).unwrap();
    (child, id)
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_process_with_the_same_id_that_started_at_another_time_is_another() {
    let (child, id) = sleeper();
    let earlier = ProcessId { start_time: id.start_time - 1, ..id.clone() };
    assert!(id.is_alive().unwrap());
    assert!(!earlier.is_alive().unwrap());
    assert_eq!(earlier.signal(EndSignal::Kill).unwrap(), Signalled::Gone);
    assert_eq!(earlier.wait_for_exit(None).unwrap(), Waited::Ended(None));
    assert!(id.is_alive().unwrap());
    end(child);
}

mod machine {
    use super::*;

    #[test]
    #[ignore = "needs pid namespaces; the suite `machine` runs it"]
    fn strangers_that_get_the_ids_of_what_was_ended_are_spared() {
        let (namespace, scene) = (PidNamespace::new(), Scene::new());
        let mut command = namespace.command(&example("stand_in"));
        command.args(["reused", example("keeper").to_str().unwrap(), scene.run.as_str()]);
        let output = command.output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "0 hit\n",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_process_of_another_boot_is_gone() {
    let (child, id) = sleeper();
    let other = ProcessId { boot_id: "another".to_owned(), ..id.clone() };
    assert!(!other.is_alive().unwrap());
    assert_eq!(other.signal(EndSignal::Kill).unwrap(), Signalled::Gone);
    assert!(id.is_alive().unwrap());
    end(child);
}

#[test]
fn a_zombie_is_not_alive() {
    let (mut child, id) = sleeper();
    child.kill().unwrap();
    wait_until("it is a zombie", || stat_field(id.pid, 0).as_deref() == Some("Z"));
    assert!(!id.is_alive().unwrap());
    child.wait().unwrap();
    assert!(!id.is_alive().unwrap());
    assert!(matches!(ProcessId::of(id.pid), Err(ProcessError::Gone(_)) | Ok(_)));
}

#[test]
fn the_end_of_a_stranger_can_be_waited_for() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell("echo up; exec sleep 300"));
    running.await_line("up");
    let process = running.handle.process().clone();
    assert_eq!(process.wait_for_exit(Some(Duration::from_millis(1))).unwrap(), Waited::StillAlive);
    assert_eq!(process.signal(EndSignal::Terminate).unwrap(), Signalled::Sent);
    assert_eq!(process.wait_for_exit(None).unwrap(), Waited::Ended(None));
    assert_eq!(running.reports.wait().unwrap().exit, Exit::Signal(15));
}

#[test]
fn a_process_is_written_down_and_read_again() {
    let own = ProcessId::own().unwrap();
    let text = serde_json::to_string(&own).unwrap();
    assert_eq!(serde_json::from_str::<ProcessId>(&text).unwrap(), own);
}

fn detached(scene: &Scene, program: &str, args: &[&str]) -> Detached {
    let path: BTreeMap<OsString, OsString> = [
        ("PATH".into(), std::env::var_os("PATH").unwrap()),
        // So that the scene can end it if the test does not.
        ("HERDER_RUN".into(), scene.run.as_str().into()),
    ]
    .into();
    Detached {
        program: program.into(),
        name: "herder".to_owned(),
        args: args.iter().map(Into::into).collect(),
        env: path,
        cwd: scene.dir.path().to_owned(),
        log: File::create(scene.dir.path().join("log")).unwrap(),
    }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_detached_process_is_ready_when_it_says_so_and_writes_to_its_log_then() {
    let scene = Scene::new();
    let program = example("stand_in");
    let process = spawn_detached(detached(&scene, program.to_str().unwrap(), &["ready", "5"]), LONG).unwrap();
    assert_eq!(process.wait_for_exit(Some(LONG)).unwrap(), Waited::Ended(Some(Exit::Code(5))));
    assert_eq!(fs_err::read_to_string(scene.dir.path().join("log")).unwrap(), "after\n");
}

#[test]
fn a_detached_process_leads_its_own_session_without_inherited_descriptors() {
    let scene = Scene::new();
    let script = "(ls /proc/$$/fd) >&2; cat /proc/$$/stat >&2; echo ready; exec sleep 300";
    let process = spawn_detached(detached(&scene, "/bin/sh", &["-c", script]), LONG).unwrap();
    let log = fs_err::read_to_string(scene.dir.path().join("log")).unwrap();
    assert!(log.starts_with("0\n1\n2\n"), "{log}");
    assert_eq!(stat_field(process.pid, 3).unwrap(), process.pid.to_string());
    process.signal(EndSignal::Kill).unwrap();
    assert_eq!(process.wait_for_exit(None).unwrap(), Waited::Ended(Some(Exit::Signal(9))));
}

#[test]
fn a_detached_process_that_ends_first_is_an_error() {
    let scene = Scene::new();
    let error =
        spawn_detached(detached(&scene, "/bin/sh", &["-c", "echo not yet; exit 1"]), LONG).unwrap_err();
    assert!(matches!(error, DetachError::EndedEarly { .. }), "{error:?}");
    let error = spawn_detached(detached(&scene, "/no/such/program", &[]), LONG).unwrap_err();
    assert!(matches!(error, DetachError::Spawn { .. }), "{error:?}");
}

#[test]
fn a_detached_process_that_says_nothing_in_time_is_named_and_left_alone() {
    let scene = Scene::new();
    let short = Duration::from_millis(20);
    let error = spawn_detached(detached(&scene, "sleep", &["300"]), short).unwrap_err();
    let DetachError::NotReady { process, .. } = error else { panic!("{error:?}") };
    assert!(process.is_alive().unwrap());
    process.signal(EndSignal::Kill).unwrap();
    process.wait_for_exit(None).unwrap();
}

#[test]
fn a_detached_process_survives_the_one_that_started_it() {
    let scene = Scene::new();
    let mut starter = Command::new(example("stand_in"))
        .args(["detach", scene.run.as_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = std::io::read_to_string(starter.stdout.take().unwrap()).unwrap();
    assert!(starter.wait().unwrap().success());
    let process: ProcessId = serde_json::from_str(&text).unwrap();
    assert!(process.is_alive().unwrap());
    assert_eq!(scene.survivors(), [process.pid]);
    process.signal(EndSignal::Kill).unwrap();
    assert_eq!(process.wait_for_exit(None).unwrap(), Waited::Ended(None));
}
