//! What a one-shot call promises: bounded time, bounded output, nobody left waiting.

use herder_oneshot::{Environment, OneShot, OneShotError};
use std::time::Duration;

fn shell(script: &str) -> OneShot {
    let path = std::env::var_os("PATH").unwrap_or_default();
    OneShot::new("sh").args(["-c", script]).environment(Environment::Cleared(vec![("PATH".into(), path)]))
}

#[test]
fn gives_back_status_output_and_errors() {
    let finished = shell("echo out; echo err >&2; exit 3").run().unwrap();
    assert_eq!(finished.status.code(), Some(3));
    assert_eq!(finished.stdout.bytes, b"out\n");
    assert_eq!(finished.stderr.text(), "err");
}

#[test]
fn a_failure_carries_the_end_of_its_error_text() {
    let error = shell("echo why >&2; exit 7").run_ok().unwrap_err();
    assert!(matches!(&error, OneShotError::Failed { stderr, .. } if stderr == "why"), "{error}");
}

#[test]
fn a_missing_program_and_a_missing_directory_are_told_apart() {
    let missing = OneShot::new("no-such-program-here").run().unwrap_err();
    assert!(matches!(missing, OneShotError::NotFound { .. }), "{missing}");
    let nowhere = shell("true").directory("/no/such/directory").run().unwrap_err();
    assert!(matches!(nowhere, OneShotError::NoDirectory { .. }), "{nowhere}");
}

#[test]
fn large_input_and_output_flow_at_once_without_deadlock() {
    let input = vec![b'x'; 3 << 20];
    let finished = shell("cat").stdin(input.clone()).run().unwrap();
    assert_eq!(finished.stdout.bytes.len(), input.len());
    assert!(finished.stdout.is_complete());
}

#[test]
fn a_program_that_does_not_read_its_input_is_no_error() {
    let finished = shell("exit 0").stdin(vec![b'x'; 1 << 20]).run().unwrap();
    assert!(finished.status.success());
}

#[test]
fn output_beyond_the_cap_is_counted_not_kept() {
    let finished = shell("head -c 100000 /dev/zero").stdout_cap(1000).run().unwrap();
    assert_eq!((finished.stdout.bytes.len(), finished.stdout.dropped), (1000, 99_000));
}

#[test]
fn a_program_is_looked_up_where_the_caller_would_find_it() {
    let elsewhere = vec![("PATH".into(), "/nowhere".into())];
    let finished = OneShot::new("env").environment(Environment::Cleared(elsewhere)).run().unwrap();
    assert_eq!(finished.stdout.text(), "PATH=/nowhere");
}

#[test]
fn the_environment_is_exactly_what_was_given() {
    let given = vec![("ONLY".into(), "this".into())];
    let finished = OneShot::new("/usr/bin/env").environment(Environment::Cleared(given)).run().unwrap();
    assert_eq!(finished.stdout.text(), "ONLY=this");
}

#[test]
fn an_inherited_environment_keeps_what_the_caller_has() {
    let added = vec![("ADDED".into(), "yes".into())];
    let finished = OneShot::new("env").environment(Environment::Inherited(added)).run().unwrap();
    let text = finished.stdout.text();
    assert!(text.contains("ADDED=yes") && text.contains("PATH="));
}

#[test]
fn a_time_out_kills_the_whole_group() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("alive");
    let script = format!("mkfifo '{0}'; sleep 1000 >'{0}' & sleep 1000 <'{0}'", fifo.display());
    let error = shell(&script).time_limit(Duration::from_secs(2)).run().unwrap_err();
    assert!(matches!(error, OneShotError::TimedOut { .. }), "{error}");
    // Once nobody holds the pipe for reading any more, opening it for writing says so at once.
    while reader_is_alive(&fifo) {
        std::thread::yield_now();
    }
}

fn reader_is_alive(fifo: &std::path::Path) -> bool {
    use rustix::fs::{Mode, OFlags, open};
    match open(fifo, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error, rustix::io::Errno::NXIO);
            false
        }
    }
}

#[test]
fn a_grandchild_that_keeps_the_pipe_open_holds_nobody() {
    let finished = shell("sleep 1000 & echo $!").time_limit(Duration::from_secs(60)).run().unwrap();
    let pid: i32 = finished.stdout.text().parse().unwrap();
    assert!(finished.status.success());
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
