//! By which ways a person was told of something: one way may fail, or sleep, while the others do not.

use std::collections::BTreeSet;

use herder_domain::effect::Effect;
use jiff::{SignedDuration, Timestamp};
use rusqlite::params;

use crate::column::At;
use crate::error::StoreError;
use crate::{Store, execute, outbox, rows};

/// So long it is known. Nothing is told for as long as that.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Store {
    /// The ways by which something was told, by its key.
    pub fn told_by(&self, key: &str) -> Result<BTreeSet<String>, StoreError> {
        let ways = rows(&self.conn, "SELECT way FROM told WHERE key = ?", [key], |row| row.get(0))?;
        Ok(ways.into_iter().collect())
    }

    /// Notes by which ways it was told now.
    pub fn note_told<'w>(
        &mut self,
        key: &str,
        ways: impl IntoIterator<Item = &'w str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut ways = ways.into_iter().peekable();
        if ways.peek().is_none() {
            return Ok(());
        }
        let tx = self.write()?;
        for way in ways {
            let sql = "INSERT INTO told (key, way, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
            execute(&tx, sql, params![key, way, At(at)])?;
        }
        let before = at.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        execute(&tx, "DELETE FROM told WHERE at < ?", [At(before)])?;
        tx.commit()?;
        Ok(())
    }

    /// Orders what follows from the time alone; gives whether it was not ordered before.
    pub fn order(&mut self, effect: &Effect, at: Timestamp) -> Result<bool, StoreError> {
        let tx = self.write()?;
        let is_new = outbox::order(&tx, effect, at)?;
        tx.commit()?;
        Ok(is_new)
    }

    /// Puts an effect off that is not to be done before a time, which is no try in vain.
    pub fn defer(&mut self, key: &str, until: Timestamp) -> Result<(), StoreError> {
        let tx = self.write()?;
        let sql = "UPDATE outbox SET not_before = ? WHERE key = ? AND state = 'open'";
        execute(&tx, sql, params![At(until), key])?;
        tx.commit()?;
        Ok(())
    }
}
