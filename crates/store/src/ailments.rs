//! What is the matter with repositories as a whole.

use herder_domain::ailment::{Ailing, Ailment, Ailments};
use herder_domain::repo::RepoId;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::column::{Json, Name};
use crate::error::StoreError;
use crate::{Store, execute, rows};

impl Store {
    /// The repositories with which anything is the matter.
    pub fn ailments(&self) -> Result<Ailments, StoreError> {
        ailments(&self.conn)
    }
}

pub(crate) fn ailments(conn: &Connection) -> Result<Ailments, StoreError> {
    let all = rows(conn, "SELECT repo, ailing FROM ailments", [], |row| {
        let (Name(repo), Json(ailing)) = (row.get(0)?, row.get(1)?);
        Ok((repo, ailing))
    })?;
    Ok(all.into_iter().collect())
}

pub(crate) fn ail(
    conn: &Connection,
    repo: &RepoId,
    ailment: &Ailment,
    at: Timestamp,
) -> Result<(), StoreError> {
    let known = ailments(conn)?;
    let ailing = Ailing::following(known.get(repo), ailment.clone(), at);
    let sql = "INSERT INTO ailments (repo, ailing) VALUES (?, ?)
               ON CONFLICT (repo) DO UPDATE SET ailing = excluded.ailing";
    execute(conn, sql, params![repo.to_string(), Json(&ailing)])?;
    Ok(())
}

pub(crate) fn mend(conn: &Connection, repo: &RepoId) -> Result<(), StoreError> {
    execute(conn, "DELETE FROM ailments WHERE repo = ?", [repo.to_string()])?;
    Ok(())
}
