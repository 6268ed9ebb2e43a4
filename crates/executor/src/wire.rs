//! What a keeper and the process that started it say to each other: lines of JSON over a unix
//! stream socket, the job's three descriptors attached to the first of them.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::job::{Ending, Exit};
use crate::process::ProcessId;

/// What a keeper is told after its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// End the job: SIGTERM to all, SIGKILL after the grace, which is the job's own if not given.
    Stop { grace: Option<Duration> },
    /// End the job at once.
    Kill,
    /// Have the job stand still.
    Freeze,
    /// Have it go on.
    Thaw,
}

/// What a keeper tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Message {
    /// The program runs.
    Started(Started),
    /// The program does not run, and nothing of it is left.
    Refused(Refusal),
    /// The program itself has ended; others below it may still be at work.
    Exited(Exit),
    /// Nothing is left below the keeper. Its last word.
    Ended(Ending),
}

/// A program that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Started {
    pub process: ProcessId,
    /// The cgroup v2 directory of the job.
    pub cgroup: Option<PathBuf>,
    /// All cgroup directories of the job, in whatever hierarchy.
    pub cgroups: Vec<PathBuf>,
}

/// Why a program does not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub step: Step,
    /// The system's error number, where it gave one.
    pub errno: Option<i32>,
    pub detail: String,
}

/// The steps from a job to a running program, each of which may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Reading the job from the socket.
    Receive,
    /// Building the Landlock rules; also where this kernel has no Landlock that counts.
    Rules,
    /// Closing what the program must not inherit.
    Descriptors,
    /// Beginning a session of its own.
    Session,
    /// Niceness and resource limits.
    Limits,
    /// Dropping all capabilities.
    Capabilities,
    /// Entering the working directory.
    WorkingDirectory,
    /// Forgoing privileges of programs that it starts (no_new_privs).
    NoNewPrivileges,
    /// Applying the Landlock rules.
    Landlock,
    /// Asking to be killed when the keeper dies.
    DeathSignal,
    /// Starting the program itself.
    Execute,
}

impl Step {
    /// All steps that are taken between fork and exec, in this order.
    pub(crate) const IN_CHILD: [Self; 8] = [
        Self::Descriptors,
        Self::Session,
        Self::Limits,
        Self::Capabilities,
        Self::WorkingDirectory,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::DeathSignal,
    ];

    /// The step as words that fit "failed to ...".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive the job",
            Self::Rules => "build the sandbox's rules",
            Self::Descriptors => "close inherited descriptors",
            Self::Session => "begin a session",
            Self::Limits => "set the resource limits",
            Self::Capabilities => "drop all capabilities",
            Self::WorkingDirectory => "enter the working directory",
            Self::NoNewPrivileges => "forgo new privileges",
            Self::Landlock => "enter the sandbox",
            Self::DeathSignal => "tie the program's life to its keeper's",
            Self::Execute => "start the program",
        }
    }
}

/// One end of the socket.
#[derive(Debug)]
pub(crate) struct Line {
    socket: UnixStream,
    pending: Vec<u8>,
}

impl Line {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self { socket, pending: Vec::new() }
    }

    pub(crate) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    /// Sends one line.
    pub(crate) fn send<T: Serialize>(&self, value: &T) -> io::Result<()> {
        self.write(&encode(value)?)
    }

    /// Sends one line with three descriptors.
    pub(crate) fn send_with<T: Serialize>(&self, value: &T, fds: [BorrowedFd<'_>; 3]) -> io::Result<()> {
        let line = encode(value)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(&fds)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let sent =
            rustix::net::sendmsg(&self.socket, &[IoSlice::new(&line)], &mut control, SendFlags::NOSIGNAL)?;
        self.write(&line[sent..])
    }

    /// Writes all, without the signal that a closed socket would raise.
    fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The next line, waiting for it; `None` when the other end is closed.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        loop {
            if let Some(value) = self.take()? {
                return Ok(Some(value));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// The next line if it has arrived already.
    pub(crate) fn take<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let line: Vec<u8> = self.pending.drain(..=end).collect();
        Ok(Some(serde_json::from_slice(&line)?))
    }

    /// Reads once; `false` when the other end is closed.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 16 * 1024];
        loop {
            match (&self.socket).read(&mut chunk) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.pending.extend_from_slice(&chunk[..count]);
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// The first line with its three descriptors; `None` when the other end was closed before.
    pub(crate) fn receive_with<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, [OwnedFd; 3])>> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut chunk = [0; 16 * 1024];
        let received = rustix::net::recvmsg(
            &self.socket,
            &mut [IoSliceMut::new(&mut chunk)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        self.pending.extend_from_slice(&chunk[..received.bytes]);
        let mut fds = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                fds.extend(rights);
            }
        }
        let Some(value) = self.receive()? else { return Ok(None) };
        let fds = fds.try_into().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(Some((value, fds)))
    }
}

impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn encode<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    fn pair() -> (Line, Line) {
        let (one, other) = UnixStream::pair().unwrap();
        (Line::new(one), Line::new(other))
    }

    #[test]
    fn a_line_longer_than_any_buffer_arrives_whole_with_its_descriptors() {
        let (one, mut other) = pair();
        let long = "x".repeat(3 << 20);
        let expected = long.clone();
        let sender = std::thread::spawn(move || {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"in it").unwrap();
            one.send_with(&long, [file.as_fd(), file.as_fd(), file.as_fd()]).unwrap();
        });
        let (line, [first, ..]): (String, _) = other.receive_with().unwrap().unwrap();
        sender.join().unwrap();
        assert!(line == expected);
        let mut file = std::fs::File::from(first);
        file.rewind().unwrap();
        assert_eq!(io::read_to_string(file).unwrap(), "in it");
    }

    #[test]
    fn a_first_line_without_descriptors_is_refused() {
        let (one, mut other) = pair();
        one.send(&"bare").unwrap();
        assert!(other.receive_with::<String>().is_err());
    }

    #[test]
    fn two_lines_in_one_read_are_two() {
        let (one, mut other) = pair();
        one.send(&Order::Kill).unwrap();
        one.send(&Order::Stop { grace: None }).unwrap();
        drop(one);
        assert_eq!(other.receive().unwrap(), Some(Order::Kill));
        assert_eq!(other.receive().unwrap(), Some(Order::Stop { grace: None }));
        assert_eq!(other.receive::<Order>().unwrap(), None);
    }
}
