//! Looking for processes that a test started and that should be gone.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::until;

/// How long a process may take to leave `/proc` before it counts as left over.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ids of the living processes whose environment, command line or working directory contains `marker`.
///
/// The working directory and command line count too because `env -i` empties the environment. Zombies are not
/// found: they have none of the three. The calling process is never listed. Processes of other users are seen
/// only by root.
pub fn processes_with(marker: &str) -> Vec<u32> {
    assert!(!marker.is_empty(), "an empty marker is found in every process");
    let own = std::process::id();
    let mut found: Vec<u32> = fs_err::read_dir("/proc")
        .expect("/proc is readable")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != own && carries(*pid, marker.as_bytes()))
        .collect();
    found.sort_unstable();
    found
}

/// Waits until no process carries `marker` any more.
///
/// # Panics
/// When some are still there after 20 s: they are named with their command lines, and killed, so that a red
/// test leaves a clean machine.
#[track_caller]
pub fn assert_no_process_left(marker: &str) {
    let mut left = Vec::new();
    let start = std::time::Instant::now();
    until("a verdict on left processes", PATIENCE * 2, || {
        left = processes_with(marker);
        (left.is_empty() || start.elapsed() > PATIENCE).then_some(())
    });
    if left.is_empty() {
        return;
    }
    let named: Vec<String> = left.iter().map(|pid| format!("{pid}: {}", command_line(*pid))).collect();
    kill_all_with(marker);
    panic!("processes with marker {marker} are left:\n  {}", named.join("\n  "));
}

/// Kills (SIGKILL) every process that carries `marker`, again and again until none is found: for tear-down.
pub fn kill_all_with(marker: &str) {
    until("killed processes to be gone", PATIENCE, || {
        let left = processes_with(marker);
        for pid in &left {
            kill(*pid, Signal::KILL);
        }
        left.is_empty().then_some(())
    });
}

/// Sends a signal; a process that is gone already is no error.
pub fn kill(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // ESRCH means that it ended by itself, EPERM that it was never ours: neither is the test's concern.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// The cgroups of this name, wherever they are: a run has its own as long as one of its jobs has.
pub fn cgroups_named(name: &str) -> Vec<PathBuf> {
    let mut pending = vec![PathBuf::from("/sys/fs/cgroup")];
    let mut found = Vec::new();
    while let Some(directory) = pending.pop() {
        // One that goes meanwhile has nothing in it.
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                found.extend((entry.file_name() == name).then(|| entry.path()));
                pending.push(entry.path());
            }
        }
    }
    found
}

/// Whether a process exists and is not a zombie.
pub fn is_alive(pid: u32) -> bool {
    // The state is the first field after the name, which stands in parentheses and may hold anything (proc(5)).
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(')').map(|(_, rest)| rest.trim_start().to_owned()))
        .is_some_and(|rest| !rest.starts_with(['Z', 'X']))
}

fn carries(pid: u32, marker: &[u8]) -> bool {
    let read = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let cwd = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_else(|_| PathBuf::new());
    contains(&read("environ"), marker)
        || contains(&read("cmdline"), marker)
        || contains(cwd.as_os_str().as_bytes(), marker)
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(hay, needle).is_some()
}

fn command_line(pid: u32) -> String {
    let raw = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&raw).replace('\0', " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn sleeper(marker: &str) -> Child {
        Command::new("sleep").arg("600").env_clear().env("SCENE", marker).spawn().unwrap()
    }

    #[test]
    fn a_marked_process_is_found_until_it_is_killed() {
        let marker = format!("testkit-found-{}", std::process::id());
        let mut child = sleeper(&marker);
        // Between fork and exec a child still shows its parent's environment.
        until("the sleeper to be marked", PATIENCE, || {
            (processes_with(&marker) == [child.id()]).then_some(())
        });
        assert!(is_alive(child.id()));
        kill_all_with(&marker);
        assert!(!is_alive(child.id()));
        assert_no_process_left(&marker);
        child.wait().unwrap();
    }

    #[test]
    fn a_process_without_environment_is_found_by_its_working_directory() {
        let dir = tempfile::tempdir().unwrap();
        let marker = dir.path().file_name().unwrap().to_str().unwrap().to_owned();
        let mut child = Command::new("sleep").arg("600").env_clear().current_dir(dir.path()).spawn().unwrap();
        until("the sleeper to be seen", PATIENCE, || (processes_with(&marker) == [child.id()]).then_some(()));
        kill_all_with(&marker);
        child.wait().unwrap();
    }
}
