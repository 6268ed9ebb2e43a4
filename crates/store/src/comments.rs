//! What people and herder say of a goal or a story.

use herder_domain::repo::GoalRef;
use jiff::Timestamp;
use rusqlite::params;

use crate::column::{At, Count, columns};
use crate::error::{AppendError, Missing, StoreError};
use crate::{Store, execute, goals, rows, stories};

/// A comment on a goal or a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number, unique over all of them; later ones have higher numbers.
    pub seq: u64,
    /// Who said it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// Markdown.
    pub text: String,
}

impl Store {
    /// Writes a comment. A second one with the same key is not written, so that an effect may be
    /// carried out twice; gives whether it was written.
    pub fn comment(
        &mut self,
        goal: &GoalRef,
        author: &str,
        text: &str,
        key: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, AppendError> {
        let tx = self.write()?;
        if goals::load(&tx, goal)?.is_none() && stories::load(&tx, goal)?.is_none() {
            return Err(AppendError::Unknown(Missing::Goal(goal.clone())));
        }
        let (repo, number) = columns(goal);
        let written = execute(
            &tx,
            "INSERT INTO comments (repo, number, key, author, at, text) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (repo, number, key) DO NOTHING",
            params![repo, number, key, author, At(at), text],
        )?;
        tx.commit()?;
        Ok(written > 0)
    }

    /// The comments on a goal or a story, oldest first.
    pub fn comments(&self, goal: &GoalRef) -> Result<Vec<Comment>, StoreError> {
        let (repo, number) = columns(goal);
        let sql = "SELECT seq, author, at, text FROM comments WHERE repo = ? AND number = ? ORDER BY seq";
        rows(&self.conn, sql, params![repo, number], |row| {
            let (Count(seq), At(at)) = (row.get(0)?, row.get(2)?);
            Ok(Comment { seq, author: row.get(1)?, at, text: row.get(3)? })
        })
    }
}
