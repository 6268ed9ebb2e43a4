//! Opening, and refusing to open.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::Errno;

use crate::error::{OpenError, PATIENCE, StoreError};
use crate::memo::Memo;
use crate::{Store, check, schema};

/// Up to this size, in bytes, a database is looked over whenever it is opened.
const SMALL: u64 = 1 << 20;

/// How many statements are kept prepared; more than there are.
const STATEMENTS: usize = 128;

impl Store {
    /// Opens the database, or makes it (mode 0600, its directory 0700), and brings its schema up to
    /// date. What cannot be read, or is not herder's, is left as it is.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        open(path).map_err(|reason| OpenError { path: path.into(), reason })
    }

    /// Copies the database as it is at one moment into a new file; others go on reading and writing.
    ///
    /// # Errors
    /// The file is there, cannot be written, or the database cannot be read.
    pub fn copy_into(&self, path: &Path) -> Result<(), StoreError> {
        make(path)?;
        let Some(path) = path.to_str() else {
            return Err(StoreError::NotMade(std::io::Error::other("its path is not UTF-8")));
        };
        self.conn.execute("VACUUM INTO ?", [path])?;
        Ok(())
    }
}

fn open(path: &Path) -> Result<Store, StoreError> {
    make(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(PATIENCE)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    schema::recognize(&conn)?;
    // SQLite opens a file that it may not write for reading alone, without a word.
    if conn.is_readonly(rusqlite::MAIN_DB)? {
        return Err(StoreError::ReadOnly);
    }
    write_ahead(&conn)?;
    conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    if check::bytes(&conn)? <= SMALL {
        check::refuse_damage(&conn)?;
    }
    schema::migrate(&mut conn)?;
    Ok(Store { conn, path: path.into(), memo: Memo::default() })
}

/// Makes an empty file without opening it: to close a second descriptor of a database drops the
/// locks that SQLite holds on it in this process (<https://sqlite.org/howtocorrupt.html>, 2.2).
fn make(path: &Path) -> Result<(), StoreError> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(StoreError::NotMade)?;
    }
    if path.exists() {
        return Ok(());
    }
    match mknodat(CWD, path, FileType::RegularFile, Mode::RUSR | Mode::WUSR, 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(Errno::NOSPC | Errno::DQUOT) => Err(StoreError::DiskFull),
        Err(Errno::ROFS | Errno::ACCESS) => Err(StoreError::ReadOnly),
        Err(errno) => Err(StoreError::NotMade(errno.into())),
    }
}

/// Turns the write-ahead log on. SQLite does not wait for a lock here, so that two processes that
/// make the database together would get in each other's way.
fn write_ahead(conn: &Connection) -> Result<(), StoreError> {
    let begun = Instant::now();
    loop {
        let mode = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match mode.map_err(StoreError::from) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(StoreError::NoWriteAheadLog { mode }),
            Err(StoreError::Busy) if begun.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error),
        }
    }
}
