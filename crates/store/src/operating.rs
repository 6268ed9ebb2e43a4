//! What a person said of the orchestrator as a whole: pauses, how many at once, that it is to go.

use herder_domain::capacity::{Farewell, Limits, Slots};
use herder_domain::pause::{Pause, Pauses, Scope};
use herder_domain::repo::RepoId;
use herder_domain::run::ProcessName;
use rusqlite::{Connection, params};

use crate::column::{Count, Json};
use crate::error::StoreError;
use crate::{Store, execute, row, rows};

impl Store {
    /// All pauses, those that have run out among them.
    pub fn pauses(&self) -> Result<Pauses, StoreError> {
        pauses(&self.conn)
    }

    /// How many runs a person lets be at work at once.
    pub fn limits(&self) -> Result<Limits, StoreError> {
        limits(&self.conn)
    }

    /// How this orchestrator was asked to go, if it was. What others were asked is nothing to it.
    pub fn farewell(&self, orchestrator: &ProcessName) -> Result<Option<Farewell>, StoreError> {
        let asked = row(&self.conn, "SELECT orchestrator, farewell FROM farewell", [], |row| {
            let (Json(name), Json(farewell)) = (row.get(0)?, row.get(1)?);
            Ok((name, farewell))
        })?;
        Ok(asked.and_then(|(name, farewell): (ProcessName, Farewell)| {
            (name == *orchestrator).then_some(farewell)
        }))
    }
}

pub(crate) fn pauses(conn: &Connection) -> Result<Pauses, StoreError> {
    let all = rows(conn, "SELECT scope, pause FROM pauses", [], |row| {
        let (Json(scope), Json(pause)) = (row.get(0)?, row.get(1)?);
        Ok((scope, pause))
    })?;
    Ok(all.into_iter().collect())
}

pub(crate) fn pause(conn: &Connection, scope: &Scope, pause: &Pause) -> Result<(), StoreError> {
    let sql = "INSERT INTO pauses (scope, pause) VALUES (?, ?)
               ON CONFLICT (scope) DO UPDATE SET pause = excluded.pause";
    execute(conn, sql, params![Json(scope), Json(pause)])?;
    Ok(())
}

pub(crate) fn resume(conn: &Connection, scope: &Scope) -> Result<(), StoreError> {
    execute(conn, "DELETE FROM pauses WHERE scope = ?", [Json(scope)])?;
    Ok(())
}

/// What stands in the table for `auto`.
const AUTO: u64 = 0;

pub(crate) fn limits(conn: &Connection) -> Result<Limits, StoreError> {
    let mut limits = Limits::default();
    let all = rows(conn, "SELECT repo, max FROM limits", [], |row| {
        let Count(max) = row.get(1)?;
        // No number of slots is none.
        let max =
            if max == AUTO { Some(Slots::Auto) } else { usize::try_from(max).ok().and_then(Slots::fixed) };
        Ok((row.get::<_, String>(0)?, max))
    })?;
    for (repo, max) in all {
        // A name that no repository can have says nothing.
        let repo: Result<Option<RepoId>, _> =
            if repo.is_empty() { Ok(None) } else { RepoId::try_from(repo).map(Some) };
        if let Ok(repo) = repo {
            limits.set(repo.as_ref(), max);
        }
    }
    Ok(limits)
}

pub(crate) fn set_max(
    conn: &Connection,
    repo: Option<&RepoId>,
    max: Option<Slots>,
) -> Result<(), StoreError> {
    let repo = repo.map(ToString::to_string).unwrap_or_default();
    match max {
        Some(max) => {
            let sql = "INSERT INTO limits (repo, max) VALUES (?, ?)
                       ON CONFLICT (repo) DO UPDATE SET max = excluded.max";
            let max = match max {
                Slots::Fixed(max) => max.get() as u64,
                Slots::Auto => AUTO,
            };
            execute(conn, sql, params![repo, Count(max)])?;
        }
        None => {
            execute(conn, "DELETE FROM limits WHERE repo = ?", [repo])?;
        }
    }
    Ok(())
}

pub(crate) fn ask_down(
    conn: &Connection,
    orchestrator: &ProcessName,
    farewell: Farewell,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO farewell (one, orchestrator, farewell) VALUES (1, ?, ?)
               ON CONFLICT (one) DO UPDATE
               SET orchestrator = excluded.orchestrator, farewell = excluded.farewell";
    execute(conn, sql, params![Json(orchestrator), Json(&farewell)])?;
    Ok(())
}
