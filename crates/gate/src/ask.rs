//! Asking a gate: one job under a keeper, in a sandbox, with a time-out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use herder_domain::gate::{Refusal, Said};
use herder_domain::run::RunId;
use herder_executor::{
    ChildStdio, Ending, Exit, Job, KeeperDied, KeeperHandle, Launcher, Limits, Sandbox, StartError,
};

use herder_workspace::WorkspaceError;

use crate::output::{Heard, Output};
use crate::{Gate, Script};

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
    /// What it may take of the machine.
    pub limits: Limits,
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
    /// The files that it is to judge could not be set up; with the end of what the script said.
    #[error("the script .ralph/setup failed, so the gate was not asked:\n{0}")]
    NotSetUp(String),
    /// The files that it is to judge could not be given what belongs to them beyond what git has.
    #[error("the files cannot be furnished, so the gate was not asked: {0}")]
    NotFurnished(String),
    /// Its keeper was killed.
    #[error("failed to learn what the gate said")]
    Lost(#[source] KeeperDied),
    /// The files that it is to judge could not be laid out.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A pipe or a thread could not be had.
    #[error("failed to run the gate")]
    System(#[from] io::Error),
}

/// How often it is looked whether a gate that stands still goes on again.
const FROZEN: Duration = Duration::from_secs(1);

/// What a gate said.
#[derive(Debug)]
pub struct Answered {
    /// Yes or no.
    pub said: Said,
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
        let ((from_out, stdout), (from_err, stderr)) = (io::pipe()?, io::pipe()?);
        let (stdout, stderr) = (OwnedFd::from(stdout), OwnedFd::from(stderr));
        let stdio = ChildStdio { stdin: ChildStdio::null()?.stdin, stdout, stderr };
        let (handle, reports) = match launcher.start(&self.job(), stdio) {
            Ok(started) => started,
            Err(error @ StartError::Refused { step: herder_executor::Step::Execute, .. }) => {
                return Err(GateError::NotRunnable(self.gate.which(), error.to_string()));
            }
            Err(error) => return Err(GateError::Start(error)),
        };
        on_start(handle.clone());
        let output = Output::follow(from_out, from_err, log)?;
        let end = self.await_end(&handle, reports)?;
        let elapsed = begun.elapsed().saturating_sub(handle.frozen_for());
        Ok(self.answer(end, output.end(DRAIN), elapsed))
    }

    fn job(&mut self) -> Job {
        let mut job = Job::new(self.gate.program(), self.checkout, self.run.clone());
        job.env = std::mem::take(&mut self.env);
        job.limits = self.limits.clone();
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
        let begun = Instant::now();
        loop {
            // While it stands still its time stands still, too.
            let left = self.limit.saturating_sub(begun.elapsed().saturating_sub(handle.frozen_for()));
            let patience = if handle.is_frozen() { left.max(FROZEN) } else { left };
            match told.recv_timeout(patience) {
                Ok(ending) => return Ok(End::InTime(ending.map_err(GateError::Lost)?)),
                Err(RecvTimeoutError::Timeout) if left.is_zero() && !handle.is_frozen() => {
                    handle.stop(None);
                    let ending = told.recv().map_err(|_| gone())?;
                    return Ok(End::TooLate(ending.map_err(GateError::Lost)?));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            }
        }
    }

    fn answer(&self, end: End, heard: Heard, elapsed: Duration) -> Answered {
        let (said, ending) = match end {
            End::InTime(ending) => (said(&ending, heard), ending),
            End::TooLate(ending) => {
                let tail =
                    format!("{}\n(the gate was stopped: it took longer than {:?})", heard.tail, self.limit);
                (Said::No(Refusal::unnamed(tail)), ending)
            }
        };
        Answered { said, elapsed, ending: Some(ending) }
    }
}

/// The exit code is the verdict. A report may turn a yes into a no, never a no into a yes. One that was
/// killed did not come to the end of its list, so that what it names is no whole answer.
fn said(ending: &Ending, heard: Heard) -> Said {
    let contradicts = heard.report.as_ref().is_some_and(|report| !report.ok);
    let mut tail = explain(ending, &heard.tail);
    match ending.exit {
        Exit::Code(0) if !contradicts => return Said::Yes,
        Exit::Code(0) => tail.push_str("\n(the gate exited with 0, but reported that it is not ok)"),
        Exit::Code(_) => {}
        Exit::Signal(_) => return Said::No(Refusal::unnamed(tail)),
    }
    let (failures, more) = heard.report.map_or((Vec::new(), 0), |report| (report.failures, report.more));
    Said::No(Refusal { failures, more, ..Refusal::unnamed(tail.trim_start()) })
}

/// The gate's words, and what they do not tell: that it was killed, and for want of what.
fn explain(ending: &Ending, tail: &str) -> String {
    let mut said = match (tail.is_empty(), ending.exit) {
        (true, Exit::Code(0)) => String::new(),
        (true, exit) => format!("(the gate ended by {exit} without a word)"),
        (false, exit @ Exit::Signal(_)) => format!("{tail}\n(the gate was ended by {exit})"),
        (false, Exit::Code(_)) => tail.to_owned(),
    };
    for sentence in ending.held() {
        said.push_str(&format!("\n({sentence})"));
    }
    said
}

#[cfg(test)]
mod tests {
    use herder_domain::gate::Failure;
    use herder_executor::PeakMemory;

    use super::*;
    use crate::report::Report;

    fn ending(exit: Exit, kills: Option<u64>) -> Ending {
        Ending {
            exit,
            leftovers: Vec::new(),
            leftover_count: 0,
            cpu: Duration::ZERO,
            peak_memory: PeakMemory::LargestProcess(1),
            out_of_memory_kills: kills,
            memory_bound_hit: None,
            process_bound_hit: None,
        }
    }

    #[test]
    fn a_gate_that_was_killed_says_so_whatever_it_printed_before() {
        let said = explain(&ending(Exit::Signal(9), Some(1)), "running 3 tests");
        assert!(said.contains("running 3 tests") && said.contains("signal 9") && said.contains("memory"));
        assert_eq!(explain(&ending(Exit::Code(1), Some(0)), "1 failed"), "1 failed");
        let bound = Ending { memory_bound_hit: Some(64 << 20), ..ending(Exit::Code(1), Some(2)) };
        assert!(explain(&bound, "").contains("killed 2 of its processes at the 64 MiB"));
        let bound = Ending { process_bound_hit: Some(99), ..ending(Exit::Code(1), Some(0)) };
        assert!(explain(&bound, "fork: retry").contains("more than 99 processes"));
    }

    #[test]
    fn the_exit_code_is_the_verdict_and_the_report_may_only_say_no() {
        let report = |ok| Report { ok, failures: vec![Failure::named("a")], more: 1 };
        let of = |exit, report: Option<Report>| match said(
            &ending(exit, None),
            Heard { tail: "end".into(), report },
        ) {
            Said::Yes => "yes".to_owned(),
            Said::No(refusal) => format!("no: {} +{}", refusal.in_a_line(), refusal.more),
        };
        let table = [
            (Exit::Code(0), None, "yes"),
            (Exit::Code(0), Some(report(true)), "yes"),
            (Exit::Code(0), Some(report(false)), "no: a +1"),
            (Exit::Code(1), None, "no:  +0"),
            (Exit::Code(1), Some(report(true)), "no: a +1"),
            (Exit::Code(1), Some(report(false)), "no: a +1"),
            // It did not come to its end, so its names are not all.
            (Exit::Signal(9), Some(report(false)), "no:  +0"),
        ];
        for (exit, report, expected) in table {
            assert_eq!(of(exit, report.clone()), expected, "{exit:?} {report:?}");
        }
    }
}
