//! What a forge answered and what asking has cost: caches that a lost file does not hurt.

use jiff::Timestamp;
use rusqlite::params;

use crate::column::At;
use crate::error::StoreError;
use crate::{Store, execute, row};

/// How many answers are kept for each account. An issue has about four addresses, so that thousands of issues fit.
const MOST: u32 = 20_000;

/// How often, in answers kept, what is too much is looked for.
const SWEEP: u32 = 256;

/// An answer and the tag by which the forge knows it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `ETag`, as it came.
    pub etag: String,
    /// The body.
    pub body: Vec<u8>,
    /// The address of the next page.
    pub next: Option<String>,
}

impl Store {
    /// What an account was last answered at an address.
    ///
    /// # Errors
    /// The database.
    pub fn answer(&self, account: &str, url: &str) -> Result<Option<Answer>, StoreError> {
        let sql = "SELECT etag, body, next FROM answers WHERE account = ? AND url = ?";
        row(&self.conn, sql, params![account, url], |row| {
            Ok(Answer { etag: row.get(0)?, body: row.get(1)?, next: row.get(2)? })
        })
    }

    /// Keeps an answer in place of what was known of its address. Of too many the oldest go.
    ///
    /// # Errors
    /// The database.
    pub fn keep_answer(
        &mut self,
        account: &str,
        url: &str,
        answer: &Answer,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.write()?;
        execute(
            &tx,
            "INSERT INTO answers (account, url, etag, body, next, used_at) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (account, url) DO UPDATE SET
                 etag = excluded.etag, body = excluded.body, next = excluded.next, used_at = excluded.used_at",
            params![account, url, answer.etag, answer.body, answer.next, At(at)],
        )?;
        let kept: u32 = tx
            .prepare_cached("SELECT count(*) FROM answers WHERE account = ?")?
            .query_row([account], |row| row.get(0))?;
        if kept > MOST && kept.is_multiple_of(SWEEP) {
            let sql = "DELETE FROM answers WHERE account = ?1 AND url NOT IN
                       (SELECT url FROM answers WHERE account = ?1 ORDER BY used_at DESC LIMIT ?2)";
            execute(&tx, sql, params![account, MOST])?;
        }
        tx.commit()?;
        Ok(())
    }

    /// What was spent of an account's allowances, as it was written down.
    ///
    /// # Errors
    /// The database.
    pub fn budget(&self, account: &str) -> Result<Option<String>, StoreError> {
        row(&self.conn, "SELECT budget FROM budgets WHERE account = ?", [account], |row| row.get(0))
    }

    /// Writes down what was spent.
    ///
    /// # Errors
    /// The database.
    pub fn keep_budget(&mut self, account: &str, budget: &str) -> Result<(), StoreError> {
        let tx = self.write()?;
        let sql = "INSERT INTO budgets (account, budget) VALUES (?, ?)
                   ON CONFLICT (account) DO UPDATE SET budget = excluded.budget";
        execute(&tx, sql, params![account, budget])?;
        tx.commit()?;
        Ok(())
    }
}
