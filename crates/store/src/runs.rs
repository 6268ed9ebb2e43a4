//! Runs and the landings of their work.

use herder_domain::landing::Landing;
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId};
use rusqlite::{Connection, params};

use crate::column::{Json, columns};
use crate::error::StoreError;
use crate::{Store, execute, row, rows};

impl Store {
    /// A run.
    pub fn run(&self, id: &RunId) -> Result<Option<Run>, StoreError> {
        load(&self.conn, id)
    }

    /// The runs of a goal, first attempt first.
    pub fn runs_of(&self, goal: &GoalRef) -> Result<Vec<Run>, StoreError> {
        let (repo, number) = columns(goal);
        let sql = "SELECT run FROM runs WHERE repo = ? AND number = ? ORDER BY attempt";
        rows(&self.conn, sql, params![repo, number], |row| row.get(0).map(|Json(run)| run))
    }

    /// Runs that are not closed, in the order in which they were ordered.
    pub fn active_runs(&self) -> Result<Vec<Run>, StoreError> {
        active(&self.conn)
    }

    /// The landing of a run's work, where it came to one.
    pub fn landing(&self, run: &RunId) -> Result<Option<Landing>, StoreError> {
        load_landing(&self.conn, run)
    }
}

pub(crate) fn load(conn: &Connection, id: &RunId) -> Result<Option<Run>, StoreError> {
    let sql = "SELECT run FROM runs WHERE id = ?";
    row(conn, sql, [id.as_str()], |row| row.get(0).map(|Json(run)| run))
}

pub(crate) fn active(conn: &Connection) -> Result<Vec<Run>, StoreError> {
    let sql = "SELECT run FROM runs WHERE state <> 'closed' ORDER BY rowid";
    rows(conn, sql, [], |row| row.get(0).map(|Json(run)| run))
}

pub(crate) fn put(conn: &Connection, run: &Run) -> Result<(), StoreError> {
    let (repo, number) = columns(&run.goal);
    execute(
        conn,
        "INSERT INTO runs (id, repo, number, attempt, state, run) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, run = excluded.run",
        params![run.id.as_str(), repo, number, run.attempt, run.state.word(), Json(run)],
    )?;
    Ok(())
}

pub(crate) fn load_landing(conn: &Connection, run: &RunId) -> Result<Option<Landing>, StoreError> {
    let sql = "SELECT landing FROM landings WHERE run = ?";
    row(conn, sql, [run.as_str()], |row| row.get(0).map(|Json(landing)| landing))
}

/// Landings that may be tried, and those whose bounce was not judged yet.
pub(crate) fn open_landings(conn: &Connection) -> Result<Vec<Landing>, StoreError> {
    let sql = "SELECT landing FROM landings WHERE state = 'submitted'
               UNION ALL
               SELECT landing FROM goals g JOIN landings l ON l.run = g.current_run
               WHERE g.is_settled = 0 AND g.state = 'running' AND l.state = 'bounced'";
    rows(conn, sql, [], |row| row.get(0).map(|Json(landing)| landing))
}

pub(crate) fn put_landing(conn: &Connection, landing: &Landing) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO landings (run, state, landing) VALUES (?, ?, ?)
         ON CONFLICT (run) DO UPDATE SET state = excluded.state, landing = excluded.landing",
        params![landing.run.as_str(), landing.state.word(), Json(landing)],
    )?;
    Ok(())
}
