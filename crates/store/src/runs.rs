//! Runs and the landings of their work.

use herder_domain::landing::{Landing, LandingState};
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId, RunState};
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

    /// Landings with an open pull request that is to be merged, or shown to a person.
    pub fn offers(&self) -> Result<Vec<Landing>, StoreError> {
        let is_open = |landing: &Landing| {
            let is_open = matches!(
                landing.state,
                LandingState::Offered { .. } | LandingState::Shown | LandingState::Leaving { .. }
            );
            landing.offer.is_some() && is_open
        };
        let open = open_landings(&self.conn)?.into_iter().filter(is_open);
        Ok(open.chain(self.returned_offers()?).collect())
    }

    /// Landings that came back while their pull requests stay open for the next try: a person may merge or close one. Of
    /// each goal it is the last one that had a pull request, if that came back.
    fn returned_offers(&self) -> Result<Vec<Landing>, StoreError> {
        let sql = "SELECT landing FROM (
                       SELECT l.landing, l.state, row_number() OVER (
                           PARTITION BY r.repo, r.number ORDER BY r.attempt DESC) AS place
                       FROM goals g
                       JOIN runs r ON r.repo = g.repo AND r.number = g.number
                       JOIN landings l ON l.run = r.id
                       WHERE g.is_settled = 0 AND g.state <> 'offered'
                       AND json_extract(l.landing, '$.offer') IS NOT NULL)
                   WHERE place = 1 AND state = 'bounced'";
        rows(&self.conn, sql, [], |row| row.get(0).map(|Json(landing)| landing))
    }
}

pub(crate) fn load(conn: &Connection, id: &RunId) -> Result<Option<Run>, StoreError> {
    let sql = "SELECT run FROM runs WHERE id = ?";
    row(conn, sql, [id.as_str()], |row| row.get(0).map(|Json(run)| run))
}

pub(crate) fn active(conn: &Connection) -> Result<Vec<Run>, StoreError> {
    let sql = "SELECT run FROM runs WHERE is_closed = 0 ORDER BY rowid";
    rows(conn, sql, [], |row| row.get(0).map(|Json(run)| run))
}

/// Writes a run that is new, or what an event changed of it.
pub(crate) fn put(conn: &Connection, before: Option<&Run>, run: &Run) -> Result<(), StoreError> {
    match before {
        None => insert(conn, run),
        Some(before) if before == run => Ok(()),
        Some(_) => update(conn, run),
    }
}

fn insert(conn: &Connection, run: &Run) -> Result<(), StoreError> {
    let (repo, number) = columns(&run.goal);
    execute(
        conn,
        "INSERT INTO runs (id, repo, number, attempt, state, is_closed, run) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![run.id.as_str(), repo, number, run.attempt, run.state.word(), is_closed(run), Json(run)],
    )?;
    Ok(())
}

fn update(conn: &Connection, run: &Run) -> Result<(), StoreError> {
    let sql = "UPDATE runs SET state = ?, run = ? WHERE id = ?";
    execute(conn, sql, params![run.state.word(), Json(run), run.id.as_str()])?;
    if is_closed(run) {
        execute(conn, "UPDATE runs SET is_closed = 1 WHERE id = ?", [run.id.as_str()])?;
    }
    Ok(())
}

fn is_closed(run: &Run) -> bool {
    matches!(run.state, RunState::Closed)
}

pub(crate) fn load_landing(conn: &Connection, run: &RunId) -> Result<Option<Landing>, StoreError> {
    let sql = "SELECT landing FROM landings WHERE run = ?";
    row(conn, sql, [run.as_str()], |row| row.get(0).map(|Json(landing)| landing))
}

/// Landings that may be tried, those whose bounce was not judged yet, those that are being undone, and those whose
/// pull request is open.
pub(crate) fn open_landings(conn: &Connection) -> Result<Vec<Landing>, StoreError> {
    let sql = "SELECT landing FROM landings WHERE state = 'submitted'
               UNION ALL
               SELECT landing FROM goals g JOIN landings l ON l.run = g.current_run
               WHERE g.is_settled = 0 AND (
                   g.state = 'running' AND l.state IN ('bounced', 'reverting', 'leaving')
                   OR g.state = 'offered' AND l.state IN ('offered', 'bounced')
                   OR g.state = 'spot-check' AND l.state <> 'submitted')";
    rows(conn, sql, [], |row| row.get(0).map(|Json(landing)| landing))
}

/// Writes a landing that is new, or what an event changed of it.
pub(crate) fn put_landing(
    conn: &Connection,
    before: Option<&Landing>,
    landing: &Landing,
) -> Result<(), StoreError> {
    if before == Some(landing) {
        return Ok(());
    }
    execute(
        conn,
        "INSERT INTO landings (run, state, landing) VALUES (?, ?, ?)
         ON CONFLICT (run) DO UPDATE SET state = excluded.state, landing = excluded.landing",
        params![landing.run.as_str(), landing.state.word(), Json(landing)],
    )?;
    Ok(())
}
