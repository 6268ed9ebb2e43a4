//! A sign of life while a person waits: what is being done, and for how long. On a terminal only, never beside JSON.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Output;

/// How often the line is drawn anew; what takes less shows nothing.
const BEAT: Duration = Duration::from_secs(1);

/// A line on standard error that tells of something slow until this is dropped.
#[derive(Debug)]
pub struct Progress {
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to tell.
    pub fn begin(output: Output, what: String) -> Self {
        if output.is_json() || !std::io::stderr().is_terminal() {
            return Self { drawing: None };
        }
        let (over, waits) = mpsc::channel::<()>();
        let draw = move || {
            let begun = Instant::now();
            let mut is_drawn = false;
            while waits.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                is_drawn = true;
                say(&format!("\r\x1b[K{what} ... {} s", begun.elapsed().as_secs()));
            }
            if is_drawn {
                say("\r\x1b[K");
            }
        };
        // Without the thread the work goes on in silence.
        let thread = thread::Builder::new().name("progress".into()).spawn(draw);
        Self { drawing: thread.ok().map(|thread| (over, thread)) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((over, thread)) = self.drawing.take() {
            drop(over);
            // It has nothing to say but its line.
            let _ = thread.join();
        }
    }
}

/// A terminal that went away has seen enough.
fn say(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
