//! SQLite: journal of events, outbox of effects, goals, runs and the ledger.
//!
//! What happened is folded by `domain`; this crate keeps it. An event, what it changes and what it
//! calls for stand in one transaction, so that after a power cut either all of it is there or nothing.
//! Any number of processes may have the database open; each write takes the write lock first, waits
//! for it a while, and sees all that was written before.

mod accounts;
mod ailments;
mod answers;
mod append;
mod check;
mod column;
mod comments;
mod curate;
mod error;
mod footprints;
mod goals;
mod journal;
mod ledger;
mod memo;
mod open;
mod operating;
mod outbox;
mod past;
mod proposals;
mod repos;
mod runs;
mod schema;
mod sightings;
mod spent;
mod step;
mod stories;
mod told;
mod world;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use answers::Answer;
pub use append::Appended;
pub use check::{Health, check};
pub use comments::Comment;
pub use curate::{NewBacklog, NewEntry, NewStory, Written};
pub use error::{AppendError, Missing, OpenError, ReviseError, StoreError};
pub use goals::{GoalCount, GoalFilter, NewGoal};
pub use journal::{Entry, Transition};
pub use ledger::{LedgerFilter, LedgerRow};
pub use outbox::{Finished, OpenEffect};
pub use step::{Refusal, Stepped};
pub use world::Settings;

/// The database. A process needs one; threads that share it take turns.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    path: PathBuf,
    memo: memo::Memo,
}

impl Store {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A number that changes when another process, or another handle, has written. Reading it is
    /// cheap, so that a daemon may look often.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        let mut statement = self.conn.prepare_cached("PRAGMA data_version")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// A transaction that holds the write lock from the beginning: what it reads stays true.
    fn write(&mut self) -> Result<Transaction<'_>, StoreError> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        schema::refuse_newer(&tx)?;
        Ok(tx)
    }

    /// A transaction in which all reads see the same state.
    fn read(&self) -> Result<Transaction<'_>, StoreError> {
        let tx = self.conn.unchecked_transaction()?;
        schema::refuse_newer(&tx)?;
        Ok(tx)
    }
}

/// All rows of a query, each read by `read`.
fn rows<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The row of a query, where there is one.
fn row<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    Ok(rusqlite::OptionalExtension::optional(statement.query_row(params, read))?)
}

/// Carries a statement out; gives how many rows it changed.
fn execute(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}
