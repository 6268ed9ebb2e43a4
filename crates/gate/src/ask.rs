//! Asking a gate: one job under a keeper, in a sandbox, with a time-out.

use std::collections::BTreeMap;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use herder_domain::gate::Verdict;
use herder_domain::run::RunId;
use herder_executor::{
    ChildStdio, Ending, Exit, Job, KeeperDied, KeeperHandle, Launcher, Sandbox, StartError,
};

use crate::tail::Tail;
use crate::{Gate, Script};

/// How much of a gate's output is kept in its log, in bytes; the rest is read and dropped.
const LOG_LIMIT: u64 = 64 << 20;

/// How long the end of the output is awaited after nothing of the gate is left.
const DRAIN: Duration = Duration::from_secs(10);

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// The gate.
    pub gate: &'a Gate,
    /// What it judges; its working directory.
    pub checkout: &'a Path,
    /// On whose behalf.
    pub run: &'a RunId,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// What it may touch; the gate's own directory is added, to read.
    pub sandbox: Sandbox,
    /// How long it may take.
    pub limit: Duration,
}

/// Why a gate could not be asked. It said neither yes nor no.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// It could not be started, for reasons of ours.
    #[error("failed to start the gate")]
    Start(#[source] StartError),
    /// It cannot be executed: that is the repository's affair, and no verdict on the work.
    #[error(
        "the script .ralph/{0} cannot be executed ({1}); is it executable, and is its interpreter there?"
    )]
    NotRunnable(Script, String),
    /// Its keeper was killed.
    #[error("failed to learn what the gate said")]
    Lost(#[source] KeeperDied),
    /// A pipe or a thread could not be had.
    #[error("failed to run the gate")]
    System(#[from] io::Error),
}

/// What a gate said.
#[derive(Debug)]
pub struct Answered {
    /// Yes or no.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
    /// What it used; absent where it could not even begin.
    pub ending: Option<Ending>,
}

/// Why the gate ended.
enum End {
    InTime(Ending),
    TooLate(Ending),
}

impl Question<'_> {
    /// Asks. Output goes to `log`; `on_start` is given the means to stop it.
    ///
    /// # Errors
    /// [`GateError`], which is no verdict.
    pub fn ask(
        mut self,
        launcher: &Launcher,
        log: Box<dyn Write + Send>,
        on_start: impl FnOnce(KeeperHandle),
    ) -> Result<Answered, GateError> {
        let begun = Instant::now();
        let (reader, writer) = io::pipe()?;
        let stdout = OwnedFd::from(writer);
        let stdio = ChildStdio { stdin: ChildStdio::null()?.stdin, stderr: stdout.try_clone()?, stdout };
        let (handle, reports) = match launcher.start(&self.job(), stdio) {
            Ok(started) => started,
            Err(error @ StartError::Refused { step: herder_executor::Step::Execute, .. }) => {
                return Err(GateError::NotRunnable(self.gate.which(), error.to_string()));
            }
            Err(error) => return Err(GateError::Start(error)),
        };
        on_start(handle.clone());
        let output = drain(reader, log)?;
        let end = self.await_end(&handle, reports)?;
        Ok(self.answer(end, &output.end(DRAIN), begun.elapsed()))
    }

    fn job(&mut self) -> Job {
        let mut job = Job::new(self.gate.program(), self.checkout, self.run.clone());
        job.env = std::mem::take(&mut self.env);
        job.sandbox = Some(std::mem::take(&mut self.sandbox).reading(self.gate.dir()));
        job
    }

    fn await_end(
        &self,
        handle: &KeeperHandle,
        reports: herder_executor::KeeperReports,
    ) -> Result<End, GateError> {
        let (tell, told) = mpsc::channel();
        thread::Builder::new().name("gate".into()).spawn(move || tell.send(reports.wait()))?;
        let gone = || GateError::System(io::Error::other("the thread that waits for the gate is gone"));
        match told.recv_timeout(self.limit) {
            Ok(ending) => Ok(End::InTime(ending.map_err(GateError::Lost)?)),
            Err(RecvTimeoutError::Timeout) => {
                handle.stop(None);
                let ending = told.recv().map_err(|_| gone())?;
                Ok(End::TooLate(ending.map_err(GateError::Lost)?))
            }
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }

    fn answer(&self, end: End, tail: &str, elapsed: Duration) -> Answered {
        let (verdict, ending) = match end {
            End::InTime(ending) if ending.exit.is_success() => (Verdict::Green, ending),
            End::InTime(ending) => (Verdict::Red { tail: explain(&ending, tail) }, ending),
            End::TooLate(ending) => {
                let tail = format!("{tail}\n(the gate was stopped: it took longer than {:?})", self.limit);
                (Verdict::Red { tail }, ending)
            }
        };
        Answered { verdict, elapsed, ending: Some(ending) }
    }
}

/// The gate's words, and what they do not tell: that it was killed, and for want of what.
fn explain(ending: &Ending, tail: &str) -> String {
    let mut said = match (tail.is_empty(), ending.exit) {
        (true, exit) => format!("(the gate ended by {exit} without a word)"),
        (false, exit @ Exit::Signal(_)) => format!("{tail}\n(the gate was ended by {exit})"),
        (false, Exit::Code(_)) => tail.to_owned(),
    };
    if let Some(kills @ 1..) = ending.out_of_memory_kills {
        said.push_str(&format!("\n(the kernel killed {kills} of its processes for want of memory)"));
    }
    said
}

/// The output of a gate, while a thread of its own reads it.
struct Output {
    tail: Arc<Mutex<Tail>>,
    /// Hears when all writers are gone.
    ended: mpsc::Receiver<()>,
}

impl Output {
    /// The end of it: all, or what is there after `patience` where a stranger holds the pipe open.
    fn end(&self, patience: Duration) -> String {
        // Either way what was read until then is told.
        let _ = self.ended.recv_timeout(patience);
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).text()
    }
}

/// Moves the output into the log from a thread of its own.
fn drain(mut from: PipeReader, mut log: Box<dyn Write + Send>) -> io::Result<Output> {
    let (tell, ended) = mpsc::channel();
    let tail = Arc::new(Mutex::new(Tail::default()));
    let kept = Arc::clone(&tail);
    thread::Builder::new().name("gate-output".into()).spawn(move || {
        let mut written = 0u64;
        let mut chunk = vec![0; 64 << 10];
        loop {
            let count = match from.read(&mut chunk) {
                Ok(count @ 1..) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => break,
            };
            kept.lock().unwrap_or_else(PoisonError::into_inner).feed(&chunk[..count]);
            if written < LOG_LIMIT {
                // A log that cannot be written must not change the verdict.
                let _ = log.write_all(&chunk[..count]);
                written += count as u64;
            }
        }
        let _ = log.flush();
        // Nobody listens any more where the gate's end was lost.
        let _ = tell.send(());
    })?;
    Ok(Output { tail, ended })
}

#[cfg(test)]
mod tests {
    use herder_executor::PeakMemory;

    use super::*;

    #[test]
    fn a_stranger_that_holds_the_pipe_open_does_not_hide_what_the_gate_said() {
        let (reader, mut writer) = io::pipe().unwrap();
        let (log, mut logged) = io::pipe().map(|(reader, log)| (log, reader)).unwrap();
        let output = drain(reader, Box::new(log)).unwrap();
        writer.write_all(b"1 test failed\n").unwrap();
        // Once it stands in the log, it was read.
        logged.read_exact(&mut [0; 14]).unwrap();
        assert_eq!(output.end(Duration::ZERO), "1 test failed");
        drop(writer);
    }

    #[test]
    fn a_gate_that_was_killed_says_so_whatever_it_printed_before() {
        let ending = |exit, kills| Ending {
            exit,
            leftovers: Vec::new(),
            leftover_count: 0,
            cpu: Duration::ZERO,
            peak_memory: PeakMemory::LargestProcess(1),
            out_of_memory_kills: kills,
        };
        let said = explain(&ending(Exit::Signal(9), Some(1)), "running 3 tests");
        assert!(said.contains("running 3 tests") && said.contains("signal 9") && said.contains("memory"));
        assert_eq!(explain(&ending(Exit::Code(1), Some(0)), "1 failed"), "1 failed");
    }
}
