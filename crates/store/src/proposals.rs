//! Drafts of what agents propose. A hostile agent cannot flood the backlog: what is there already is not
//! written again, and a goal's runs leave a bounded number of drafts together.

use std::collections::BTreeSet;

use herder_domain::event::{Event, What};
use herder_domain::follow_up::FollowUp;
use herder_domain::goal::{Goal, GoalText, ProposedBy};
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::column::{Json, columns};
use crate::error::{AppendError, Missing, StoreError};
use crate::{GoalFilter, Store, append, goals, repos, rows};

impl Store {
    /// Those of a run's proposals that may become drafts, as [`Store::propose`] would write them.
    pub fn proposable(&self, by: &GoalRef, follow_ups: &[FollowUp]) -> Result<Vec<FollowUp>, AppendError> {
        proposable(&self.conn, by, follow_ups)
    }

    /// Writes drafts of a run's proposals, in the story of the goal that was worked at. Left out is what has
    /// the title of a goal of that story (of the repository, where there is none), what is no goal's text,
    /// and what is more than [`FollowUp::GOAL_MAX`] of one goal. Done again it writes nothing.
    pub fn propose(
        &mut self,
        by: &GoalRef,
        run: &RunId,
        follow_ups: &[FollowUp],
        at: Timestamp,
    ) -> Result<Vec<GoalRef>, AppendError> {
        let tx = self.write()?;
        let goal = goals::load(&tx, by)?.ok_or_else(|| AppendError::Unknown(Missing::Goal(by.clone())))?;
        let mut written = Vec::new();
        for proposal in proposable(&tx, by, follow_ups)? {
            let Ok(text) = GoalText::read(&by.repo, &proposal.title, &proposal.body()) else { continue };
            let id = GoalRef { repo: by.repo.clone(), number: repos::next_number(&tx, &by.repo)? };
            let proposed_by = Some(ProposedBy { goal: by.clone(), run: run.clone() });
            let draft = Goal { story: goal.story, proposed_by, ..Goal::draft(id.clone(), text, at) };
            let created = What::GoalCreated { draft: Box::new(draft) };
            append::append(&tx, &Event::of(&id, created), at)?;
            written.push(id);
        }
        tx.commit()?;
        Ok(written)
    }

    /// Goals that the runs of a goal proposed, by number.
    pub fn proposals_of(&self, by: &GoalRef) -> Result<Vec<GoalRef>, StoreError> {
        Ok(of(&self.conn, by)?.into_iter().collect())
    }
}

fn proposable(
    conn: &Connection,
    by: &GoalRef,
    follow_ups: &[FollowUp],
) -> Result<Vec<FollowUp>, AppendError> {
    let goal = goals::load(conn, by)?.ok_or_else(|| AppendError::Unknown(Missing::Goal(by.clone())))?;
    let filter = GoalFilter { repo: Some(by.repo.clone()), story: goal.story, ..GoalFilter::default() };
    let mut titles: Vec<String> = goals::list(conn, &filter)?.into_iter().map(|goal| goal.title).collect();
    let room = FollowUp::GOAL_MAX.saturating_sub(of(conn, by)?.len());
    let mut found = Vec::new();
    for proposal in follow_ups {
        let is_known = titles.iter().any(|title| proposal.is_called(title));
        let is_text = GoalText::read(&by.repo, &proposal.title, &proposal.body()).is_ok();
        if is_text && !is_known && found.len() < room {
            titles.push(proposal.title.clone());
            found.push(proposal.clone());
        }
    }
    Ok(found)
}

fn of(conn: &Connection, by: &GoalRef) -> Result<BTreeSet<GoalRef>, StoreError> {
    // Few goals are proposals, so that the word is looked for before a text is read as JSON.
    let sql = "SELECT goal FROM goals WHERE repo = ?1 AND instr(goal, '\"proposed_by\"') > 0
               AND goal ->> '$.proposed_by.goal.number' = ?2";
    let (repo, number) = columns(by);
    let proposals: Vec<Goal> =
        rows(conn, sql, params![repo, number], |row| row.get(0).map(|Json(goal)| goal))?;
    let is_of = |goal: &Goal| goal.proposed_by.as_ref().is_some_and(|proposed| proposed.goal == *by);
    Ok(proposals.into_iter().filter(is_of).map(|goal| goal.id).collect())
}
