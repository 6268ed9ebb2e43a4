//! The rows of a file in memory, kept up with it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};
use std::time::Duration;

use herder_record::stats::{BrokenLine, NewLines, StatsTail};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::numbers::{Columns, Line};

/// How long the reader sleeps at most until it looks whether anybody still holds the book.
const LOOK: Duration = Duration::from_secs(2);

/// How many broken lines are remembered by number.
const BROKEN_SHOWN: usize = 20;

/// The rows of one file, with a thread that reads what is added. The thread ends when nobody holds the book.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    columns: RwLock<Columns>,
    reading: Mutex<Reading>,
}

/// How far the reading of the file is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// How many bytes of rows were read.
    pub read_bytes: u64,
    /// How many bytes the file has.
    pub file_bytes: u64,
    /// Whether all that was there when it was last looked at has been read.
    pub is_whole: bool,
    /// How many lines are no rows.
    pub broken: u64,
    /// The first of them: line and reason.
    pub first_broken: Vec<(u64, String)>,
    /// Why the file cannot be read, where it cannot.
    pub error: Option<String>,
    /// Grows with each change of the rows.
    pub version: u64,
}

impl Book {
    /// Opens a file of rows, which need not exist yet, and goes on reading it. Days are told by the clock of `zone`.
    pub fn open(path: impl Into<PathBuf>, zone: TimeZone) -> Arc<Self> {
        let path = path.into();
        let book = Arc::new(Self {
            columns: RwLock::new(Columns::new(zone)),
            reading: Mutex::new(Reading::default()),
            path: path.clone(),
        });
        let held = Arc::downgrade(&book);
        std::thread::spawn(move || follow(StatsTail::of(path), &held));
        book
    }

    /// The rows that were read by now.
    pub fn columns(&self) -> RwLockReadGuard<'_, Columns> {
        // Columns are whole between two rows, so a reader that was lost leaves nothing half.
        self.columns.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the reading is.
    pub fn reading(&self) -> Reading {
        self.state().clone()
    }

    fn state(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, new: &NewLines) {
        let mut broken: Vec<BrokenLine> = Vec::new();
        {
            let mut columns = self.columns.write().unwrap_or_else(PoisonError::into_inner);
            if new.is_anew {
                columns.clear();
            }
            for row in new.rows::<Line<'_>>() {
                let pushed = row.and_then(|(number, line)| {
                    columns
                        .push(&line)
                        .map_err(|error| BrokenLine { line: number, reason: error.to_string() })
                });
                broken.extend(pushed.err());
            }
        }
        let mut reading = self.state();
        if new.is_anew {
            *reading = Reading { version: reading.version, ..Reading::default() };
        }
        reading.version += 1;
        reading.is_whole = false;
        reading.read_bytes += new.bytes();
        reading.file_bytes = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        reading.error = None;
        reading.broken += broken.len() as u64;
        let room = BROKEN_SHOWN.saturating_sub(reading.first_broken.len());
        reading.first_broken.extend(broken.into_iter().take(room).map(|line| (line.line, line.reason)));
    }
}

fn follow(mut tail: StatsTail, held: &Weak<Book>) {
    // While it waits it holds nothing, so that whoever closes the book need not wait for it.
    while let Some(book) = held.upgrade() {
        match tail.read() {
            Ok(Some(new)) => book.take(&new),
            Ok(None) => {
                book.state().is_whole = true;
                drop(book);
                tail.wait(LOOK);
            }
            Err(error) => {
                book.state().error = Some(error.to_string());
                drop(book);
                tail.wait(LOOK);
            }
        }
    }
}
