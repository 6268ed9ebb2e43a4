//! Whether the database is sound.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::finding::Finding;
use jiff::Timestamp;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::{Store, schema};

/// What `doctor` says of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The file.
    pub path: PathBuf,
    /// The schema's version.
    pub schema: i32,
    /// Its size in bytes, without the write-ahead log.
    pub bytes: u64,
    /// Events in the journal.
    pub events: u64,
    /// Effects that are not done.
    pub open_effects: u64,
    /// What is wrong, each a sentence; at most a dozen of each kind.
    pub problems: Vec<String>,
}

const PROBLEMS_MAX: usize = 12;

/// By how much a clock may be behind the newest event before it is told: clocks are set by seconds.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// Looks a database over for `doctor`; one that is not there yet is not made.
pub fn check(path: &Path, now: Timestamp) -> Vec<Finding> {
    if !path.exists() {
        let detail = format!("{} is made when it is needed first", path.display());
        return vec![Finding::ok("database", detail)];
    }
    let store = match Store::open(path) {
        Ok(store) => store,
        Err(error) => return vec![Finding::error("database", format!("failed to {error}"), error.hint())],
    };
    match store.check().and_then(|health| Ok((health, store.newest()?))) {
        Ok((health, newest)) => {
            let clock = newest.map(|newest| check_clock(newest, now));
            std::iter::once(soundness(&health)).chain(clock).collect()
        }
        Err(error) => vec![Finding::error("database", error.to_string(), error.hint())],
    }
}

fn soundness(health: &Health) -> Finding {
    if health.problems.is_empty() {
        let Health { schema, events, open_effects, bytes, .. } = health;
        let detail =
            format!("schema {schema}, {events} events, {open_effects} effects open, {bytes} bytes, sound");
        return Finding::ok("database", detail);
    }
    let hint = "`herder backup` keeps a copy; `sqlite3 herder.db .recover` reads what can be read";
    Finding::warning("database", health.problems.join("; "), hint)
}

/// Backoffs and resets are wall time: a clock that went back holds goals up.
fn check_clock(newest: Timestamp, now: Timestamp) -> Finding {
    let ahead = Duration::try_from(newest.duration_since(now)).unwrap_or_default();
    if ahead > CLOCK_SLACK {
        let detail = format!("the clock says {now:.0}, and the newest event is of {newest:.0}");
        return Finding::warning("clock", detail, "set the clock; what waits for a time waits too long");
    }
    Finding::ok("clock", format!("it is {now:.0}, after the newest event"))
}

impl Store {
    /// Looks the whole database over. It reads every page, so it takes its time.
    pub fn check(&self) -> Result<Health, StoreError> {
        let mut problems = told(damage(&self.conn))?;
        problems.extend(told(dangling(&self.conn))?);
        problems.extend(self.exposed());
        Ok(Health {
            path: self.path.clone(),
            schema: schema::version(&self.conn)?,
            bytes: bytes(&self.conn)?,
            events: count(&self.conn, "SELECT count(*) FROM journal")?,
            open_effects: count(&self.conn, "SELECT count(*) FROM outbox WHERE state = 'open'")?,
            problems,
        })
    }

    fn exposed(&self) -> Option<String> {
        let mode = fs_err::metadata(&self.path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| format!("others may read it (mode {mode:o}; 600 is right)"))
    }
}

fn count(conn: &Connection, sql: &str) -> Result<u64, StoreError> {
    let crate::column::Count(count) = conn.query_row(sql, [], |row| row.get(0))?;
    Ok(count)
}

/// The size of the database in bytes. The file is not asked for it, so that nothing opens it.
pub(crate) fn bytes(conn: &Connection) -> Result<u64, StoreError> {
    Ok(count(conn, "PRAGMA page_count")? * count(conn, "PRAGMA page_size")?)
}

/// Refuses a database whose pages contradict each other.
pub(crate) fn refuse_damage(conn: &Connection) -> Result<(), StoreError> {
    match damage(conn)?.into_iter().next() {
        Some(first) => Err(StoreError::Damaged(first)),
        None => Ok(()),
    }
}

fn damage(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare(&format!("PRAGMA quick_check({PROBLEMS_MAX})"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut problems = Vec::new();
    for line in lines {
        let line = line?;
        if line != "ok" {
            problems.push(line.replace('\n', ", "));
        }
    }
    Ok(problems)
}

/// SQLite gives up with an error where it cannot even go on looking; that is an answer too.
fn told(found: Result<Vec<String>, StoreError>) -> Result<Vec<String>, StoreError> {
    match found {
        Err(damaged @ StoreError::Damaged(_)) => Ok(vec![damaged.to_string()]),
        found => found,
    }
}

fn dangling(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare("PRAGMA foreign_key_check")?;
    let rows = statement.query_map([], |row| {
        Ok(format!("a row of {} refers to nothing in {}", row.get::<_, String>(0)?, row.get::<_, String>(2)?))
    })?;
    Ok(rows.take(PROBLEMS_MAX).collect::<Result<_, _>>()?)
}
