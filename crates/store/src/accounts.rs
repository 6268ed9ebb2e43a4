//! Accounts of agents that can spend no more for now.

use std::collections::BTreeMap;

use herder_domain::world::Parked;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::column::At;
use crate::error::StoreError;
use crate::{Store, execute, rows};

impl Store {
    /// The parked accounts, by agent.
    pub fn parked(&self) -> Result<BTreeMap<String, Parked>, StoreError> {
        parked(&self.conn)
    }
}

pub(crate) fn parked(conn: &Connection) -> Result<BTreeMap<String, Parked>, StoreError> {
    let all = rows(conn, "SELECT agent, until, why FROM accounts", [], |row| {
        let until = row.get::<_, Option<At>>("until")?.map(|At(until)| until);
        Ok((row.get("agent")?, Parked { until, why: row.get("why")? }))
    })?;
    Ok(all.into_iter().collect())
}

pub(crate) fn park(
    conn: &Connection,
    agent: &str,
    until: Option<Timestamp>,
    why: &str,
) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO accounts (agent, until, why) VALUES (?, ?, ?)
         ON CONFLICT (agent) DO UPDATE SET until = excluded.until, why = excluded.why",
        params![agent, until.map(At), why],
    )?;
    Ok(())
}

pub(crate) fn free(conn: &Connection, agent: &str) -> Result<(), StoreError> {
    execute(conn, "DELETE FROM accounts WHERE agent = ?", [agent])?;
    Ok(())
}
