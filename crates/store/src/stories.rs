//! Stories and what is left of them.

use std::collections::BTreeMap;

use herder_domain::event::Event;
use herder_domain::illegal::IllegalEvent;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::story::{Story, StoryEvent, StoryState};
use herder_domain::world::StoryStanding;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::column::{Count, Json, columns, goal_ref};
use crate::error::{AppendError, Missing, StoreError};
use crate::{Store, append, execute, repos, row, rows};

impl Store {
    /// Writes a story under the repository's next number.
    pub fn create_story(
        &mut self,
        repo: &RepoId,
        title: &str,
        body: &str,
        at: Timestamp,
    ) -> Result<GoalRef, AppendError> {
        let tx = self.write()?;
        let id = GoalRef { repo: repo.clone(), number: repos::next_number(&tx, repo)? };
        let (title, body) = (title.into(), body.into());
        let story = Story { id: id.clone(), title, body, created_at: at, state: StoryState::Open };
        append::append(&tx, &Event::StoryCreated { story }, at)?;
        tx.commit()?;
        Ok(id)
    }

    /// All stories of a repository, or of every one, by name and number.
    pub fn stories(&self, repo: Option<&RepoId>) -> Result<Vec<Story>, StoreError> {
        let repo = repo.map(ToString::to_string);
        let sql = "SELECT story FROM stories WHERE ?1 IS NULL OR repo = ?1 ORDER BY repo, number";
        rows(&self.conn, sql, [repo], |row| row.get(0).map(|Json(story)| story))
    }

    /// A story.
    pub fn story(&self, id: &GoalRef) -> Result<Option<Story>, StoreError> {
        load(&self.conn, id)
    }

    /// Stories with this number, in whatever repository.
    pub fn find_story_number(&self, number: Number) -> Result<Vec<GoalRef>, StoreError> {
        let sql = "SELECT repo, number FROM stories WHERE number = ? ORDER BY repo";
        rows(&self.conn, sql, [Count(number.0)], goal_ref)
    }

    /// Each story with how many goals it has and how many of them are left.
    pub fn story_standings(&self) -> Result<BTreeMap<GoalRef, StoryStanding>, StoreError> {
        standings(&self.conn)
    }
}

pub(crate) fn standings(conn: &Connection) -> Result<BTreeMap<GoalRef, StoryStanding>, StoreError> {
    let sql = "SELECT s.repo, s.number, s.story, count(g.number), count(iif(g.is_settled = 0, 1, NULL))
               FROM stories s LEFT JOIN goals g ON g.repo = s.repo AND g.story = s.number
               GROUP BY s.repo, s.number";
    let all = rows(conn, sql, [], |row| {
        let Json(story) = row.get::<_, Json<Story>>(2)?;
        let (goals, unsettled) = (row.get::<_, u32>(3)? as usize, row.get::<_, u32>(4)? as usize);
        Ok((goal_ref(row)?, StoryStanding { state: story.state, goals, unsettled }))
    })?;
    Ok(all.into_iter().collect())
}

pub(crate) fn load(conn: &Connection, id: &GoalRef) -> Result<Option<Story>, StoreError> {
    let (repo, number) = columns(id);
    let sql = "SELECT story FROM stories WHERE repo = ? AND number = ?";
    row(conn, sql, params![repo, number], |row| row.get(0).map(|Json(story)| story))
}

pub(crate) fn put(conn: &Connection, story: &Story) -> Result<(), StoreError> {
    let (repo, number) = columns(&story.id);
    execute(
        conn,
        "INSERT INTO stories (repo, number, state, story) VALUES (?, ?, ?, ?)
         ON CONFLICT (repo, number) DO UPDATE SET state = excluded.state, story = excluded.story",
        params![repo, number, story.state.word(), Json(story)],
    )?;
    Ok(())
}

/// The story as an event leaves it; nothing is written.
pub(crate) fn stepped(conn: &Connection, id: &GoalRef, event: StoryEvent) -> Result<Story, AppendError> {
    let story = demand(conn, id)?;
    Ok(Story { state: story.state.next(event)?, ..story })
}

/// Refuses a story that does not exist.
pub(crate) fn demand(conn: &Connection, id: &GoalRef) -> Result<Story, AppendError> {
    load(conn, id)?.ok_or_else(|| AppendError::Unknown(Missing::Story(id.clone())))
}

/// The story with another title or text; nothing is written.
pub(crate) fn edited(
    conn: &Connection,
    id: &GoalRef,
    title: Option<&str>,
    body: Option<&str>,
) -> Result<Story, AppendError> {
    let mut story = demand(conn, id)?;
    story.title = title.map_or(story.title, Into::into);
    story.body = body.map_or(story.body, Into::into);
    Ok(story)
}

/// Refuses a second story, or a story with the number of a goal.
pub(crate) fn refuse_taken(conn: &Connection, id: &GoalRef) -> Result<(), AppendError> {
    match load(conn, id)? {
        Some(story) => {
            Err(IllegalEvent { machine: "a story", state: story.state.word(), event: "created" }.into())
        }
        None => Ok(()),
    }
}
