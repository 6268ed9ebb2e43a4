//! A pid namespace of its own (pid_namespaces(7)): there a test says which id the next process gets, and disturbs nobody.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::processes::kill;
use crate::until;

/// What a machine may take to start a process.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first process of a namespace: it says that it is there, and buries the orphans.
const INIT: &str = "echo up; while :; do sleep 600 & wait $!; done";

/// Becomes the one command that follows once the id of its process is what was wished for: what has the file
/// `ns_last_pid` the kernel counts on from (proc_sys_kernel(5)).
const WITH_ID: &str = "want=$1; shift
while :; do
    echo $((want - 1)) >/proc/sys/kernel/ns_last_pid
    env -i PATH=\"$PATH\" \"$@\" </dev/null >/dev/null 2>&1 &
    [ $! = $want ] && echo there && exit
    kill -9 $!; wait $!
done";

/// A namespace. All that runs in it is killed when it is dropped.
pub struct PidNamespace {
    unshare: Child,
    init: u32,
}

impl PidNamespace {
    /// A new one, with a user namespace around it, so that no privilege is needed.
    ///
    /// # Panics
    /// Where the machine does not let its users have one, or lacks the programs of util-linux: what asks for one
    /// belongs into a suite that needs it.
    #[expect(clippy::new_without_default, reason = "it starts processes")]
    pub fn new() -> PidNamespace {
        PidNamespace::try_new().expect("this machine gives its users pid namespaces")
    }

    fn try_new() -> Option<PidNamespace> {
        let mut command = Command::new("unshare");
        command.args(["-Urpf", "--mount-proc", "--kill-child", "sh", "-c", INIT]);
        let mut unshare =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut said = String::new();
        BufReader::new(unshare.stdout.take()?).read_line(&mut said).ok()?;
        let own = unshare.id();
        let children =
            std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let init = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
        let namespace = PidNamespace { unshare, init: init.unwrap_or(own) };
        let is_there = said == "up\n" && init.is_some();
        // Whether ids may be chosen there is another question.
        (is_there && namespace.sh(": >>/proc/sys/kernel/ns_last_pid", &[]).is_some()).then_some(namespace)
    }

    /// The words that stand before those of a command that is to run inside.
    pub fn entrance(&self) -> String {
        format!("nsenter -t {} -U -p -m --preserve-credentials", self.init)
    }

    /// A command that runs a program inside. It waits there for the program's end.
    pub fn command(&self, program: &Path) -> Command {
        let entrance = self.entrance();
        let mut words = entrance.split(' ');
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg(program);
        command
    }

    /// Starts a stranger inside: `sleep` with the process id `pid`, which is free.
    pub fn stranger(&self, pid: u32) {
        let id = pid.to_string();
        let said = self.sh(WITH_ID, &[&id, "setsid", "sleep", "600"]);
        assert_eq!(said.as_deref(), Some("there\n"), "a process with the id {pid}");
        // Its id is given out at the fork; the programs on the way to `sleep` come after it.
        until("a stranger that sleeps", PATIENCE, || self.has_stranger(pid).then_some(()));
    }

    /// Whether the process with this id inside is a sleeping stranger.
    pub fn has_stranger(&self, pid: u32) -> bool {
        let line = self.sh("tr '\\0' ' ' <\"/proc/$1/cmdline\"", &[&pid.to_string()]);
        line.as_deref() == Some("sleep 600 ")
    }

    /// Kills processes by their ids inside, and waits until their ids are free.
    pub fn kill(&self, pids: &[u32]) {
        let ids: Vec<String> = pids.iter().map(u32::to_string).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        self.sh("kill -9 \"$@\"", &ids);
        until("ids that are free", PATIENCE, || {
            self.sh("for pid; do [ ! -e /proc/$pid ] || exit 1; done", &ids).map(drop)
        });
    }

    /// What a script prints that ends well.
    fn sh(&self, script: &str, args: &[&str]) -> Option<String> {
        let output = self.command(Path::new("sh")).args(["-c", script, "sh"]).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for PidNamespace {
    fn drop(&mut self) {
        // The end of its first process is the end of all.
        kill(self.init, Signal::KILL);
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}
