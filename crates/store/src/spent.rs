//! What was spent, by whom: sums over the ledger.

use std::time::Duration;

use herder_domain::purse::{Ended, Spent};
use herder_domain::repo::{GoalRef, Number, RepoId};
use jiff::Timestamp;
use rusqlite::{Row, params};

use crate::column::{At, Count, Name};
use crate::error::StoreError;
use crate::{Store, rows};

/// What one goal has spent.
struct OfGoal {
    goal: GoalRef,
    story: Option<Number>,
    ever: Spent,
    today: Spent,
}

impl Store {
    /// What runs have spent that ended: goals and stories ever, repositories and all together since the day began. A
    /// person's own runs spend nothing.
    ///
    /// # Errors
    /// The database.
    pub fn spent(&self, day_began: Timestamp) -> Result<Ended, StoreError> {
        // Of a run that was stopped in the midst of an iteration only the cost of the earlier ones is known.
        let sql = "WITH l AS (
                     SELECT *, coalesce(cost_usd, json_extract(stats, '$.cost_known_usd'), 0.0) AS usd FROM ledger)
                   SELECT l.repo AS repo, l.number AS number, g.story AS story,
                     sum(l.usd) AS usd, sum(l.cost_usd IS NULL) AS unknown,
                     coalesce(sum(l.tokens), 0) AS tokens, sum(l.seconds) AS seconds,
                     coalesce(sum(l.usd) FILTER (WHERE l.ended_at >= ?1), 0.0) AS usd_today,
                     count(*) FILTER (WHERE l.ended_at >= ?1 AND l.cost_usd IS NULL) AS unknown_today,
                     coalesce(sum(l.tokens) FILTER (WHERE l.ended_at >= ?1), 0) AS tokens_today,
                     coalesce(sum(l.seconds) FILTER (WHERE l.ended_at >= ?1), 0.0) AS seconds_today
                   FROM l LEFT JOIN goals g ON g.repo = l.repo AND g.number = l.number
                   WHERE l.repo IS NOT NULL AND l.number IS NOT NULL AND l.outcome <> 'by_hand'
                   GROUP BY l.repo, l.number";
        let mut ended = Ended::default();
        for OfGoal { goal, story, ever, today } in rows(&self.conn, sql, params![At(day_began)], read)? {
            if let Some(number) = story {
                *ended.stories.entry(GoalRef { number, ..goal.clone() }).or_default() += ever;
            }
            *ended.repos.entry(goal.repo.clone()).or_default() += today;
            ended.day += today;
            ended.goals.insert(goal, ever);
        }
        Ok(ended)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<OfGoal> {
    let (Name(repo), Count(number)): (Name<RepoId>, Count) = (row.get("repo")?, row.get("number")?);
    let story = row.get::<_, Option<Count>>("story")?.map(|Count(number)| Number(number));
    Ok(OfGoal {
        goal: GoalRef { repo, number: Number(number) },
        story,
        ever: spent(row, ["usd", "unknown", "tokens", "seconds"])?,
        today: spent(row, ["usd_today", "unknown_today", "tokens_today", "seconds_today"])?,
    })
}

fn spent(row: &Row<'_>, [usd, unknown, tokens, seconds]: [&str; 4]) -> rusqlite::Result<Spent> {
    let (Count(unknown), Count(tokens)) = (row.get(unknown)?, row.get(tokens)?);
    let time = Duration::try_from_secs_f64(row.get(seconds)?).unwrap_or_default();
    Ok(Spent { usd: row.get(usd)?, unknown, tokens, time })
}
