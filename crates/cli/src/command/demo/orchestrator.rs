//! The orchestrator as a child process, this very program, and what it says.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use herder_executor::{EndSignal, ProcessId};

use super::stage::{RALPHS, Stage};
use crate::failure::Failure;

/// How long an orchestrator may take to stop its ralphs when it is told to.
const GRACE: Duration = Duration::from_secs(60);

/// How long the last words of one that was killed are waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// An orchestrator at work. It is ended when the value is dropped; its ralphs are not.
#[derive(Debug)]
pub struct Orchestrator {
    child: Child,
    heard: Receiver<String>,
}

/// What is heard of it within some time.
#[derive(Debug)]
pub enum Heard {
    /// A line.
    Line(String),
    /// Nothing yet.
    Nothing,
    /// It has closed its mouth, which it does at its end.
    Silence,
}

impl Orchestrator {
    /// Starts `herder up --once`, in a process group of its own: Ctrl-C is for the demo alone, which then
    /// stops it in order.
    pub fn start(stage: &Stage) -> Result<Self, Failure> {
        let repo = stage.repo.to_string();
        let max = RALPHS.to_string();
        let mut child = Command::new("/proc/self/exe")
            .arg0("herder")
            .args(["up", "--once", "--max", &max, "--repo", &repo])
            .env("RALPH_DIR", stage.state.root())
            .env("HERDER_CONFIG", &stage.config)
            .current_dir(&stage.dir)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::environment(format!("failed to start the orchestrator: {error}")))?;
        let (tell, heard) = mpsc::channel();
        let streams = (child.stdout.take(), child.stderr.take());
        let orchestrator = Self { child, heard };
        streams.0.map_or(Ok(()), |stream| listen(stream, tell.clone()))?;
        streams.1.map_or(Ok(()), |stream| listen(stream, tell))?;
        Ok(orchestrator)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it says within a while.
    pub fn hear(&self, within: Duration) -> Heard {
        match self.heard.recv_timeout(within) {
            Ok(line) => Heard::Line(line),
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => Heard::Silence,
        }
    }

    /// Kills it with SIGKILL and gives what it said last.
    pub fn kill(mut self) -> Result<Vec<String>, Failure> {
        self.child.kill().map_err(|error| failed("kill", &error))?;
        self.child.wait().map_err(|error| failed("wait for", &error))?;
        let mut last = Vec::new();
        while let Heard::Line(line) = self.hear(LAST_WORDS) {
            last.push(line);
        }
        Ok(last)
    }

    /// Waits for the end of one that has closed its mouth.
    pub fn wait(mut self) -> Result<ExitStatus, Failure> {
        self.child.wait().map_err(|error| failed("wait for", &error))
    }

    /// Has it stop its ralphs and go, or kills it when that takes too long.
    pub fn stop(mut self) {
        let deadline = Instant::now() + GRACE;
        // Whatever cannot be signalled or watched is killed when this is dropped.
        if let Ok(process) = ProcessId::of(self.child.id()) {
            let _ = process.signal(EndSignal::Terminate);
        }
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            match self.hear(Duration::from_millis(100)) {
                Heard::Line(_) | Heard::Nothing => {}
                Heard::Silence => break,
            }
        }
    }
}

impl Drop for Orchestrator {
    fn drop(&mut self) {
        // It may have ended long before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stream: impl Read + Send + 'static, tell: Sender<String>) -> Result<(), Failure> {
    let read = move || {
        let lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
        for line in lines.map(|line| String::from_utf8_lossy(&line).into_owned()) {
            if tell.send(line).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("listen".into()).spawn(read).map_err(|error| failed("listen to", &error))?;
    Ok(())
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::environment(format!("failed to {what} the orchestrator: {error}"))
}
