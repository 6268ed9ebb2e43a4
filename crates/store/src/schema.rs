//! The schema's versions, and the way from each to the next.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::StoreError;

/// What makes a database herder's, in SQLite's header: "hrdr".
pub(crate) const APPLICATION_ID: i32 = 0x6872_6472;

/// One entry for each version: what makes it from the one before. An entry that was released is
/// never changed; a new version is a new entry.
const MIGRATIONS: [&str; 6] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// The version that this program reads and writes.
pub(crate) const VERSION: i32 = MIGRATIONS.len() as i32;

/// Refuses what is not ours, before anything is written.
pub(crate) fn recognize(conn: &Connection) -> Result<(), StoreError> {
    // One transaction, for another process may be making the database at this moment.
    let conn = &*conn.unchecked_transaction()?;
    let application = pragma(conn, "application_id")?;
    if application == APPLICATION_ID {
        return refuse_newer(conn);
    }
    let objects: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && objects == 0 && version(conn)? == 0 {
        return Ok(());
    }
    Err(StoreError::Foreign { found: application })
}

/// A newer herder may have changed the schema while this one was at work.
pub(crate) fn refuse_newer(conn: &Connection) -> Result<(), StoreError> {
    let found = version(conn)?;
    if found > VERSION { Err(StoreError::Newer { found, known: VERSION }) } else { Ok(()) }
}

/// Brings the schema to [`VERSION`], each step in a transaction of its own.
pub(crate) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    for (target, sql) in (1..).zip(MIGRATIONS) {
        // Most often there is nothing to do, and a reader need not wait for a writer to learn that.
        if version(conn)? >= target {
            continue;
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step(&tx, target, sql)?;
        tx.commit()?;
    }
    Ok(())
}

fn step(tx: &Transaction<'_>, target: i32, sql: &str) -> Result<(), StoreError> {
    // Another process may have done it while this one waited.
    if version(tx)? >= target {
        return Ok(());
    }
    tx.execute_batch(sql)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", target)?;
    Ok(())
}

pub(crate) fn version(conn: &Connection) -> Result<i32, StoreError> {
    pragma(conn, "user_version")
}

fn pragma(conn: &Connection, name: &'static str) -> Result<i32, StoreError> {
    let mut statement = conn.prepare_cached(&format!("PRAGMA {name}"))?;
    Ok(statement.query_row([], |row| row.get(0))?)
}
