//! Reading the file, and adding a row once.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use herder_domain::run::RunId;
use memchr::memmem::Finder;
use serde::Deserialize;

use super::row::StatsRow;
use super::totals::{Figures, Totals};
use crate::error::{During, RecordError};
use crate::redact::Redactor;
use crate::{files, lines};

/// A line longer than this is no row; it is skipped without being held.
pub(super) const LONGEST_LINE: u64 = 1024 * 1024;

/// `stats.jsonl`, or a file of the same kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsFile {
    path: PathBuf,
}

/// A line that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLine {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Everything that a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The rows, oldest first.
    pub rows: Vec<StatsRow>,
    /// The lines that are none.
    pub broken: Vec<BrokenLine>,
}

#[derive(Deserialize)]
struct OnlyRun {
    run: Option<String>,
}

impl StatsFile {
    /// The file at a path; it need not exist.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a row for its run, unless there is one; says whether it added one.
    ///
    /// Several processes may try at once: a lock on the file puts them in order, and the row is on disk
    /// when this returns.
    pub fn append_once(&self, row: &StatsRow, redactor: &Redactor) -> Result<bool, RecordError> {
        let run = row.run.as_ref().ok_or_else(|| RecordError::RowWithoutRun { path: self.path.clone() })?;
        let file = files::open_append(&self.path)?;
        file.lock().during("lock", &self.path)?;
        if has_run(&file, run).during("read", &self.path)? {
            return Ok(false);
        }
        lines::append_to(&file, &self.path, &redactor.json(row)?)?;
        file.sync_data().during("sync", &self.path)?;
        Ok(true)
    }

    /// Reads all rows. A broken line is reported, never fatal. A missing file has no rows.
    pub fn read(&self) -> Result<Rows, RecordError> {
        let mut rows = Rows::default();
        for row in self.iter::<StatsRow>()? {
            match row? {
                Ok(row) => rows.rows.push(row),
                Err(broken) => rows.broken.push(broken),
            }
        }
        Ok(rows)
    }

    /// Adds the rows up without holding them.
    pub fn totals(&self) -> Result<(Totals, Vec<BrokenLine>), RecordError> {
        self.totals_of(|_| true)
    }

    /// Adds those rows up that are meant.
    pub fn totals_of(
        &self,
        is_meant: impl Fn(&Figures) -> bool,
    ) -> Result<(Totals, Vec<BrokenLine>), RecordError> {
        let (mut totals, mut broken) = (Totals::default(), Vec::new());
        for row in self.iter::<Figures>()? {
            match row? {
                Ok(figures) if is_meant(&figures) => totals.add(&figures),
                Ok(_) => {}
                Err(line) => broken.push(line),
            }
        }
        Ok((totals, broken))
    }

    /// The names of all runs that have a row.
    pub fn runs(&self) -> Result<HashSet<String>, RecordError> {
        let mut runs = HashSet::new();
        for row in self.iter::<OnlyRun>()? {
            // A broken line is reported by those who read the rows.
            runs.extend(row?.ok().and_then(|row| row.run));
        }
        Ok(runs)
    }

    /// Goes through the rows one at a time. `T` is [`StatsRow`], or [`Figures`] where those are enough.
    pub fn iter<T: for<'de> Deserialize<'de>>(&self) -> Result<RowsIter<T>, RecordError> {
        let reader = match File::open(&self.path) {
            Ok(file) => Some(BufReader::with_capacity(256 * 1024, file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).during("open", &self.path),
        };
        Ok(RowsIter {
            path: self.path.clone(),
            reader,
            number: 0,
            line: Vec::new(),
            row: std::marker::PhantomData,
        })
    }
}

/// The rows of a file, one at a time; see [`StatsFile::iter`].
#[derive(Debug)]
pub struct RowsIter<T> {
    path: PathBuf,
    reader: Option<BufReader<File>>,
    number: u64,
    line: Vec<u8>,
    row: std::marker::PhantomData<T>,
}

impl<T: for<'de> Deserialize<'de>> Iterator for RowsIter<T> {
    type Item = Result<Result<T, BrokenLine>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        loop {
            self.line.clear();
            let read = match read_bounded(reader, &mut self.line).during("read", &self.path) {
                Ok(read) => read,
                Err(error) => {
                    self.reader = None;
                    return Some(Err(error));
                }
            };
            if read == 0 {
                return None;
            }
            self.number += 1;
            if !is_blank(&self.line) || read > LONGEST_LINE {
                return Some(Ok(understood(&self.line, read, self.number)));
            }
        }
    }
}

/// Whether a line says nothing.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

/// The row that a line is; `read` is its whole length, of which it holds no more than the longest.
pub(super) fn understood<'l, T: Deserialize<'l>>(
    line: &'l [u8],
    read: u64,
    number: u64,
) -> Result<T, BrokenLine> {
    let broken = |reason| BrokenLine { line: number, reason };
    if read > LONGEST_LINE {
        return Err(broken(format!("it has {read} bytes")));
    }
    serde_json::from_slice(line).map_err(|error| broken(error.to_string()))
}

/// Reads a line, keeps at most [`LONGEST_LINE`] bytes of it and gives its whole length.
fn read_bounded(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    let mut read = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = memchr::memchr(b'\n', buffer);
        let taken = end.map_or(buffer.len(), |end| end + 1);
        if read + taken as u64 <= LONGEST_LINE {
            line.extend_from_slice(&buffer[..taken]);
        }
        reader.consume(taken);
        read += taken as u64;
        if end.is_some() || taken == 0 {
            return Ok(read);
        }
    }
}

/// Whether a whole line of the file is a row of this run. Lines without the run's name are not parsed.
fn has_run(mut file: &File, run: &RunId) -> io::Result<bool> {
    let name = Finder::new(run.as_str().as_bytes());
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut line = Vec::new();
    while read_bounded(&mut reader, &mut line)? > 0 {
        let is_named = name.find(&line).is_some();
        let row = is_named.then(|| serde_json::from_slice::<OnlyRun>(&line).ok()).flatten();
        if row.and_then(|row| row.run).is_some_and(|found| found == run.as_str()) {
            return Ok(true);
        }
        line.clear();
    }
    Ok(false)
}
