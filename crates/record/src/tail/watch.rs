//! Waiting for a change without asking all the time.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

/// Changes that come closer together than this are one: 10,000 lines a second then cost a fifth of what
/// they cost one by one.
const TOGETHER: Duration = Duration::from_millis(20);

/// How often is looked where the kernel does not tell: four times a second.
const INTERVAL: Duration = Duration::from_millis(250);

/// A watch on the directory of a file (the file itself may be replaced), or, where there can be none, a
/// clock.
#[derive(Debug)]
pub(super) struct Watch {
    directory: PathBuf,
    inotify: Option<OwnedFd>,
}

impl Watch {
    pub(super) fn of(path: &Path) -> Self {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or(Path::new(".")).to_owned();
        let inotify = watched(&directory);
        Self { directory, inotify }
    }

    /// Waits for a change in the directory.
    pub(super) fn wait(&mut self, at_most: Duration) {
        let begun = Instant::now();
        let Some(inotify) = &self.inotify else {
            thread::sleep(at_most.min(INTERVAL));
            self.inotify = watched(&self.directory);
            return;
        };
        let timeout = at_most.try_into().ok();
        let mut fds = [PollFd::new(inotify, PollFlags::IN)];
        if !matches!(poll(&mut fds, timeout.as_ref()), Ok(1..)) {
            return;
        }
        thread::sleep(TOGETHER.min(at_most.saturating_sub(begun.elapsed())));
        if !drained(inotify) {
            // The directory is gone; another one may come.
            self.inotify = None;
        }
    }
}

fn watched(directory: &Path) -> Option<OwnedFd> {
    // Out of watches is no error: then there is the clock.
    let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
    let changes = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
    inotify::add_watch(&inotify, directory, changes).ok()?;
    Some(inotify)
}

/// Takes all events; says whether more can come.
fn drained(inotify: &OwnedFd) -> bool {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(inotify, &mut buffer);
    loop {
        match events.next() {
            Ok(event) if event.events().contains(ReadFlags::IGNORED) => return false,
            Ok(_) => {}
            Err(error) => return matches!(error, Errno::WOULDBLOCK | Errno::INTR),
        }
    }
}
