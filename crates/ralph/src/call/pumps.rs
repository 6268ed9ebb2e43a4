//! The threads that move an agent's bytes, and the one channel into which all of it comes.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use herder_agent::{Input, Lines};
use herder_executor::{ChildStdio, KeeperReports, Report};

use super::ration::{Ration, Share};

/// How many lines may wait.
const QUEUE: usize = 32;
/// How many bytes of them, if it is not one line alone: one may have four mebibytes.
const QUEUED_BYTES: usize = 1 << 20;
/// How much of standard error is kept, in bytes.
const STDERR_TAIL: usize = 16 << 10;

/// What is heard from a call.
pub(super) enum Heard {
    /// A line of standard output, or its beginning.
    Line {
        bytes: Vec<u8>,
        length: u64,
        /// Lets the next ones come when this one has been heard.
        share: Share,
    },
    /// Nobody holds standard output any more.
    OutputEnded {
        stderr_tail: String,
    },
    Keeper(Report),
}

/// Our ends of an agent's pipes.
pub(super) struct Pumps {
    stdin: PipeWriter,
    stdout: PipeReader,
    stderr: PipeReader,
}

impl Pumps {
    pub(super) fn prepare() -> io::Result<(Self, ChildStdio)> {
        let (their_stdin, stdin) = io::pipe()?;
        let (stdout, their_stdout) = io::pipe()?;
        let (stderr, their_stderr) = io::pipe()?;
        let stdio = ChildStdio {
            stdin: OwnedFd::from(their_stdin),
            stdout: OwnedFd::from(their_stdout),
            stderr: OwnedFd::from(their_stderr),
        };
        Ok((Self { stdin, stdout, stderr }, stdio))
    }

    /// Starts to move bytes. What is sent to the returned sender is written to standard input, which is
    /// closed when the sender is dropped.
    pub(super) fn start(
        self,
        reports: KeeperReports,
        first_input: Vec<u8>,
        input: Input,
    ) -> io::Result<(Receiver<Heard>, Sender<Vec<u8>>)> {
        let (tell, heard) = mpsc::sync_channel(QUEUE);
        let (give, given) = mpsc::channel::<Vec<u8>>();
        let stdin = self.stdin;
        spawn("agent-input", move || write_input(stdin, first_input, input, given))?;
        let stderr = self.stderr;
        let errors = spawn("agent-errors", move || last_words(stderr))?;
        let (stdout, teller) = (self.stdout, tell.clone());
        spawn("agent-output", move || {
            read_lines(stdout, &teller);
            let stderr_tail = errors.join().unwrap_or_default();
            // Nobody listens any more where the call was given up.
            let _ = teller.send(Heard::OutputEnded { stderr_tail });
        })?;
        spawn("keeper-reports", move || reports.map(Heard::Keeper).try_for_each(|report| tell.send(report)))?;
        Ok((heard, give))
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<thread::JoinHandle<T>> {
    thread::Builder::new().name(name.into()).spawn(work)
}

/// Writes until there is no more or the agent reads no more, which its exit will explain.
fn write_input(mut stdin: PipeWriter, first: Vec<u8>, input: Input, given: Receiver<Vec<u8>>) {
    if stdin.write_all(&first).is_err() {
        return;
    }
    match input {
        Input::CloseAfterFirst => {}
        Input::KeepOpen => {
            for bytes in given {
                if stdin.write_all(&bytes).is_err() {
                    return;
                }
            }
        }
    }
}

fn read_lines(stdout: PipeReader, tell: &SyncSender<Heard>) {
    let mut stdout = File::from(OwnedFd::from(stdout));
    let mut lines = Lines::default();
    let mut chunk = vec![0; 64 << 10];
    let (ration, is_heard) = (Ration::default(), Cell::new(true));
    let pass = |line: herder_agent::Line<'_>| {
        let share = ration.take(line.bytes.len(), QUEUED_BYTES);
        let heard = Heard::Line { bytes: line.bytes.to_vec(), length: line.length, share };
        is_heard.set(tell.send(heard).is_ok());
    };
    // Once the call was given up, a stranger that still writes gets a closed pipe.
    while is_heard.get() {
        match stdout.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => lines.feed(&chunk[..count], pass),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    lines.finish(pass);
}

/// Reads all of it, keeps the end.
fn last_words(mut stderr: PipeReader) -> String {
    let mut kept = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        match stderr.read(&mut chunk) {
            Ok(count @ 1..) => kept.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
        }
        let excess = kept.len().saturating_sub(STDERR_TAIL);
        kept.drain(..excess);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_that_writes_on_after_the_call_finds_the_pipe_closed() {
        let (stdout, mut stranger) = io::pipe().unwrap();
        let (tell, heard) = mpsc::sync_channel(QUEUE);
        let reader = thread::spawn(move || read_lines(stdout, &tell));
        stranger.write_all(b"one line\n").unwrap();
        assert!(matches!(heard.recv(), Ok(Heard::Line { length: 8, .. })));
        drop(heard);
        stranger.write_all(b"one more\n").unwrap();
        reader.join().unwrap();
        assert_eq!(stranger.write_all(b"!").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
