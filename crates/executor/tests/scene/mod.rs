//! A place for jobs, and a look at what is left of them.
#![allow(dead_code)] // each test program uses its own part

use std::fs::File;
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use herder_domain::run::RunId;
use herder_executor::{ChildStdio, Ending, Job, KeeperHandle, KeeperReports, Launcher, RUN_MARKER};
use herder_testkit::processes::cgroups_named;

/// No process.
pub const NONE: [u32; 0] = [];

/// A directory and a run of its own. All that still carries the run's marker is killed at the end.
pub struct Scene {
    pub dir: tempfile::TempDir,
    pub run: RunId,
}

/// A job whose output is read.
pub struct Running {
    pub handle: KeeperHandle,
    pub reports: KeeperReports,
    pub output: BufReader<PipeReader>,
}

impl Scene {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { dir: tempfile::tempdir().unwrap(), run: RunId::try_from(name).unwrap() }
    }

    /// A job that has `sh` run a script.
    pub fn shell(&self, script: &str) -> Job {
        let mut job = Job::new("/bin/sh", self.dir.path(), self.run.clone());
        job.args = vec!["-c".to_owned(), script.to_owned()];
        job.env.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
        job
    }

    pub fn start(&self, job: &Job) -> Running {
        start_with(&launcher(), job)
    }

    /// Runs a script to its end; what it wrote and how it ended.
    pub fn run(&self, job: &Job) -> (String, Ending) {
        let mut running = self.start(job);
        let mut text = String::new();
        running.output.read_to_string(&mut text).unwrap();
        (text, running.reports.wait().unwrap())
    }

    /// The processes that carry the run's marker: keepers and all below that did not drop it.
    pub fn survivors(&self) -> Vec<u32> {
        let marker = format!("{RUN_MARKER}={}", self.run);
        pids().into_iter().filter(|pid| has_variable(*pid, &marker)).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A failed test may leave some; they must not outlive it.
        let strays = herder_executor::end_strays(&self.run);
        let left = (strays, cgroups_named(self.run.as_str()));
        let is_clean = left.0.is_ok() && left.1.is_empty();
        assert!(is_clean || std::thread::panicking(), "left: {left:?}");
    }
}

pub fn start_with(launcher: &Launcher, job: &Job) -> Running {
    let (output, write) = io::pipe().unwrap();
    let null = ChildStdio::null().unwrap();
    let stdio =
        ChildStdio { stdout: write.try_clone().unwrap().into(), stderr: write.into(), stdin: null.stdin };
    let (handle, reports) = launcher.start(job, stdio).unwrap();
    Running { handle, reports, output: BufReader::new(output) }
}

impl Running {
    /// Reads on until the script has written this line.
    pub fn await_line(&mut self, wanted: &str) {
        let mut line = String::new();
        while line.trim_end() != wanted {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "{wanted:?} never came");
        }
    }

    /// Reads what the script writes before this line.
    pub fn lines_until(&mut self, wanted: &str) -> String {
        let mut text = String::new();
        loop {
            let start = text.len();
            assert!(self.output.read_line(&mut text).unwrap() > 0, "{wanted:?} never came");
            if text[start..].trim_end() == wanted {
                text.truncate(start);
                return text;
            }
        }
    }

    pub fn keeper(&self) -> u32 {
        parent_of(self.handle.process().pid).unwrap()
    }
}

/// A program that lies beside this test program, from `examples/`.
pub fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().and_then(|deps| deps.parent()).unwrap().join("examples").join(name)
}

pub fn launcher() -> Launcher {
    Launcher::at(example("keeper"))
}

pub fn pids() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn has_variable(pid: u32, variable: &str) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
}

/// The processes that have this very argument.
pub fn with_argument(argument: &str) -> Vec<u32> {
    let has = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|one| one == argument.as_bytes())
    };
    pids().into_iter().filter(has).collect()
}

/// A number of seconds that no other `sleep` on this machine was given.
pub fn unique_seconds() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("300.{}{:03}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub fn stat_field(pid: u32, index: usize) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, tail) = text.rsplit_once(')')?;
    tail.split_ascii_whitespace().nth(index).map(str::to_owned)
}

pub fn parent_of(pid: u32) -> Option<u32> {
    stat_field(pid, 1)?.parse().ok()
}

/// Waits until something is so; a test that waits in vain fails after a generous time.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    herder_testkit::until(what, Duration::from_secs(60), || is_so().then_some(()));
}

/// A log file as the streams of a job.
pub fn into_log(file: &File) -> ChildStdio {
    let clone = || OwnedFd::from(file.try_clone().unwrap());
    ChildStdio { stdin: ChildStdio::null().unwrap().stdin, stdout: clone(), stderr: clone() }
}
