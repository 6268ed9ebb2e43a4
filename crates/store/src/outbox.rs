//! Effects: ordered with the state that calls for them, done with the events that come of them.

use std::collections::{BTreeMap, BTreeSet};

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::column::{At, Count, Json};
use crate::error::{AppendError, Missing, StoreError};
use crate::{Refusal, Store, append, execute, goals, row, rows};

/// An effect that is not done.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenEffect {
    /// What is to be done.
    pub effect: Effect,
    /// Its identity.
    pub key: String,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// Not before this.
    pub not_before: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// What came of an effect that is done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finished {
    /// It was done before; nothing was changed.
    pub was_done: bool,
    /// Effects that its events ordered in turn.
    pub effects: Vec<Effect>,
    /// Goals that refused an event and wait for a person now.
    pub quarantined: Vec<GoalRef>,
    /// Events that were refused, and why; an error of herder.
    pub refusals: Vec<Refusal>,
}

const OPEN: &str = "SELECT effect, key, ordered_at, attempts, not_before, last_error
                    FROM outbox WHERE state = 'open'";

impl Store {
    /// Open effects whose time has come, in the order in which they were ordered.
    pub fn due_effects(&self, now: Timestamp) -> Result<Vec<OpenEffect>, StoreError> {
        let sql = format!("{OPEN} AND (not_before IS NULL OR not_before <= ?) ORDER BY seq");
        rows(&self.conn, &sql, [At(now)], read)
    }

    /// All open effects, in the order in which they were ordered.
    pub fn open_effects(&self) -> Result<Vec<OpenEffect>, StoreError> {
        rows(&self.conn, &format!("{OPEN} ORDER BY seq"), [], read)
    }

    /// When the next postponed effect is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(not_before) FROM outbox WHERE state = 'open' AND not_before IS NOT NULL";
        let earliest = row(&self.conn, sql, [], |row| row.get::<_, Option<At>>(0))?;
        Ok(earliest.flatten().map(|At(at)| at))
    }

    /// Marks an effect as done and takes the events that came of it, in one transaction. An event
    /// that is refused quarantines its goal, and the others are taken. An effect that was done before changes nothing.
    pub fn finish(&mut self, key: &str, events: &[Event], at: Timestamp) -> Result<Finished, AppendError> {
        let tx = self.write()?;
        let state = row(&tx, "SELECT state FROM outbox WHERE key = ?", [key], |row| row.get::<_, String>(0))?;
        match state.as_deref() {
            None => return Err(AppendError::Unknown(Missing::Effect(key.into()))),
            Some("done") => return Ok(Finished { was_done: true, ..Finished::default() }),
            Some(_) => {}
        }
        let sql = "UPDATE outbox SET state = 'done', done_at = ? WHERE key = ?";
        execute(&tx, sql, params![At(at), key])?;
        let mut finished = Finished::default();
        for event in events {
            take(&tx, event, at, &mut finished)?;
        }
        tx.commit()?;
        Ok(finished)
    }

    /// Puts an effect off after a try in vain; gives whether it was still open.
    pub fn postpone(&mut self, key: &str, error: &str, until: Timestamp) -> Result<bool, StoreError> {
        let tx = self.write()?;
        let sql = "UPDATE outbox SET attempts = attempts + 1, not_before = ?, last_error = ?
                   WHERE key = ? AND state = 'open'";
        let changed = execute(&tx, sql, params![At(until), error, key])?;
        tx.commit()?;
        Ok(changed > 0)
    }
}

/// Effects that are done, of goals whose last transition, into a settled state, is older than a time. (The key
/// of an effect tells its second order from its first; for a settled goal nothing is ordered any more, and what
/// an undone goal orders has new keys.)
const PRUNABLE: &str = "state = 'done' AND done_at < ?1 AND run IN (
    SELECT r.id FROM runs r JOIN goals g ON g.repo = r.repo AND g.number = r.number
    WHERE r.is_closed = 1 AND g.is_settled = 1 AND NOT EXISTS (
        SELECT 1 FROM transitions t JOIN journal j ON j.seq = t.seq
        WHERE t.repo = g.repo AND t.number = g.number AND j.at >= ?1))";

impl Store {
    /// How many effects may be forgotten whose goals were settled before a time, and how many bytes they
    /// take.
    pub fn prunable(&self, before: Timestamp) -> Result<(u64, u64), StoreError> {
        let sql = format!(
            "SELECT count(*), coalesce(sum(length(effect) + length(key)), 0) FROM outbox WHERE {PRUNABLE}"
        );
        let found = row(&self.conn, &sql, [At(before)], |row| {
            let (Count(count), Count(bytes)) = (row.get(0)?, row.get(1)?);
            Ok((count, bytes))
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Forgets them; gives how many. The journal keeps what happened.
    pub fn prune(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        let tx = self.write()?;
        let pruned = execute(&tx, &format!("DELETE FROM outbox WHERE {PRUNABLE}"), [At(before)])?;
        tx.commit()?;
        Ok(pruned)
    }
}

fn take(conn: &Connection, event: &Event, at: Timestamp, finished: &mut Finished) -> Result<(), StoreError> {
    match append::append(conn, event, at) {
        Ok(appended) => finished.effects.extend(appended.effects),
        Err(AppendError::Store(error)) => return Err(error),
        Err(refusal @ (AppendError::Illegal(_) | AppendError::Unknown(_))) => {
            finished.refusals.push(Refusal { event: event.clone(), error: refusal.to_string() });
            if let Some(goal) = append::goal_of(event)
                && !finished.quarantined.contains(goal)
                && quarantine(conn, goal, &refusal, at)?
            {
                finished.quarantined.push(goal.clone());
            }
        }
    }
    Ok(())
}

/// Takes a goal out of the planner's hands, with the error to read; gives whether there is such a goal.
pub(crate) fn quarantine(
    conn: &Connection,
    goal: &GoalRef,
    refusal: &AppendError,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let error = refusal.to_string();
    let Some(known) = goals::load(conn, goal)? else {
        return Ok(false);
    };
    if known.quarantine.as_deref() == Some(error.as_str()) {
        return Ok(true);
    }
    match append::append(conn, &Event::of(goal, What::GoalQuarantined { error }), at) {
        Ok(_) => Ok(true),
        Err(AppendError::Store(error)) => Err(error),
        Err(AppendError::Illegal(_) | AppendError::Unknown(_)) => Ok(false),
    }
}

/// Orders an effect; gives whether it was not ordered before.
pub(crate) fn order(conn: &Connection, effect: &Effect, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO outbox (key, run, effect, state, ordered_at) VALUES (?, ?, ?, 'open', ?)
               ON CONFLICT (key) DO NOTHING";
    let run = effect.run().map(RunId::as_str);
    Ok(execute(conn, sql, params![effect.key(), run, Json(effect), At(at)])? > 0)
}

/// Open effects by key.
pub(crate) fn open(conn: &Connection) -> Result<BTreeMap<String, Effect>, StoreError> {
    let all = rows(conn, "SELECT key, effect FROM outbox WHERE state = 'open'", [], |row| {
        let Json(effect) = row.get(1)?;
        Ok((row.get(0)?, effect))
    })?;
    Ok(all.into_iter().collect())
}

/// Adds the keys of a run's effects that are done.
pub(crate) fn add_done(
    conn: &Connection,
    run: &RunId,
    done: &mut BTreeSet<String>,
) -> Result<(), StoreError> {
    let sql = "SELECT key FROM outbox WHERE run = ? AND state = 'done'";
    done.extend(rows(conn, sql, [run.as_str()], |row| row.get::<_, String>(0))?);
    Ok(())
}

/// Adds the keys of what was told of everything: it is about no run.
pub(crate) fn add_told(conn: &Connection, done: &mut BTreeSet<String>) -> Result<(), StoreError> {
    // A range of the index over keys.
    let sql = "SELECT key FROM outbox WHERE key >= 'notify/all/' AND key < 'notify/all0' AND state = 'done'";
    done.extend(rows(conn, sql, [], |row| row.get::<_, String>(0))?);
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<OpenEffect> {
    let (Json(effect), At(ordered_at)) = (row.get("effect")?, row.get("ordered_at")?);
    let Count(attempts) = row.get("attempts")?;
    Ok(OpenEffect {
        effect,
        key: row.get("key")?,
        ordered_at,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        not_before: row.get::<_, Option<At>>("not_before")?.map(|At(at)| at),
        last_error: row.get("last_error")?,
    })
}
