//! Starting keepers, and talking to them.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::frost::FrostClock;
use crate::job::{Ending, Exit, Job, KEEPER_MARKER, Leftover, RUN_MARKER};
use crate::leash::{Leash, PATIENCE};
use crate::process::ProcessId;
use crate::tokens::{self, Loan, Rest};
use crate::wire::{Line, Message, Order, Refusal, Started, Step};
use crate::{cgroup, children, strays};

/// How long a keeper may take to start its job, on however busy a machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Failed to start a job. Nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The keeper's own program could not be started.
    #[error("start a keeper with {}", program.display())]
    Keeper {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The job could not be handed over, for example because a path in it is not UTF-8, or the
    /// keeper did not answer in time.
    #[error("hand a job to its keeper")]
    HandOver(#[source] io::Error),
    /// The pipe of its build tokens could not be made.
    #[error("lend a job build tokens")]
    Tokens(#[source] io::Error),
    /// The keeper died before the job was started.
    #[error("start {}: its keeper died", program.display())]
    KeeperDied {
        /// The job's program.
        program: PathBuf,
    },
    /// One of the steps to a running program failed.
    #[error("{} of {}: {detail}", step.as_str(), program.display())]
    Refused {
        /// The job's program.
        program: PathBuf,
        /// The step.
        step: Step,
        /// The system's error number, where it gave one.
        errno: Option<i32>,
        /// Why, in words.
        detail: String,
    },
}

impl StartError {
    /// Whether the program to run does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { step: Step::Execute, errno: Some(libc::ENOENT), .. })
    }
}

/// The standard streams of a job. The keeper holds no copy, so a pipe ends with the job's last user.
#[derive(Debug)]
pub struct ChildStdio {
    /// Where it reads.
    pub stdin: OwnedFd,
    /// Where it writes.
    pub stdout: OwnedFd,
    /// Where it complains.
    pub stderr: OwnedFd,
}

impl ChildStdio {
    /// Nothing to read, and whatever is written is thrown away.
    ///
    /// # Errors
    /// If /dev/null cannot be opened.
    pub fn null() -> io::Result<Self> {
        let open = || File::options().read(true).write(true).open("/dev/null").map(OwnedFd::from);
        Ok(Self { stdin: open()?, stdout: open()?, stderr: open()? })
    }
}

/// Starts keepers from one program.
#[derive(Clone, Debug)]
pub struct Launcher {
    program: PathBuf,
}

impl Launcher {
    /// Keepers from this very program, even after its file was replaced.
    pub fn own() -> Self {
        Self::at("/proc/self/exe")
    }

    /// Keepers from another program, which is called with the one argument `keeper` and must then
    /// call [`keeper_main`](crate::keeper_main).
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// Runs a job under a keeper of its own and returns when its program runs.
    ///
    /// # Errors
    /// [`StartError`]; a job with a sandbox is never started without it.
    pub fn start(&self, job: &Job, stdio: ChildStdio) -> Result<(KeeperHandle, KeeperReports), StartError> {
        let mut job = job.clone();
        let marker = unique_marker();
        job.env.insert(KEEPER_MARKER.to_owned(), marker.clone());
        let loan = self.lend(&mut job, &marker).map_err(StartError::Tokens)?;
        let (line, child) = self.spawn(&job)?;
        let orders = line.socket().try_clone().map_err(StartError::HandOver)?;
        // Nobody has reaped it, so it is there.
        let leash = Leash::of(child.id()).map_err(|error| StartError::HandOver(io::Error::other(error)))?;
        let mut reports = KeeperReports {
            line,
            child,
            leash: leash.clone(),
            started: None,
            marker,
            has_ended: false,
            loan,
        };
        let fds = [stdio.stdin.as_fd(), stdio.stdout.as_fd(), stdio.stderr.as_fd()];
        reports.line.send_with(&job, fds).map_err(StartError::HandOver)?;
        drop(stdio);
        let started = reports.await_start(&job.program)?;
        let (orders, grace) = (Mutex::new(orders), job.limits.grace);
        let rest = reports.loan.as_ref().map(Loan::rest).unwrap_or_default();
        let frost = Mutex::default();
        let handle = KeeperHandle(Arc::new(Handle { started, orders, grace, leash, frost, rest }));
        Ok((handle, reports))
    }

    /// Lends the job its build tokens, where it is to have some.
    fn lend(&self, job: &mut Job, marker: &str) -> io::Result<Option<Loan>> {
        let Some(tokens) = job.limits.tokens.take() else { return Ok(None) };
        let herder = std::fs::read_link(&self.program).unwrap_or_else(|_| self.program.clone());
        tokens::equip(job, &tokens, marker, &herder).map(Some)
    }

    fn spawn(&self, job: &Job) -> Result<(Line, Child), StartError> {
        let failed = |source| StartError::Keeper { program: self.program.clone(), source };
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let mut command = Command::new(&self.program);
        command
            .arg0("herder-keeper")
            .arg("keeper")
            .env_clear()
            .env(RUN_MARKER, job.run.as_str())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = children::spawn(&mut command).map_err(failed)?;
        Ok((Line::new(ours), child))
    }
}

/// A value that no other keeper of this boot is marked with.
fn unique_marker() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let start = ProcessId::own().map_or(0, |own| own.start_time);
    format!("{}-{start}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Gives orders to one keeper; clones give them to the same one.
#[derive(Clone, Debug)]
pub struct KeeperHandle(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    started: Started,
    orders: Mutex<UnixStream>,
    grace: Duration,
    leash: Leash,
    frost: Mutex<FrostClock>,
    /// Its build tokens.
    rest: Rest,
}

impl KeeperHandle {
    /// The program that runs under the keeper.
    pub fn process(&self) -> &ProcessId {
        &self.0.started.process
    }

    /// The cgroup v2 directory that holds the job, where there is one.
    pub fn cgroup(&self) -> Option<&Path> {
        self.0.started.cgroup.as_deref()
    }

    /// Has the job stand still, all of it, until [`KeeperHandle::thaw`]. Returns at once. No effect on a job that is being
    /// ended or stands still; one that is ended goes on for its end.
    pub fn freeze(&self) {
        self.frost().begin();
        self.0.rest.set(true);
        self.order(&Order::Freeze);
        // A job may have stopped its keeper. Where it cannot be told, nothing else can be either.
        let _ = self.0.leash.rouse();
    }

    /// Has the job go on.
    pub fn thaw(&self) {
        self.go_on();
        self.order(&Order::Thaw);
        let _ = self.0.leash.rouse();
    }

    /// For how long the job stood still until now: no time in which it could have worked.
    pub fn frozen_for(&self) -> Duration {
        self.frost().total()
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        self.frost().is_frozen()
    }

    fn frost(&self) -> MutexGuard<'_, FrostClock> {
        self.0.frost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the job: SIGTERM to everything below, SIGKILL after `grace` (by default the job's own).
    /// Returns at once; the reports tell when it is done. No effect on a job that has ended. A keeper that
    /// does not obey within 30 s more is killed, and what it left as well.
    pub fn stop(&self, grace: Option<Duration>) {
        self.go_on();
        self.order(&Order::Stop { grace });
        self.0.leash.hold_aside(grace.unwrap_or(self.0.grace).saturating_add(PATIENCE));
    }

    /// Ends the job with SIGKILL. Returns at once; otherwise as [`KeeperHandle::stop`].
    pub fn kill(&self) {
        self.go_on();
        self.order(&Order::Kill);
        self.0.leash.hold_aside(PATIENCE);
    }

    /// Its clock and its build tokens.
    fn go_on(&self) {
        self.frost().end();
        self.0.rest.set(false);
    }

    fn order(&self, order: &Order) {
        let orders = self.0.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(socket) = orders.try_clone() {
            // A keeper that does not hear has ended or died, and the reports tell so.
            let _ = Line::new(socket).send(order);
        }
    }
}

/// What a keeper reports of a running job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The program itself has ended; what it left running is being ended.
    Exited(Exit),
    /// Nothing of the job is left. The last report.
    Ended(Ending),
    /// The keeper was killed. All that could be found of the job has been killed since. The last
    /// report.
    KeeperDied {
        /// What was found and killed.
        killed: Vec<Leftover>,
        /// Whether something outlived that.
        is_clean: bool,
    },
}

/// The reports of one keeper, as they come: a blocking iterator. Dropping it kills the job.
#[derive(Debug)]
pub struct KeeperReports {
    line: Line,
    child: Child,
    leash: Leash,
    started: Option<Started>,
    marker: String,
    has_ended: bool,
    /// Lent until nothing of the job lives.
    loan: Option<Loan>,
}

impl KeeperReports {
    /// Waits for the last report.
    ///
    /// # Errors
    /// [`KeeperDied`] if it is not the job's regular end.
    pub fn wait(self) -> Result<Ending, KeeperDied> {
        for report in self {
            match report {
                Report::Exited(_) => {}
                Report::Ended(ending) => return Ok(ending),
                Report::KeeperDied { killed, is_clean } => return Err(KeeperDied { killed, is_clean }),
            }
        }
        Err(KeeperDied { killed: Vec::new(), is_clean: true })
    }

    fn await_start(&mut self, program: &Path) -> Result<Started, StartError> {
        self.line.socket().set_read_timeout(Some(START_LIMIT)).map_err(StartError::HandOver)?;
        // A job may have stopped its keeper before that has said that it was started.
        self.leash.hold_until_heard(self.line.socket(), START_LIMIT).map_err(StartError::HandOver)?;
        let program = program.to_owned();
        match self.line.receive().map_err(StartError::HandOver)? {
            Some(Message::Started(started)) => {
                self.line.socket().set_read_timeout(None).map_err(StartError::HandOver)?;
                self.started = Some(started.clone());
                Ok(started)
            }
            Some(Message::Refused(Refusal { step, errno, detail })) => {
                Err(StartError::Refused { program, step, errno, detail })
            }
            Some(Message::Exited(_) | Message::Ended(_)) | None => Err(StartError::KeeperDied { program }),
        }
    }

    /// The end of the keeper itself, once its socket is closed.
    fn reap(&mut self) {
        self.leash.hold(PATIENCE);
        // It is a child of ours that is ending, so this cannot fail in a way that could be helped.
        let _ = children::wait(&mut self.child);
    }

    /// Ends what a dead keeper left: its cgroup, what carries its marker, and the orphans that this
    /// process inherited from it.
    fn end_remains(&mut self) -> Report {
        let cgroups = self.started.as_ref().map_or(&[][..], |started| &started.cgroups);
        cgroups.iter().for_each(|cgroup| cgroup::kill(cgroup));
        let marked = strays::end_marked(KEEPER_MARKER, &self.marker);
        let is_subreaper = matches!(rustix::process::child_subreaper(), Ok(Some(_)));
        let orphans = if is_subreaper { children::end_orphans() } else { Ok(Vec::new()) };
        let is_clean = marked.is_ok() && orphans.is_ok();
        cgroups.iter().for_each(|cgroup| cgroup::remove(cgroup));
        let killed = marked.unwrap_or_default().into_iter().chain(orphans.unwrap_or_default()).collect();
        Report::KeeperDied { killed, is_clean }
    }
}

impl Iterator for KeeperReports {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        while !self.has_ended {
            match self.line.receive() {
                Ok(Some(Message::Exited(exit))) => return Some(Report::Exited(exit)),
                Ok(Some(Message::Ended(ending))) => {
                    self.has_ended = true;
                    self.reap();
                    self.loan = None;
                    return Some(Report::Ended(ending));
                }
                // Told once, at the start.
                Ok(Some(Message::Started(_) | Message::Refused(_))) => {}
                Ok(None) | Err(_) => {
                    self.has_ended = true;
                    // Something may hold the socket's other end open; this ends the keeper if it lives.
                    let _ = self.line.socket().shutdown(std::net::Shutdown::Both);
                    self.reap();
                    let report = self.end_remains();
                    self.loan = None;
                    return Some(report);
                }
            }
        }
        None
    }
}

impl Drop for KeeperReports {
    fn drop(&mut self) {
        if !self.has_ended {
            // Even if a handle is still about: without its reports a job must not go on.
            let _ = self.line.socket().shutdown(std::net::Shutdown::Both);
            self.reap();
        }
    }
}

/// The keeper of a job was killed, so how the job ended is unknown.
#[derive(Debug, thiserror::Error)]
#[error("learn how a job ended: its keeper died, {} processes of it were killed", killed.len())]
pub struct KeeperDied {
    /// What was found of the job and killed.
    pub killed: Vec<Leftover>,
    /// Whether nothing outlived that.
    pub is_clean: bool,
}
