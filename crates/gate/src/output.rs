//! What a gate prints: into its log, the end of it for the next prompt, and its report.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

use crate::report::{LINE_MAX, Report, may_be_one};
use crate::tail::Tail;

/// How much of a gate's output is kept in its log, in bytes; the rest is read and dropped.
const LOG_LIMIT: u64 = 64 << 20;

/// A line that is longer and no report is passed on in parts of this many bytes.
const PART: usize = 64 << 10;

/// What was heard of a gate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The end of its output, its reports left out.
    pub tail: String,
    /// Its last report.
    pub report: Option<Report>,
}

/// The output of a gate, while a thread of its own reads it.
pub(crate) struct Output {
    sink: Arc<Mutex<Sink>>,
    /// Hears when all writers are gone.
    ended: mpsc::Receiver<()>,
}

impl Output {
    /// Moves both streams into the log from a thread of its own, in the order in which they come.
    pub(crate) fn follow(
        stdout: io::PipeReader,
        stderr: io::PipeReader,
        log: Box<dyn Write + Send>,
    ) -> io::Result<Self> {
        let (tell, ended) = mpsc::channel();
        let sink = Arc::new(Mutex::new(Sink { log, written: 0, tail: Tail::default(), report: None }));
        let kept = Arc::clone(&sink);
        thread::Builder::new().name("gate-output".into()).spawn(move || {
            pump(vec![Stream::new(stdout, Reports::Read), Stream::new(stderr, Reports::Ignored)], &kept);
            // Nobody listens any more where the gate's end was lost.
            let _ = tell.send(());
        })?;
        Ok(Self { sink, ended })
    }

    /// All of it, or what is there after `patience` where a stranger holds a pipe open.
    pub(crate) fn end(&self, patience: Duration) -> Heard {
        // Either way what was read until then is told.
        let _ = self.ended.recv_timeout(patience);
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        Heard { tail: sink.tail.text(), report: sink.report.clone() }
    }
}

/// Whether a stream may hold the report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reports {
    Read,
    Ignored,
}

/// Where lines go.
struct Sink {
    log: Box<dyn Write + Send>,
    written: u64,
    tail: Tail,
    report: Option<Report>,
}

impl Sink {
    fn keep(&mut self, line: &[u8]) {
        if self.written < LOG_LIMIT {
            // A log that cannot be written must not change the verdict.
            let _ = self.log.write_all(line);
            self.written += line.len() as u64;
        }
    }

    fn take(&mut self, line: &[u8], reports: Reports) {
        self.keep(line);
        match (reports == Reports::Read).then(|| Report::read(line)).flatten() {
            Some(report) => self.report = Some(report),
            None => self.tail.feed(line),
        }
    }
}

/// One of the gate's two streams, put together to lines, so that one does not break into the other's.
struct Stream {
    from: io::PipeReader,
    pending: Vec<u8>,
    reports: Reports,
}

impl Stream {
    fn new(from: io::PipeReader, reports: Reports) -> Self {
        Self { from, pending: Vec::new(), reports }
    }

    fn push(&mut self, bytes: &[u8], sink: &Mutex<Sink>) {
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(piece);
            let limit =
                if self.reports == Reports::Read && may_be_one(&self.pending) { LINE_MAX } else { PART };
            if piece.ends_with(b"\n") || self.pending.len() > limit {
                sink.take(&std::mem::take(&mut self.pending), self.reports);
            }
        }
    }

    /// What is left of the last line.
    fn finish(&mut self, sink: &Mutex<Sink>) {
        if !self.pending.is_empty() {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            sink.take(&std::mem::take(&mut self.pending), self.reports);
        }
    }
}

/// Reads until every writer of every stream is gone.
fn pump(mut streams: Vec<Stream>, sink: &Mutex<Sink>) {
    let mut chunk = vec![0; PART];
    while !streams.is_empty() {
        let ready = ready(&streams);
        let mut index = 0;
        streams.retain_mut(|stream| {
            let is_ready = ready.get(index).copied().unwrap_or(true);
            index += 1;
            if !is_ready {
                return true;
            }
            match stream.from.read(&mut chunk) {
                Ok(count @ 1..) => stream.push(&chunk[..count], sink),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => {
                    stream.finish(sink);
                    return false;
                }
            }
            true
        });
    }
    let _ = sink.lock().unwrap_or_else(PoisonError::into_inner).log.flush();
}

/// Which streams have something to read, or have ended. Where that cannot be told, all: then they are
/// read in turn.
fn ready(streams: &[Stream]) -> Vec<bool> {
    let mut watched: Vec<_> =
        streams.iter().map(|stream| PollFd::from_borrowed_fd(stream.from.as_fd(), PollFlags::IN)).collect();
    match poll(&mut watched, None) {
        Ok(_) => watched.iter().map(|fd| !fd.revents().is_empty()).collect(),
        Err(rustix::io::Errno::INTR) => vec![false; streams.len()],
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log that a test can wait for.
    fn logged() -> (Box<dyn Write + Send>, io::PipeReader) {
        let (reader, log) = io::pipe().unwrap();
        (Box::new(log), reader)
    }

    #[test]
    fn a_stranger_that_holds_the_pipe_open_does_not_hide_what_the_gate_said() {
        let (stdout, mut writer) = io::pipe().unwrap();
        let (stderr, _) = io::pipe().unwrap();
        let (log, mut logged) = logged();
        let output = Output::follow(stdout, stderr, log).unwrap();
        writer.write_all(b"1 test failed\n").unwrap();
        // Once it stands in the log, it was read.
        logged.read_exact(&mut [0; 14]).unwrap();
        assert_eq!(output.end(Duration::ZERO).tail, "1 test failed");
        drop(writer);
    }

    /// What is heard of a gate that prints this and ends.
    fn heard(stdout: &[u8], stderr: &[u8]) -> (Heard, Vec<u8>) {
        let (out, mut to_out) = io::pipe().unwrap();
        let (err, mut to_err) = io::pipe().unwrap();
        let (log, mut logged) = logged();
        let output = Output::follow(out, err, log).unwrap();
        thread::scope(|scope| {
            let text = scope.spawn(move || {
                let mut text = Vec::new();
                logged.read_to_end(&mut text).map(|_| text)
            });
            scope.spawn(move || to_err.write_all(stderr));
            to_out.write_all(stdout).unwrap();
            drop(to_out);
            let heard = output.end(Duration::from_secs(60));
            drop(output);
            (heard, text.join().unwrap().unwrap())
        })
    }

    fn names(heard: &Heard) -> Vec<String> {
        heard.report.iter().flat_map(|report| &report.failures).map(|one| one.name.clone()).collect()
    }

    #[test]
    fn the_last_report_on_standard_output_counts_wherever_it_stands() {
        let stdout =
            b"a\n{\"ok\":false,\"items\":[\"x\"]}\nb\n{\"ok\":false,\"items\":[\"y\"]}\nc\n{\"ok\":1}\n";
        let (heard, log) = heard(stdout, b"");
        assert_eq!(names(&heard), ["y"]);
        assert_eq!((heard.tail.as_str(), log.as_slice()), ("a\nb\nc\n{\"ok\":1}", &stdout[..]));
    }

    #[test]
    fn a_report_needs_no_line_end_and_may_not_stand_on_standard_error() {
        let (heard, log) = heard(b"{\"ok\":false,\"items\":[\"x\"]}", b"{\"ok\":false,\"items\":[\"y\"]}\n");
        assert_eq!(names(&heard), ["x"]);
        assert_eq!(heard.tail, "{\"ok\":false,\"items\":[\"y\"]}");
        assert_eq!(log.len(), 26 + 27);
    }

    #[test]
    fn lines_without_an_end_are_kept_in_bounds() {
        let endless = [b"{".repeat(LINE_MAX + 2 * PART), b"\nlast\n".to_vec()].concat();
        let (heard, log) = heard(&endless, &b"x".repeat(3 * PART));
        assert_eq!(heard.report, None);
        assert!(log.len() == endless.len() + 3 * PART && heard.tail.len() <= 8 << 10);
    }
}
