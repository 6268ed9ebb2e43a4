//! The view on a terminal, from the first frame to the last.

use std::io::{self, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::crossterm::execute;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::WatchError;
use crate::app::{App, Step};
use crate::clerk::{Clerk, Errand, Word};
use crate::desk::Desk;
use crate::watch::Watch;

/// The shortest time between two frames: 30 a second.
const FRAME: Duration = Duration::from_millis(34);

/// How often is looked whether a log has grown, where no key is pressed.
const TICK: Duration = Duration::from_millis(100);

/// Shows the view at the terminal of standard input and output until a person leaves it or the process is told to end.
/// The terminal is as it was afterwards, also after a panic.
///
/// # Errors
/// There is no terminal, or it is gone.
pub fn show(mut app: App, desk: Box<dyn Desk>, watch: Watch) -> Result<(), WatchError> {
    let told_to_end = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&told_to_end)).map_err(WatchError::Write)?;
    }
    let clerk = Clerk::hire(desk, watch);
    let mut screen = Screen::open()?;
    let mut drawn: Option<Instant> = None;
    while !told_to_end.load(Ordering::Relaxed) {
        while let Some(word) = clerk.word() {
            match word {
                Word::Sight(sight) => app.see(*sight),
                Word::Said(sentence) => app.say(sentence),
            }
        }
        let is_stale = app.is_stale();
        let rest = drawn.map_or(Duration::ZERO, |drawn| FRAME.saturating_sub(drawn.elapsed()));
        if is_stale && rest.is_zero() {
            screen.0.draw(|frame| app.draw(frame)).map_err(WatchError::Write)?;
            drawn = Some(Instant::now());
            continue;
        }
        if is_gone(if is_stale { rest } else { TICK })? {
            break;
        }
        while event::poll(Duration::ZERO).map_err(WatchError::Write)? {
            if !heed(&mut app, &clerk)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Waits until the terminal has something to say, a signal has come, or so long; gives whether the terminal is gone. That
/// is asked before each reading: crossterm would read the end of it over and over, and never come back.
fn is_gone(pause: Duration) -> Result<bool, WatchError> {
    let input = stdin();
    let mut asked = [PollFd::new(&input, PollFlags::IN)];
    let pause = Timespec::try_from(pause).map_err(|error| WatchError::Write(io::Error::other(error)))?;
    match poll(&mut asked, Some(&pause)) {
        Ok(_) => {}
        // A change of size is told by a signal.
        Err(Errno::INTR) => return Ok(false),
        Err(errno) => return Err(WatchError::Write(errno.into())),
    }
    let [asked] = asked;
    Ok(asked.revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL))
}

/// Takes what the terminal says; whether to go on.
fn heed(app: &mut App, clerk: &Clerk) -> Result<bool, WatchError> {
    match event::read().map_err(WatchError::Write)? {
        Event::Key(key) if key.kind != KeyEventKind::Release => match app.key(key) {
            Step::Stay => {}
            Step::Leave => return Ok(false),
            Step::Order(goal, order) => clerk.send(Errand::Order(goal, order)),
            Step::Open(address) => clerk.send(Errand::Open(address)),
        },
        Event::Resize(..) | Event::FocusGained => app.mark(true),
        Event::Key(_) | Event::FocusLost | Event::Mouse(_) | Event::Paste(_) => {}
    }
    Ok(true)
}

/// The terminal while it is ours; as it was, once this is dropped.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self, WatchError> {
        ratatui::try_init().map(Self).map_err(|error| {
            // Half of it may have been done.
            close();
            WatchError::Write(error)
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        close();
    }
}

fn close() {
    // Whoever took the terminal away has it as they want it.
    let _ = ratatui::try_restore();
    let _ = execute!(stdout(), Show);
}
