//! The keeper's loop: wait, see what happened, do what the phase asks for, until nothing is left.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::{Signal, WaitOptions};

use crate::job::{Ending, Exit, Leftover, Limits, PeakMemory};
use crate::process::{exit_of, timespec};
use crate::procfs::{self, Stat};
use crate::sweep::{self, MOST_DESCRIBED, Reach};
use crate::sys;
use crate::wire::{Line, Message, Order, Started};

use super::Signals;
use super::frost::Standing;
use super::program::Program;

/// How far the end of a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The program is at work.
    Running,
    /// All below has been asked to end and will be killed at this time.
    Ending { kill_at: Instant },
    /// All below is being killed, again and again until nothing is left.
    Killing,
}

/// Between two rounds of killing, when no child's end wakes the keeper earlier.
const NEXT_ROUND: Duration = Duration::from_millis(5);
/// The same for a process that does not die (one in an uninterruptible wait).
const SLOW_ROUND: Duration = Duration::from_millis(200);

/// How long a job has lived before version 1's memory controller counts for it, see [`crate::cgroup::Leaf`]. Of a
/// shorter one the largest process is told.
const COUNTED_AFTER: Duration = Duration::from_millis(100);

/// A running job under its keeper.
pub(super) struct Supervision {
    limits: Limits,
    pub(super) program: Program,
    line: Line,
    is_parent_there: bool,
    signals: Signals,
    begun: Instant,
    pub(super) phase: Phase,
    pub(super) standing: Standing,
    exit: Option<Exit>,
    leftovers: Vec<Leftover>,
    leftover_count: usize,
    rounds: u32,
}

impl Supervision {
    pub(super) fn new(limits: Limits, program: Program, line: Line, signals: Signals) -> Self {
        Self {
            limits,
            program,
            line,
            is_parent_there: true,
            signals,
            begun: Instant::now(),
            phase: Phase::Running,
            standing: Standing::Going,
            exit: None,
            leftovers: Vec::new(),
            leftover_count: 0,
            rounds: 0,
        }
    }

    /// Returns when nothing is left below and has been reported.
    pub(super) fn run(mut self) -> io::Result<()> {
        self.tell(&Message::Started(Started {
            process: self.program.process.clone(),
            cgroup: self.program.leaf.path().map(Into::into),
            cgroups: self.program.leaf.directories(),
        }));
        while self.reap()? {
            if matches!(self.phase, Phase::Ending { kill_at } if kill_at <= Instant::now()) {
                self.phase = Phase::Killing;
            }
            if self.phase == Phase::Killing {
                self.kill_round();
            }
            self.count_memory();
            self.wait()?;
        }
        self.finish()
    }

    /// Reaps all that has ended; `false` when no child is left, and so no process below.
    fn reap(&mut self) -> io::Result<bool> {
        let mut has_left = false;
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    let is_program = pid.as_raw_pid().unsigned_abs() == self.program.process.pid;
                    if let (true, Some(exit)) = (is_program, exit_of(status)) {
                        self.exit = Some(exit);
                        self.tell(&Message::Exited(exit));
                        has_left = true;
                    }
                }
                Ok(None) => {
                    if has_left {
                        self.end_leftovers();
                    }
                    return Ok(true);
                }
                Err(Errno::CHILD) => return Ok(false),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The program has exited, and there are others.
    fn end_leftovers(&mut self) {
        if self.phase == Phase::Running {
            let left = sweep::list_below(is_child()).unwrap_or_default();
            self.leftover_count = left.len();
            self.leftovers = left.iter().take(MOST_DESCRIBED).map(procfs::describe).collect();
        }
        self.end(self.limits.leftover_grace);
    }

    /// Asks all below to end, and sees to it after the grace at the latest.
    fn end(&mut self, grace: Duration) {
        let wanted = Instant::now() + grace;
        self.phase = match self.phase {
            Phase::Running => Phase::Ending { kill_at: wanted },
            Phase::Ending { kill_at } => Phase::Ending { kill_at: kill_at.min(wanted) },
            Phase::Killing => return,
        };
        self.thaw();
        // If /proc cannot be read now, the killing that follows tries again.
        let _ = sweep::signal_below(is_child(), Signal::TERM, Reach::Processes);
    }

    fn kill_round(&mut self) {
        self.rounds = self.rounds.saturating_add(1);
        self.program.leaf.kill();
        // What stands outside the cgroup, or all if there is none. An unreadable /proc leaves the
        // next round to try.
        let _ = sweep::signal_below(is_child(), Signal::KILL, Reach::Groups);
        self.thaw();
    }

    /// Once, when the job has lived for [`COUNTED_AFTER`]: it may take the keeper some time in which it hears nothing.
    fn count_memory(&mut self) {
        if self.phase == Phase::Running && self.begun.elapsed() >= COUNTED_AFTER {
            self.program.leaf.count_memory();
        }
    }

    fn wait(&mut self) -> io::Result<()> {
        let timeout = self.timeout().map(timespec);
        let mut fds = [
            PollFd::from_borrowed_fd(self.signals.ended.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.signals.asked.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.line.as_fd(), PollFlags::IN),
        ];
        let watched = if self.is_parent_there { &mut fds[..] } else { &mut fds[..2] };
        match rustix::event::poll(watched, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [_, asked, line] = fds.map(|fd| !fd.revents().is_empty());
        drain(&self.signals.ended);
        if asked {
            drain(&self.signals.asked);
            self.end(self.limits.grace);
        }
        if line && self.is_parent_there {
            self.hear();
        }
        Ok(())
    }

    fn timeout(&self) -> Option<Duration> {
        const MANY_ROUNDS: u32 = 400;
        match self.phase {
            Phase::Running if self.program.leaf.is_to_count_memory() => {
                Some(COUNTED_AFTER.saturating_sub(self.begun.elapsed()))
            }
            Phase::Running => None,
            Phase::Ending { kill_at } => Some(kill_at.saturating_duration_since(Instant::now())),
            Phase::Killing if self.rounds < MANY_ROUNDS => Some(NEXT_ROUND),
            Phase::Killing => Some(SLOW_ROUND),
        }
    }

    /// Reads the socket once; whatever is wrong with it is taken for its end.
    fn hear(&mut self) {
        if !self.line.fill().unwrap_or(false) {
            return self.lose_parent();
        }
        loop {
            match self.line.take() {
                Ok(Some(Order::Stop { grace })) => self.end(grace.unwrap_or(self.limits.grace)),
                Ok(Some(Order::Kill)) => self.phase = Phase::Killing,
                Ok(Some(Order::Freeze)) => self.freeze(),
                Ok(Some(Order::Thaw)) => self.thaw(),
                Ok(None) => return,
                Err(_) => return self.lose_parent(),
            }
        }
    }

    fn lose_parent(&mut self) {
        self.is_parent_there = false;
        self.phase = Phase::Killing;
    }

    fn tell(&mut self, message: &Message) {
        if self.is_parent_there && self.line.send(message).is_err() {
            self.lose_parent();
        }
    }

    fn finish(mut self) -> io::Result<()> {
        let usage = sys::children_usage()?;
        let leaf = &self.program.leaf;
        let largest = usage.largest_process_bytes;
        // A leaf that was entered late has not seen all of it.
        let of_job = leaf.peak_memory().filter(|bytes| *bytes >= largest);
        let peak_memory = of_job.map_or(PeakMemory::LargestProcess(largest), PeakMemory::Job);
        let ending = Ending {
            // Nothing is left, so the program has been reaped.
            exit: self.exit.ok_or(io::ErrorKind::NotFound)?,
            leftovers: std::mem::take(&mut self.leftovers),
            leftover_count: self.leftover_count,
            cpu: usage.cpu,
            peak_memory,
            out_of_memory_kills: leaf.out_of_memory_kills(),
            memory_bound_hit: leaf.memory_bound_hit(),
            process_bound_hit: leaf.process_bound_hit(),
        };
        // Whoever hears of the end finds no trace of the job.
        self.program.leaf = crate::cgroup::Leaf::none();
        self.tell(&Message::Ended(ending));
        Ok(())
    }
}

/// All that is below the keeper hangs on its children, since it inherits every orphan.
pub(super) fn is_child() -> impl Fn(&Stat) -> bool {
    let keeper = std::process::id();
    move |stat| stat.parent == keeper
}

fn drain(mut signals: &UnixStream) {
    let mut bytes = [0; 64];
    while matches!(signals.read(&mut bytes), Ok(count) if count == bytes.len()) {}
}
