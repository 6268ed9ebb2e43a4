//! Registered repositories and their sequences of numbers.

use herder_domain::event::Repo;
use herder_domain::repo::{Number, RepoId};
use rusqlite::{Connection, Row, params};

use crate::column::{Count, Name};
use crate::error::{AppendError, Missing, StoreError};
use crate::{Store, execute, row, rows};

const COLUMNS: &str = "SELECT id, url, base_branch, pushes, home FROM repos";

impl Store {
    /// The registered repositories, by name.
    pub fn repos(&self) -> Result<Vec<Repo>, StoreError> {
        all(&self.conn)
    }

    /// A repository, where it is registered.
    pub fn repo(&self, id: &RepoId) -> Result<Option<Repo>, StoreError> {
        row(&self.conn, &format!("{COLUMNS} WHERE id = ?"), [id.to_string()], read)
    }
}

pub(crate) fn all(conn: &Connection) -> Result<Vec<Repo>, StoreError> {
    rows(conn, &format!("{COLUMNS} ORDER BY id"), [], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Repo> {
    let Name(id) = row.get("id")?;
    let (url, base_branch) = (row.get("url")?, row.get("base_branch")?);
    let Name(home) = row.get("home")?;
    Ok(Repo { id, url, base_branch, pushes: row.get("pushes")?, home })
}

pub(crate) fn put(conn: &Connection, repo: &Repo) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO repos (id, url, base_branch, pushes, home) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
             url = excluded.url, base_branch = excluded.base_branch, pushes = excluded.pushes, home = excluded.home",
        params![repo.id.to_string(), repo.url, repo.base_branch, repo.pushes, repo.home.word()],
    )?;
    Ok(())
}

pub(crate) fn demand(conn: &Connection, id: &RepoId) -> Result<(), AppendError> {
    let found = row(conn, "SELECT 1 FROM repos WHERE id = ?", [id.to_string()], |_| Ok(()))?;
    found.ok_or_else(|| AppendError::Unknown(Missing::Repo(id.clone())))
}

/// The number that the next goal or story of a repository gets, where it is herder that gives them.
pub(crate) fn next_number(conn: &Connection, repo: &RepoId) -> Result<Number, AppendError> {
    let is_elsewhere = "SELECT 1 FROM repos WHERE id = ? AND home <> 'local'";
    if row(conn, is_elsewhere, [repo.to_string()], |_| Ok(()))?.is_some() {
        return Err(AppendError::Unknown(Missing::Number(repo.clone())));
    }
    let next = row(conn, "SELECT next FROM numbers WHERE repo = ?", [repo.to_string()], |row| row.get(0))?;
    Ok(Number(next.map_or(1, |Count(next)| next)))
}

/// Sees to it that a number is never given again.
pub(crate) fn use_up(conn: &Connection, repo: &RepoId, number: Number) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO numbers (repo, next) VALUES (?, ?)
         ON CONFLICT (repo) DO UPDATE SET next = max(next, excluded.next)",
        params![repo.to_string(), Count(number.0.saturating_add(1))],
    )?;
    Ok(())
}
