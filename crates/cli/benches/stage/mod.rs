//! A home with a small repository and an agent that tells when it starts.

#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use herder_testkit::pairs::Failure;
use herder_testkit::{TargetRepo, TempHome, until};

/// The program that is measured.
pub const HERDER: &str = env!("CARGO_BIN_EXE_herder");

/// How long anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(120);

const GOAL: &str = "## Objective\nLeave a mark.\n\n## Acceptance\n- a mark is there\n";

/// A scene.
pub struct Stage {
    /// Its directories, which end with it.
    pub home: TempHome,
    /// The repository, with a gate that takes no time.
    pub origin: TargetRepo,
    starts: Starts,
}

/// Where the agent tells that it was started.
struct Starts {
    /// Held open for reading and writing, so that neither side ever waits for the other to come.
    pipe: File,
}

impl Stage {
    /// A repository of `files` files, registered, and an agent that leaves one file more.
    pub fn new(files: usize) -> Result<Self, Failure> {
        let home = TempHome::new();
        let mut origin = TargetRepo::builder(home.path(), "app").gate("ls mark-* >/dev/null");
        for number in 0..files {
            origin = origin.file(&format!("src/file{number}.txt"), format!("{number}\n").repeat(100));
        }
        let origin = origin.build();
        let starts = Starts::make(&home.path().join("starts"))?;
        let stage = Self { home, origin, starts };
        stage.home.install_program("agent", &stage.agent());
        let told = stage.home.path().join("starts");
        let program = stage.home.bin().join("agent");
        stage.home.write(
            ".config/herder/config.toml",
            &format!(
                "agent = \"marker\"\n[agents.marker]\nkind = \"command\"\nprogram = {program:?}\n\
                 [sandbox]\nwrite = [{told:?}]\n"
            ),
        );
        let name = format!("{}/acme/app", stage.home.marker());
        stage.ok(&["repo", "add", path(stage.origin.path()), "--name", &name])?;
        Ok(stage)
    }

    /// Tells, takes the prompt, leaves a file, claims to be done.
    fn agent(&self) -> String {
        let told = self.home.path().join("starts/pipe");
        format!(
            "#!/bin/sh\necho started >{}\ncat >/dev/null\n: >mark-$PPID-$$\n\
             echo '{{\"status\":\"done\",\"summary\":\"a mark was left\"}}'\n",
            told.display()
        )
    }

    /// Writes `count` goals and gives their numbers.
    pub fn goals(&self, count: usize) -> Result<Vec<String>, Failure> {
        (1..=count).map(|number| self.goal(&format!("Leave mark {number}"))).collect()
    }

    fn goal(&self, title: &str) -> Result<String, Failure> {
        let mut command = self.home.herder(HERDER);
        command.args(["goal", "create", "--json", "--title", title]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or("no input")?.write_all(GOAL.as_bytes())?;
        let text = String::from_utf8(child.wait_with_output()?.stdout)?;
        let said: serde_json::Value = serde_json::from_str(&text)?;
        Ok(said["number"].as_u64().ok_or(text)?.to_string())
    }

    /// Carries out a command that must succeed, and gives what it printed.
    pub fn ok(&self, args: &[&str]) -> Result<String, Failure> {
        let output = self.home.herder(HERDER).args(args).stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        Err(format!("herder {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }

    /// An orchestrator in the background.
    pub fn up(&self, args: &[&str]) -> Result<Background, Failure> {
        let mut command = self.home.herder(HERDER);
        Background::start(command.arg("up").args(args))
    }

    /// Seconds from now until the next start of the agent.
    pub fn until_start(&mut self, from: Instant) -> Result<f64, Failure> {
        self.starts.next()?;
        Ok(from.elapsed().as_secs_f64())
    }

    /// Waits until a goal is done.
    pub fn wait_done(&self, goal: &str) {
        until("the goal to be done", PATIENCE, || {
            self.ok(&["goal", "show", goal, "--json"])
                .is_ok_and(|text| text.contains("\"status\":\"done\""))
                .then_some(())
        });
    }
}

impl Starts {
    fn make(dir: &Path) -> Result<Self, Failure> {
        fs_err::create_dir_all(dir)?;
        let path = dir.join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o666),
            0,
        )?;
        Ok(Self { pipe: File::options().read(true).write(true).open(path)? })
    }

    fn next(&mut self) -> Result<(), Failure> {
        let mut word = [0; "started\n".len()];
        Ok(self.pipe.read_exact(&mut word)?)
    }
}

/// A program that works until the value ends: it is asked to end first, and waited for.
pub struct Background {
    child: Child,
}

impl Background {
    /// Starts it, silent.
    pub fn start(command: &mut Command) -> Result<Self, Failure> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { child })
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().try_into().unwrap_or(0)) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// A path as text; those of a scene are.
pub fn path(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// Where a program lies, or why a comparison is left out.
pub fn program(name: &str, package: &str) -> Option<PathBuf> {
    let dirs = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&dirs).map(|dir| dir.join(name)).find(|path| path.is_file());
    if found.is_none() {
        say(&format!("left out: {name} is not on PATH ({package})"));
    }
    found
}

/// One line for the person who looks on.
#[expect(clippy::print_stdout, reason = "a benchmark speaks to the person who called it")]
pub fn say(line: &str) {
    println!("{line}");
}
