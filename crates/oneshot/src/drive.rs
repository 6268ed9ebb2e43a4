//! The loop that feeds, drains and watches one child until it ends or its time is up.

use crate::capture::{Collector, Keep};
use crate::{Finished, OneShot, OneShotError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ChildStdin, ExitStatus};
use std::time::{Duration, Instant};

/// A child that is killed with its group if the caller leaves early.
struct Running {
    child: Child,
    reaped: bool,
}

impl Running {
    fn reap(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait()?;
        self.reaped = true;
        Ok(status)
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    fn kill_group(&mut self) {
        // The child is not reaped yet, so its number still names its group and no other.
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.reap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill_group();
        }
    }
}

/// One output pipe of the child and what came out of it.
struct Drain<R> {
    pipe: Option<R>,
    collector: Collector,
}

impl<R: Read + AsFd> Drain<R> {
    fn new(pipe: Option<R>, keep: Keep, cap: usize) -> std::io::Result<Self> {
        if let Some(pipe) = &pipe {
            set_nonblocking(pipe)?;
        }
        Ok(Self { pipe, collector: Collector::new(keep, cap) })
    }

    /// Takes what is there now; forgets the pipe at its end.
    fn take(&mut self) -> std::io::Result<()> {
        let mut buffer = [0_u8; 64 << 10];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(count) => self.collector.push(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The child's standard input and what it still has to get.
struct Feed {
    pipe: Option<ChildStdin>,
    bytes: Vec<u8>,
    sent: usize,
}

impl Feed {
    fn give(&mut self) -> std::io::Result<()> {
        while let Some(pipe) = &mut self.pipe {
            match pipe.write(&self.bytes[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // A program may end without reading all it was given.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => self.pipe = None,
                Err(error) => return Err(error),
            }
            if self.sent == self.bytes.len() {
                self.pipe = None;
            }
        }
        Ok(())
    }
}

fn set_nonblocking(pipe: &impl AsFd) -> std::io::Result<()> {
    let flags = fcntl_getfl(pipe)?;
    Ok(fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?)
}

/// Drives `child` to its end within the bounds of `shot`.
pub(crate) fn to_the_end(child: Child, shot: OneShot, program: String) -> Result<Finished, OneShotError> {
    let mut running = Running { child, reaped: false };
    let deadline = Instant::now() + shot.time_limit;
    let io = |what| {
        let program = program.clone();
        move |source| OneShotError::Io { program, what, source }
    };
    let mut feed = Feed { pipe: running.child.stdin.take(), bytes: shot.stdin, sent: 0 };
    if let Some(pipe) = &feed.pipe {
        set_nonblocking(pipe).map_err(io("feed"))?;
    }
    let mut stdout =
        Drain::new(running.child.stdout.take(), Keep::First, shot.stdout_cap).map_err(io("read from"))?;
    let mut stderr =
        Drain::new(running.child.stderr.take(), Keep::Last, shot.stderr_cap).map_err(io("read from"))?;
    let ended = watch(&running, &mut feed, (&mut stdout, &mut stderr), deadline).map_err(io("watch"))?;
    if !ended {
        running.kill_group();
        let stderr = stderr.collector.finish().text();
        return Err(OneShotError::TimedOut { program, limit: shot.time_limit, stderr });
    }
    let status = running.reap().map_err(io("wait for"))?;
    Ok(Finished { status, stdout: stdout.collector.finish(), stderr: stderr.collector.finish() })
}

/// Returns whether the child ended before the deadline. Everything it wrote has been taken then;
/// what grandchildren write later is theirs.
fn watch<O: Read + AsFd, E: Read + AsFd>(
    running: &Running,
    feed: &mut Feed,
    (stdout, stderr): (&mut Drain<O>, &mut Drain<E>),
    deadline: Instant,
) -> std::io::Result<bool> {
    let pid = running.pid().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidData))?;
    let pidfd: OwnedFd = pidfd_open(pid, PidfdFlags::empty())?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let mut fds = vec![PollFd::new(&pidfd, PollFlags::IN)];
        fds.extend(stdout.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(stderr.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(feed.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        match poll(&mut fds, Some(&timespec(left))) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ended = !fds[0].revents().is_empty();
        feed.give()?;
        stdout.take()?;
        stderr.take()?;
        if ended {
            return Ok(true);
        }
    }
}

fn timespec(left: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    }
}
