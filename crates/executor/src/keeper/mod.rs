//! The keeper: a small single-threaded process that runs one job and outlives all of it.
//!
//! It leads a session of its own and inherits every orphan below it, so that its waitpid(2) alone
//! tells when nothing is left. The end of its socket is the end of the process that started it.

mod frost;
mod program;
mod supervise;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use crate::children;
use crate::job::Job;
use crate::wire::{Line, Message, Refusal, Step};

use self::supervise::Supervision;

/// A keeper's name, as `ps` shows it.
pub(crate) const NAME: &std::ffi::CStr = c"herder-keeper";

/// The whole life of a keeper; its standard input is the socket that a launcher made.
///
/// Call it first thing in a process with a single thread. It fails when it was not started by a
/// launcher; how its job ended is told through the socket only.
pub fn keeper_main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run() -> io::Result<()> {
    let mut line = Line::new(socket()?);
    // None of these can be refused to a process that is no session leader yet, and where one were,
    // the job is still supervised; only less well.
    let _ = rustix::thread::set_name(NAME);
    let _ = rustix::process::setsid();
    children::become_subreaper()?;
    let signals = signals()?;
    let (job, streams) = match line.receive_with::<Job>() {
        Ok(Some(received)) => received,
        Ok(None) => return Ok(()),
        Err(error) => return line.send(&Message::Refused(Refusal::new(Step::Receive, &error))),
    };
    match program::start(&job, streams) {
        Ok(program) => Supervision::new(job.limits, program, line, signals).run(),
        Err(refusal) => line.send(&Message::Refused(refusal)),
    }
}

fn socket() -> io::Result<UnixStream> {
    let own = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::net::sockopt::socket_type(&own)?;
    Ok(UnixStream::from(own))
}

/// A descriptor that becomes readable when a child ends or somebody asks the keeper to end.
fn signals() -> io::Result<Signals> {
    let (ended, child) = UnixStream::pair()?;
    let (asked, end) = UnixStream::pair()?;
    for end_of_pair in [&ended, &asked] {
        end_of_pair.set_nonblocking(true)?;
    }
    signal_hook::low_level::pipe::register(libc::SIGCHLD, child)?;
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        signal_hook::low_level::pipe::register(signal, end.try_clone()?)?;
    }
    Ok(Signals { ended, asked })
}

/// Where signals arrive as bytes.
struct Signals {
    /// A child has ended.
    ended: UnixStream,
    /// The keeper is to end.
    asked: UnixStream,
}

impl Refusal {
    fn new(step: Step, error: &io::Error) -> Self {
        Self { step, errno: error.raw_os_error(), detail: error.to_string() }
    }
}
