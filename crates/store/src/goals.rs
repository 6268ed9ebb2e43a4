//! Goals: their rows, their creation, and looking them up.

use std::collections::BTreeMap;

use herder_domain::event::{Event, What};
use herder_domain::goal::{Goal, GoalText};
use herder_domain::illegal::IllegalEvent;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::RunId;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::column::{At, Count, Json, Name, columns, goal_ref};
use crate::error::{AppendError, StoreError};
use crate::{Store, append, execute, repos, row, rows, stories};

/// A goal to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGoal {
    /// Its text, read.
    pub text: GoalText,
    /// The story that was named beside the text; goes before the text's own.
    pub story: Option<Number>,
    /// Dependencies that were named beside the text; they join the text's own.
    pub depends: Vec<GoalRef>,
    /// A look before it lands was asked for.
    pub wants_spot_check: bool,
    /// It is queued at once; otherwise it stays a draft.
    pub is_queued: bool,
}

/// Which goals to list. What is left open holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoalFilter {
    /// Of this repository.
    pub repo: Option<RepoId>,
    /// In one of these states, by their words ([`herder_domain::goal::GoalState::WORDS`]); any where it is empty.
    pub states: Vec<String>,
    /// Of this story.
    pub story: Option<Number>,
    /// Created, or brought into another state, at this time or later.
    pub since: Option<Timestamp>,
}

/// The words of the states that a goal does not leave by itself ([`herder_domain::goal::GoalState::is_settled`]).
const SETTLED: [&str; 3] = ["done", "cancelled", "resolved"];

/// How many goals a repository has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoalCount {
    /// All of them.
    pub goals: u64,
    /// Those that are not settled.
    pub unsettled: u64,
}

impl Store {
    /// Writes a goal under the repository's next number. A story that does not exist is refused; a
    /// dependency may be written later.
    pub fn create_goal(
        &mut self,
        repo: &RepoId,
        new: NewGoal,
        at: Timestamp,
    ) -> Result<GoalRef, AppendError> {
        let tx = self.write()?;
        repos::demand(&tx, repo)?;
        let id = GoalRef { repo: repo.clone(), number: repos::next_number(&tx, repo)? };
        create(&tx, &id, new, at)?;
        tx.commit()?;
        Ok(id)
    }

    /// A goal.
    pub fn goal(&self, id: &GoalRef) -> Result<Option<Goal>, StoreError> {
        load(&self.conn, id)
    }

    /// Goals with this number, in whatever repository: more than one leaves open which is meant.
    pub fn find_goal_number(&self, number: Number) -> Result<Vec<GoalRef>, StoreError> {
        let sql = "SELECT g.repo, g.number FROM repos r JOIN goals g ON g.repo = r.id AND g.number = ?
                   ORDER BY g.repo";
        rows(&self.conn, sql, [Count(number.0)], goal_ref)
    }

    /// Goals by repository and number.
    pub fn goals(&self, filter: &GoalFilter) -> Result<Vec<Goal>, StoreError> {
        list(&self.conn, filter)
    }

    /// How many goals each repository has, and how many of them are not settled.
    pub fn goal_counts(&self) -> Result<BTreeMap<RepoId, GoalCount>, StoreError> {
        let mut counts: BTreeMap<RepoId, GoalCount> = BTreeMap::new();
        // Each is answered by an index alone, however many goals there are.
        let sqls = [
            "SELECT repo, count(*) FROM goals GROUP BY repo",
            "SELECT repo, count(*) FROM goals WHERE is_settled = 0 GROUP BY repo",
        ];
        let [all, unsettled] = sqls.map(|sql| {
            rows(&self.conn, sql, [], |row| {
                let (Name(repo), Count(count)) = (row.get(0)?, row.get(1)?);
                Ok((repo, count))
            })
        });
        for (repo, goals) in all? {
            counts.entry(repo).or_default().goals = goals;
        }
        for (repo, goals) in unsettled? {
            counts.entry(repo).or_default().unsettled = goals;
        }
        Ok(counts)
    }

    /// A page of goals, the newest first: at most `limit`, and below the number of `before` where that is given.
    pub fn newest_goals(
        &self,
        repo: &RepoId,
        state: Option<&str>,
        before: Option<Number>,
        limit: u32,
    ) -> Result<Vec<Goal>, StoreError> {
        // A goal that is not settled is found among those that are not: an index holds them.
        let is_live = state.is_some_and(|state| !SETTLED.contains(&state));
        let only = if is_live { "AND is_settled = 0" } else { "" };
        let sql = format!(
            "SELECT goal FROM goals WHERE repo = ?1 AND number < ?2 {only} AND (?3 IS NULL OR state = ?3)
             ORDER BY number DESC LIMIT ?4"
        );
        let before = before.map_or(i64::MAX, |number| number.0.cast_signed());
        rows(&self.conn, &sql, params![repo.to_string(), before, state, limit], |row| {
            row.get(0).map(|Json(goal)| goal)
        })
    }

    /// Goals that wait for a person's look.
    pub fn waiting_for_look(&self) -> Result<Vec<Goal>, StoreError> {
        let sql = "SELECT goal FROM goals WHERE is_settled = 0 AND state = 'spot-check'";
        rows(&self.conn, sql, [], |row| row.get(0).map(|Json(goal)| goal))
    }

    /// Queued goals, the one that waits longest first.
    pub fn queued(&self) -> Result<Vec<Goal>, StoreError> {
        let sql = "SELECT goal FROM goals WHERE is_settled = 0 AND queued_at IS NOT NULL
                   ORDER BY queued_at, repo, number";
        rows(&self.conn, sql, [], |row| row.get(0).map(|Json(goal)| goal))
    }

    /// Goals that depend on this one, by repository and number.
    pub fn dependents(&self, id: &GoalRef) -> Result<Vec<GoalRef>, StoreError> {
        let (repo, number) = columns(id);
        let sql = "SELECT repo, number FROM dependencies WHERE on_repo = ? AND on_number = ?
                   ORDER BY repo, number";
        rows(&self.conn, sql, params![repo, number], goal_ref)
    }
}

/// Writes a goal under a number that is free.
pub(crate) fn create(
    conn: &Connection,
    id: &GoalRef,
    new: NewGoal,
    at: Timestamp,
) -> Result<(), AppendError> {
    let is_queued = new.is_queued;
    let draft = draft(id, new, at);
    if let Some(number) = draft.story {
        stories::demand(conn, &GoalRef { repo: id.repo.clone(), number })?;
    }
    append::append(conn, &Event::of(id, What::GoalCreated { draft: Box::new(draft) }), at)?;
    if is_queued {
        append::append(conn, &Event::of(id, What::GoalQueued), at)?;
    }
    Ok(())
}

fn draft(id: &GoalRef, new: NewGoal, at: Timestamp) -> Goal {
    let mut goal = Goal::draft(id.clone(), new.text, at);
    goal.story = new.story.or(goal.story);
    goal.depends.extend(new.depends);
    goal.depends.sort();
    goal.depends.dedup();
    goal.wants_spot_check = new.wants_spot_check;
    goal
}

/// Goals by repository and number.
pub(crate) fn list(conn: &Connection, filter: &GoalFilter) -> Result<Vec<Goal>, StoreError> {
    let repo = filter.repo.as_ref().map(ToString::to_string);
    let story = filter.story.map(|number| Count(number.0));
    // A story's goals are found by their index, which a condition that may be left open would not use.
    let place = match (&repo, &story) {
        (Some(_), Some(_)) => "repo = ?1 AND story = ?3",
        (Some(_), None) => "repo = ?1 AND ?3 IS NULL",
        (None, _) => "?1 IS NULL AND (?3 IS NULL OR story = ?3)",
    };
    rows(
        conn,
        &format!(
            "SELECT goal FROM goals g
             WHERE {place}
               AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2)))
               AND (?4 IS NULL OR EXISTS (
                   SELECT 1 FROM transitions t JOIN journal j ON j.seq = t.seq
                   WHERE t.repo = g.repo AND t.number = g.number AND j.at >= ?4))
             ORDER BY repo, number"
        ),
        params![repo, Json(&filter.states), story, filter.since.map(At)],
        |row| row.get(0).map(|Json(goal)| goal),
    )
}

pub(crate) fn load(conn: &Connection, id: &GoalRef) -> Result<Option<Goal>, StoreError> {
    let (repo, number) = columns(id);
    let sql = "SELECT goal FROM goals WHERE repo = ? AND number = ?";
    row(conn, sql, params![repo, number], |row| row.get(0).map(|Json(goal)| goal))
}

pub(crate) fn insert(conn: &Connection, goal: &Goal) -> Result<(), StoreError> {
    let (repo, number) = columns(&goal.id);
    execute(
        conn,
        "INSERT INTO goals (repo, number, state, is_settled, story, queued_at, current_run, goal)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            repo,
            number,
            goal.state.word(),
            goal.state.is_settled(),
            goal.story.map(|story| Count(story.0)),
            goal.state.queued_since().map(At),
            goal.current_run().map(RunId::as_str),
            Json(goal)
        ],
    )?;
    for on in &goal.depends {
        depend(conn, &goal.id, on)?;
    }
    Ok(())
}

fn depend(conn: &Connection, goal: &GoalRef, on: &GoalRef) -> Result<(), StoreError> {
    let ((repo, number), (on_repo, on_number)) = (columns(goal), columns(on));
    let sql = "INSERT OR IGNORE INTO dependencies (repo, number, on_repo, on_number) VALUES (?, ?, ?, ?)";
    execute(conn, sql, params![repo, number, on_repo, on_number])?;
    Ok(())
}

/// Writes what an event changed of a goal.
pub(crate) fn update(conn: &Connection, before: &Goal, goal: &Goal) -> Result<(), StoreError> {
    if goal == before {
        return Ok(());
    }
    let (repo, number) = columns(&goal.id);
    let run = goal.current_run().map(RunId::as_str);
    execute(
        conn,
        "UPDATE goals SET state = ?, queued_at = ?, current_run = ?, goal = ? WHERE repo = ? AND number = ?",
        params![goal.state.word(), goal.state.queued_since().map(At), run, Json(goal), repo, number],
    )?;
    let is_settled = goal.state.is_settled();
    if is_settled != before.state.is_settled() {
        let sql = "UPDATE goals SET is_settled = ? WHERE repo = ? AND number = ?";
        execute(conn, sql, params![is_settled, repo, number])?;
    }
    relink(conn, before, goal)
}

/// Its story and its dependencies, which hardly ever change.
fn relink(conn: &Connection, before: &Goal, goal: &Goal) -> Result<(), StoreError> {
    let (repo, number) = columns(&goal.id);
    if goal.story != before.story {
        let sql = "UPDATE goals SET story = ? WHERE repo = ? AND number = ?";
        execute(conn, sql, params![goal.story.map(|story| Count(story.0)), repo, number])?;
    }
    if goal.depends != before.depends {
        execute(conn, "DELETE FROM dependencies WHERE repo = ? AND number = ?", params![repo, number])?;
        goal.depends.iter().try_for_each(|on| depend(conn, &goal.id, on))?;
    }
    Ok(())
}

/// Refuses a second goal, or a goal with the number of a story.
pub(crate) fn refuse_taken(conn: &Connection, id: &GoalRef) -> Result<(), AppendError> {
    match load(conn, id)? {
        Some(goal) => {
            Err(IllegalEvent { machine: "a goal", state: goal.state.word(), event: "created" }.into())
        }
        None => Ok(()),
    }
}
