//! Taking tokens around a program that does not speak the protocol.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;

use crate::process::timespec;

/// How long tokens are awaited with some in hand: who waits for all of them while another does would wait for ever.
const TOGETHER: Duration = Duration::from_secs(1);

/// How long they are awaited in all. A program that is late is better than one that never runs.
const LONGEST: Duration = Duration::from_secs(600);

/// Where tokens are to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heavy {
    pipe: PathBuf,
    size: u32,
}

/// Tokens in hand; they go back with it.
#[derive(Debug)]
pub struct InHand {
    pipe: File,
    bytes: Vec<u8>,
}

/// Why no tokens could be taken.
#[derive(Debug, thiserror::Error)]
pub enum HeavyError {
    /// The variable was changed by somebody.
    #[error("understand {}: it is no number and path of a pipe", super::TOKENS_MARKER)]
    Marker,
    /// The pipe is gone or cannot be opened.
    #[error("open the pipe of build tokens {}", pipe.display())]
    Pipe {
        /// The pipe.
        pipe: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Heavy {
    /// What [`super::TOKENS_MARKER`] says.
    ///
    /// # Errors
    /// If that is not what herder writes there.
    pub fn of(marker: &str) -> Result<Self, HeavyError> {
        let (size, pipe) = marker.split_once(':').ok_or(HeavyError::Marker)?;
        let size = size.parse().map_err(|_| HeavyError::Marker)?;
        if pipe.starts_with('/') { Ok(Self { pipe: pipe.into(), size }) } else { Err(HeavyError::Marker) }
    }

    /// Waits until `count` tokens are in hand, all of them where none is given or more than there are. One comes with
    /// being at work at all, so one fewer is taken. After ten minutes it makes do with those that there are.
    ///
    /// # Errors
    /// If there is no such pipe.
    pub fn take(&self, count: Option<u32>) -> Result<InHand, HeavyError> {
        let failed = |source| HeavyError::Pipe { pipe: self.pipe.clone(), source };
        let wanted = count.unwrap_or(self.size).clamp(1, self.size.max(1)) as usize - 1;
        let until = Instant::now() + LONGEST;
        let mut round: u32 = std::process::id();
        loop {
            let mut hand = InHand { pipe: self.open().map_err(failed)?, bytes: Vec::new() };
            hand.fill(wanted, TOGETHER).map_err(failed)?;
            if hand.bytes.len() == wanted || Instant::now() >= until {
                return Ok(hand);
            }
            // All back, also the one that comes with having the pipe open, and for how long is another one's affair.
            drop(hand);
            round = round.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            std::thread::sleep(Duration::from_millis(u64::from(round >> 16) % 1000));
        }
    }

    fn open(&self) -> io::Result<File> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        File::options().read(true).write(true).custom_flags(flags).open(&self.pipe)
    }
}

impl InHand {
    /// How many were taken, beside the one that comes of itself.
    pub fn count(&self) -> usize {
        self.bytes.len()
    }

    fn fill(&mut self, wanted: usize, patience: Duration) -> io::Result<()> {
        let until = Instant::now() + patience;
        while self.bytes.len() < wanted {
            let mut rest = vec![0; wanted - self.bytes.len()];
            match self.pipe.read(&mut rest) {
                Ok(count) => self.bytes.extend_from_slice(&rest[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(());
                    }
                    let mut fds = [PollFd::from_borrowed_fd(self.pipe.as_fd(), PollFlags::IN)];
                    let _ = rustix::event::poll(&mut fds, Some(&timespec(left)));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        // The same bytes, as the protocol has it. Where it fails nobody counts any more.
        let _ = self.pipe.write_all(&self.bytes);
    }
}
