//! What one job is lent: a named pipe, and a thread that counts what goes through it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{CWD, FileType, Mode, OFlags};

use super::pool::{Token, TokenPool};
use crate::process::timespec;
use crate::procfs;

/// How often a pipe is looked at while a build has it open. While none has, its thread sleeps in the kernel.
const LOOK: Duration = Duration::from_millis(10);

/// After so many looks at tokens that nobody takes, all but one go back.
const PATIENCE: u32 = 10;

/// The same while its job stands still.
const LOOK_FROZEN: Duration = Duration::from_millis(100);

/// The most that is put into a pipe at one look; it doubles from one on while all is taken.
const STEP_MAX: usize = 16;

/// Where the pipes of jobs lie, in the pool's directory.
const PIPES: &str = "pipes";

/// A job's pipe, as long as anything of the job lives. With its end all that was lent is free again, whatever the job
/// did with it.
#[derive(Debug)]
pub(crate) struct Loan {
    pipe: PathBuf,
    /// The pipe itself, also after somebody has removed its name.
    node: Arc<File>,
    is_over: Arc<AtomicBool>,
    rest: Rest,
    thread: Option<JoinHandle<()>>,
}

/// Whether the job of a loan stands still: all that it was lent is free then, for others go on. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rest(Arc<AtomicBool>);

impl Rest {
    /// Says so; for the next look.
    pub(crate) fn set(&self, is_resting: bool) {
        self.0.store(is_resting, Ordering::SeqCst);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Loan {
    /// Makes the pipe of a job; `name` is `PID-...` of this process, by which another one knows what a killed one left.
    pub(crate) fn open(pool: &TokenPool, name: &str) -> io::Result<Self> {
        let pipes = pool.dir.join(PIPES);
        std::fs::create_dir_all(&pipes)?;
        sweep(&pipes);
        let pipe = pipes.join(name);
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        let node: File = rustix::fs::open(&pipe, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?.into();
        let (node, is_over) = (Arc::new(node), Arc::new(AtomicBool::new(false)));
        let rest = Rest::default();
        let feeder = Feeder {
            pool: pool.clone(),
            node: Arc::clone(&node),
            is_over: Arc::clone(&is_over),
            rest: rest.clone(),
        };
        let thread = thread::Builder::new().name("tokens".into()).spawn(move || feeder.feed())?;
        Ok(Self { pipe, node, is_over, rest, thread: Some(thread) })
    }

    /// By what it is told that its job stands still.
    pub(crate) fn rest(&self) -> Rest {
        self.rest.clone()
    }

    /// The pipe.
    pub(crate) fn pipe(&self) -> &Path {
        &self.pipe
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // As a reader this process wakes its own thread, which may wait for one.
        let reader = reopen(&self.node, Side::Read);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        drop(reader);
        let _ = std::fs::remove_file(&self.pipe);
    }
}

/// Removes what processes left that were killed.
fn sweep(pipes: &Path) {
    for entry in std::fs::read_dir(pipes).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let mut parts = name.to_str().unwrap_or_default().split('-').map(str::parse::<u64>);
        let (Some(Ok(pid)), Some(Ok(start))) = (parts.next(), parts.next()) else { continue };
        let found = u32::try_from(pid).ok().and_then(|pid| procfs::stat(pid).ok()).flatten();
        if found.is_none_or(|found| found.start_ticks != start) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

enum Side {
    /// Without waiting for a writer.
    Read,
    /// Waits for a reader.
    Write,
}

/// Opens the pipe by its inode.
fn reopen(node: &File, side: Side) -> io::Result<File> {
    let path = format!("/proc/self/fd/{}", node.as_raw_fd());
    match side {
        Side::Read => {
            let flags = OFlags::NONBLOCK.bits().cast_signed();
            File::options().read(true).custom_flags(flags).open(path)
        }
        Side::Write => File::options().write(true).open(path),
    }
}

/// The thread.
struct Feeder {
    pool: TokenPool,
    node: Arc<File>,
    is_over: Arc<AtomicBool>,
    rest: Rest,
}

impl Feeder {
    fn feed(self) {
        while !self.is_over.load(Ordering::SeqCst) {
            // Without the pipe there is nobody to feed.
            let Ok(pipe) = reopen(&self.node, Side::Write) else { return };
            let mut lent = Lent::default();
            while !self.is_over.load(Ordering::SeqCst) && self.look(&mut lent, &pipe) {}
            // Nobody has the pipe open, so nobody holds anything of it: its tokens are free with `lent`.
        }
    }

    /// One look, and the wait until the next; `false` when there is nobody any more to look for.
    fn look(&self, lent: &mut Lent, pipe: &File) -> bool {
        if self.rest.is_set() {
            return lent.free(&self.node).is_ok() && has_readers(pipe, LOOK_FROZEN);
        }
        lent.look(&self.pool, pipe, &self.node).is_ok() && has_readers(pipe, LOOK)
    }
}

/// Waits until the next look; `false` as soon as nobody has the pipe open to read.
fn has_readers(pipe: &File, look: Duration) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::empty())];
    match rustix::event::poll(&mut fds, Some(&timespec(look))) {
        Ok(_) => !fds[0].revents().contains(PollFlags::ERR),
        Err(error) => error == rustix::io::Errno::INTR,
    }
}

/// What a pipe has been lent while builds have it open.
#[derive(Debug, Default)]
struct Lent {
    /// The one that a build has without asking.
    implicit: Option<Token>,
    /// Those that are in the pipe or in builds' hands.
    tokens: Vec<Token>,
    /// How many more builds have in hand for which none is held: they were freed while the job stood still.
    owed: usize,
    step: usize,
    /// For how many looks there was something in the pipe.
    idle: u32,
    wanting: Option<File>,
}

impl Lent {
    fn look(&mut self, pool: &TokenPool, mut pipe: &File, node: &File) -> io::Result<()> {
        let mut inside = usize::try_from(rustix::io::ioctl_fionread(pipe)?).unwrap_or(0);
        if let Some(forged) = inside.checked_sub(self.tokens.len()).filter(|more| *more > 0) {
            let back = withdraw(node, forged)?;
            inside -= back;
            self.owed = self.owed.saturating_sub(back);
        }
        if self.implicit.is_none() {
            self.implicit = pool.take();
        }
        // What builds have in hand since before is held again before they are given more.
        let again: Vec<Token> = std::iter::from_fn(|| pool.take()).take(self.owed).collect();
        self.owed -= again.len();
        self.tokens.extend(again);
        if inside > 0 {
            self.rest(pool, inside, node)?;
        } else {
            self.idle = 0;
            self.step = (self.step * 2).clamp(1, STEP_MAX);
            // Others come first where this one has some, and its own implicit one before that.
            let may_have =
                self.implicit.is_some() && self.owed == 0 && (self.tokens.is_empty() || !pool.is_wanted());
            let more: Vec<Token> =
                std::iter::from_fn(|| pool.take()).take(if may_have { self.step } else { 0 }).collect();
            pipe.write_all(&vec![b'+'; more.len()])?;
            self.tokens.extend(more);
        }
        let is_short = self.implicit.is_none() || self.tokens.is_empty();
        self.wanting = if is_short { self.wanting.take().or_else(|| pool.want()) } else { None };
        Ok(())
    }

    /// Lets all go while the job stands still: what is in the pipe, and what builds have in hand.
    fn free(&mut self, node: &File) -> io::Result<()> {
        let back = withdraw(node, self.tokens.len())?;
        self.owed += self.tokens.len().saturating_sub(back);
        self.tokens.clear();
        (self.implicit, self.wanting, self.step, self.idle) = (None, None, 0, 0);
        Ok(())
    }

    /// Takes back what nobody makes use of.
    fn rest(&mut self, pool: &TokenPool, inside: usize, node: &File) -> io::Result<()> {
        self.step = 0;
        self.idle += 1;
        let keep = match (self.wanting.is_none() && pool.is_wanted(), self.idle > PATIENCE) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => return Ok(()),
        };
        let back = withdraw(node, inside.saturating_sub(keep))?;
        self.tokens.truncate(self.tokens.len().saturating_sub(back));
        Ok(())
    }
}

/// Takes up to so many bytes out of the pipe; how many it were, for a build may have been faster.
fn withdraw(node: &File, most: usize) -> io::Result<usize> {
    if most == 0 {
        return Ok(0);
    }
    match reopen(node, Side::Read)?.read(&mut vec![0; most]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        read => read,
    }
}
