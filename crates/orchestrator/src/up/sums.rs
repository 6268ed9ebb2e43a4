//! What is written on a story when it closes: what became of its goals, and what they cost.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use herder_domain::duration::Span;
use herder_domain::effect::Effect;
use herder_domain::goal::Goal;
use herder_domain::ledger::Cost;
use herder_domain::repo::GoalRef;
use herder_store::{GoalFilter, LedgerFilter, LedgerRow, OpenEffect, Store, StoreError};
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use crate::act::Said;

/// Writes a closed story's sums as a comment on it. While the row of one of its runs is still to come
/// nothing is done; the end of that one wakes the daemon.
pub(super) fn sum_up(
    daemon: &mut Daemon,
    due: OpenEffect,
    story: &GoalRef,
    closed_at: Timestamp,
) -> Result<(), UpError> {
    let filter =
        GoalFilter { repo: Some(story.repo.clone()), story: Some(story.number), ..GoalFilter::default() };
    let goals = daemon.store.goals(&filter)?;
    let names: BTreeSet<&GoalRef> = goals.iter().map(|goal| &goal.id).collect();
    if is_early(&daemon.store, &names)? {
        return Ok(());
    }
    let rows = daemon
        .store
        .ledger_rows(&LedgerFilter { repo: Some(story.repo.clone()), ..LedgerFilter::default() })?;
    let said = Said { goal: story.clone(), key: format!("closed/{closed_at}"), text: text(&goals, &rows) };
    daemon.close_story(due, said)
}

/// Whether a run of these goals is still to be judged or to be counted.
fn is_early(store: &Store, goals: &BTreeSet<&GoalRef>) -> Result<bool, StoreError> {
    let is_at_work = |run: &herder_domain::run::Run| goals.contains(&run.goal) && !run.state.is_over();
    if store.active_runs()?.iter().any(is_at_work) {
        return Ok(true);
    }
    let is_row = |effect: &Effect| matches!(effect, Effect::WriteStats { goal, .. } if goals.contains(goal));
    Ok(store.open_effects()?.iter().any(|open| is_row(&open.effect)))
}

/// What some runs came to.
#[derive(Default)]
struct Sum {
    runs: usize,
    time: Duration,
    cost: Cost,
    lines_added: u64,
    lines_deleted: u64,
}

impl Sum {
    fn of<'a>(rows: impl Iterator<Item = &'a LedgerRow>) -> Self {
        rows.fold(Self::default(), |sum, row| Self {
            runs: sum.runs + 1,
            time: sum.time.saturating_add(row.duration),
            cost: sum.cost + row.cost,
            lines_added: sum.lines_added.saturating_add(row.lines_added),
            lines_deleted: sum.lines_deleted.saturating_add(row.lines_deleted),
        })
    }

    fn in_words(&self) -> String {
        let cost = self.cost.known().map_or_else(|| "unknown cost".to_owned(), |usd| format!("${usd:.2}"));
        format!("{}, {}, {cost}", counted(self.runs, "run"), Span(self.time))
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn text(goals: &[Goal], rows: &[LedgerRow]) -> String {
    let rows_of = |goal: &Goal| {
        let id = goal.id.clone();
        rows.iter().filter(move |row| row.repo.as_ref() == Some(&id.repo) && row.number == Some(id.number))
    };
    let all = Sum::of(goals.iter().flat_map(rows_of));
    let mut text = format!(
        "Closed: every goal is settled.\n\n{}, {} lines added and {} deleted.\n",
        all.in_words(),
        all.lines_added,
        all.lines_deleted
    );
    for goal in goals {
        let sum = Sum::of(rows_of(goal));
        // Writing to a String cannot fail.
        let _ =
            write!(text, "\n- #{} {}: {}, {}", goal.id.number, goal.title, goal.state.word(), sum.in_words());
    }
    text
}
