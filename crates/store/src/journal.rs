//! The journal, and the transitions of goals that stand in it.

use herder_domain::event::Event;
use herder_domain::repo::GoalRef;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::column::{At, Count, Json, columns};
use crate::error::StoreError;
use crate::{Store, execute, row, rows};

/// One line of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place, from 1, without a gap.
    pub seq: u64,
    /// When it was taken down.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// A goal's way from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The event's place in the journal.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The state before, by its word; absent for the first.
    pub from: Option<String>,
    /// The state after, by its word.
    pub to: String,
    /// The event, by its word in the journal, for example `run_judged`.
    pub event: String,
}

impl Store {
    /// The journal after `seq` (0 is the beginning), at most `limit` entries.
    pub fn journal(&self, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let limit = Count(u64::try_from(limit).unwrap_or(u64::MAX).min(i64::MAX.unsigned_abs()));
        let sql = "SELECT seq, at, event FROM journal WHERE seq > ? ORDER BY seq LIMIT ?";
        rows(&self.conn, sql, params![Count(after), limit], |row| {
            let (Count(seq), At(at), Json(event)) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Entry { seq, at, event })
        })
    }

    /// When the newest event was taken down.
    pub fn newest(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM journal ORDER BY seq DESC LIMIT 1";
        row(&self.conn, sql, [], |row| row.get(0).map(|At(at)| at))
    }

    /// How a goal came to be where it is, first transition first.
    pub fn transitions(&self, goal: &GoalRef) -> Result<Vec<Transition>, StoreError> {
        let (repo, number) = columns(goal);
        rows(
            &self.conn,
            "SELECT t.seq, j.at, t.from_state, t.to_state, j.event ->> '$.event'
             FROM transitions t JOIN journal j ON j.seq = t.seq
             WHERE t.repo = ? AND t.number = ? ORDER BY t.seq",
            params![repo, number],
            |row| {
                let (Count(seq), At(at)) = (row.get(0)?, row.get(1)?);
                Ok(Transition { seq, at, from: row.get(2)?, to: row.get(3)?, event: row.get(4)? })
            },
        )
    }
}

/// Takes an event down; gives its place.
pub(crate) fn write(conn: &Connection, event: &Event, at: Timestamp) -> Result<u64, StoreError> {
    execute(conn, "INSERT INTO journal (at, event) VALUES (?, ?)", params![At(at), Json(event)])?;
    Ok(conn.last_insert_rowid().unsigned_abs())
}

pub(crate) fn write_transition(
    conn: &Connection,
    seq: u64,
    goal: &GoalRef,
    from: Option<&str>,
    to: &str,
) -> Result<(), StoreError> {
    let (repo, number) = columns(goal);
    execute(
        conn,
        "INSERT INTO transitions (seq, repo, number, from_state, to_state) VALUES (?, ?, ?, ?, ?)",
        params![Count(seq), repo, number, from, to],
    )?;
    Ok(())
}
