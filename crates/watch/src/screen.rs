//! The view on a terminal, drawn anew every second.

use std::io::Write;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::WatchError;
use crate::page::page;
use crate::watch::Watch;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// How many lines of each log are shown.
const LINES: usize = 6;

/// Columns and rows of the terminal at standard output; 80 and 24 where it does not tell.
pub fn size() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        Ok(_) | Err(_) => (80, 24),
    }
}

/// Draws the running ralphs on a terminal, again and again, until the terminal is gone.
pub fn redraw(watch: &mut Watch, out: &mut dyn Write) -> Result<(), WatchError> {
    let mut drawn = 0;
    loop {
        let text = page(&watch.blocks(Timestamp::now(), LINES)?);
        let (columns, rows) = size();
        let frame = Frame::of(&text, columns, rows);
        out.write_all(frame.over(drawn).as_bytes()).and_then(|()| out.flush()).map_err(WatchError::Write)?;
        drawn = frame.0.len();
        thread::sleep(PAUSE);
    }
}

/// Lines that fit on the screen.
struct Frame(Vec<String>);

impl Frame {
    fn of(text: &str, columns: usize, rows: usize) -> Self {
        // The cursor stands below the last line, so that one row stays free.
        let fitting = rows.saturating_sub(1).max(1);
        Self(text.lines().take(fitting).map(|line| line.chars().take(columns).collect()).collect())
    }

    /// The frame over an earlier one of `drawn` lines (ECMA-48: CUU, EL, ED).
    fn over(&self, drawn: usize) -> String {
        let mut text = if drawn > 0 { format!("\x1b[{drawn}A") } else { String::new() };
        for line in &self.0 {
            text.push('\r');
            text.push_str(line);
            text.push_str("\x1b[K\n");
        }
        text.push_str("\x1b[J");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_fits_and_covers_the_one_before() {
        let frame = Frame::of("one line that is long\ntwo\nthree\n", 8, 3);
        assert_eq!(frame.0, ["one line", "two"]);
        assert_eq!(frame.over(0), "\rone line\x1b[K\n\rtwo\x1b[K\n\x1b[J");
        assert!(frame.over(5).starts_with("\x1b[5A\r"));
    }
}
