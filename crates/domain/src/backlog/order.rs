//! Goals that wait for each other are found before they wait for ever.

use super::{Backlog, BacklogLink, BadBacklog};

/// Refuses a backlog in which goals wait for each other.
pub(super) fn refuse_cycles(backlog: &Backlog) -> Result<(), BadBacklog> {
    let mut left: Vec<usize> = (0..backlog.goals.len()).collect();
    loop {
        let is_free = |goal: usize| awaited(backlog, goal, &left).is_none();
        let (free, waiting): (Vec<usize>, Vec<usize>) = left.iter().partition(|goal| is_free(**goal));
        match (free.is_empty(), waiting.first()) {
            (_, None) => return Ok(()),
            (true, Some(first)) => return Err(cycle(backlog, *first, &waiting)),
            (false, Some(_)) => left = waiting,
        }
    }
}

/// The first of `left` that a goal depends on.
fn awaited(backlog: &Backlog, goal: usize, left: &[usize]) -> Option<usize> {
    backlog.goals[goal].depends.iter().find_map(|on| match on {
        BacklogLink::Here(on) => Some(*on).filter(|on| left.contains(on)),
        BacklogLink::Elsewhere(_) => None,
    })
}

/// Some goals only wait for a cycle: from any goal that waits, the way along what it waits for leads into one.
fn cycle(backlog: &Backlog, start: usize, waiting: &[usize]) -> BadBacklog {
    let mut way = vec![start];
    while let Some(next) = way.last().and_then(|last| awaited(backlog, *last, waiting)) {
        if let Some(begin) = way.iter().position(|goal| *goal == next) {
            way.drain(..begin);
            break;
        }
        way.push(next);
    }
    let goals: Vec<_> = way.iter().map(|goal| &backlog.goals[*goal]).collect();
    let line = goals.iter().map(|goal| goal.line).min().unwrap_or_default();
    BadBacklog::Cycle { line, titles: goals.iter().map(|goal| goal.title.clone()).collect() }
}
