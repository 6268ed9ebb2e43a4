//! "While you slept": the five answers of a morning in one message. What landed, what is stuck and why, what needs a
//! person, what it cost, and what is at work.

use std::fmt::Write;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use crate::ailment::Ailing;
use crate::effect::{Effect, Once};
use crate::goal::{Goal, GoalState};
use crate::ledger::Cost;
use crate::level::Level;
use crate::repo::{GoalRef, RepoId};
use crate::why::why;
use crate::world::World;

/// How many goals of a kind are named.
const NAMED: usize = 20;

/// The longest reason that is given, in bytes.
const REASON_MAX: usize = 200;

/// A time of day at which something is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Daily {
    /// Whose clocks count.
    pub zone: TimeZone,
    /// The time.
    pub at: Time,
}

impl Daily {
    /// When that was last, and when it will be next. Where clocks are put forward over it, it is when they have been.
    pub fn around(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = now.to_zoned(self.zone.clone()).date();
        let on = |days: i64| {
            let day = today.checked_add(days.days()).ok()?;
            Some(day.to_datetime(self.at).to_zoned(self.zone.clone()).ok()?.timestamp())
        };
        let times: Vec<Timestamp> = (-2..=2).filter_map(on).collect();
        let next = times.iter().position(|time| *time > now)?;
        Some((*times.get(next.checked_sub(1)?)?, times[next]))
    }
}

/// What runs that ended came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spending {
    /// How many runs ended.
    pub runs: usize,
    /// How many of them nobody knows the cost of.
    pub unknown: usize,
    /// US dollars of the others.
    pub known_usd: f64,
    /// Tokens of all kinds, as far as they are known.
    pub tokens: u64,
}

impl Spending {
    /// What these runs came to, each with its cost and its tokens.
    pub fn of(runs: impl IntoIterator<Item = (Cost, Option<u64>)>) -> Self {
        runs.into_iter().fold(Self::default(), |sum, (cost, tokens)| Self {
            runs: sum.runs + 1,
            unknown: sum.unknown + usize::from(cost.known().is_none()),
            known_usd: sum.known_usd + cost.known().unwrap_or_default(),
            tokens: sum.tokens.saturating_add(tokens.unwrap_or_default()),
        })
    }
}

/// The five answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digest {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// What landed.
    pub landed: Vec<Line>,
    /// What is stuck.
    pub stuck: Vec<Line>,
    /// What else does not go on without a person.
    pub needs: Vec<Line>,
    /// What is at work.
    pub running: Vec<Line>,
    /// How many goals are queued.
    pub queued: usize,
    /// Repositories with which something is the matter, each a sentence.
    pub ailing: Vec<String>,
    /// How many runs ended.
    pub runs: usize,
    /// US dollars of those whose cost is known.
    pub known_usd: f64,
    /// How many of them nobody knows the cost of.
    pub runs_of_unknown_cost: usize,
    /// Tokens of all kinds, as far as they are known.
    pub tokens: u64,
    /// Any goal of it.
    #[serde(skip)]
    pub by: Option<GoalRef>,
}

/// A goal in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The goal, `owner/name#42`.
    pub goal: String,
    /// Its title.
    pub title: String,
    /// Why it is where it is, each a sentence.
    pub reasons: Vec<String>,
}

impl Digest {
    /// Of a time until now: `landed` are the goals that landed in it, `spent` is what the runs came to that ended in it.
    pub fn of(
        world: &World,
        landed: &[Goal],
        spent: Spending,
        (since, until): (Timestamp, Timestamp),
    ) -> Self {
        let line = |goal: &Goal| Line {
            goal: goal.id.to_string(),
            title: goal.title.clone(),
            reasons: why(world, &goal.id, until).map(|answer| answer.reasons).unwrap_or_default(),
        };
        let standing = |is_meant: fn(&Goal) -> bool| -> Vec<Line> {
            world.goals.values().filter(|goal| is_meant(goal)).map(line).collect()
        };
        let ail = |(repo, ailing): (&RepoId, &Ailing)| format!("{} {}", repo.short(), ailing.ailment);
        Self {
            since,
            until,
            landed: landed.iter().map(|goal| Line { reasons: Vec::new(), ..line(goal) }).collect(),
            stuck: standing(|goal| matches!(goal.state, GoalState::Stuck { .. })),
            needs: standing(needs_person),
            running: standing(|goal| matches!(goal.state, GoalState::Running { .. }))
                .into_iter()
                .map(|line| Line { reasons: Vec::new(), ..line })
                .collect(),
            queued: world.goals.values().filter(|goal| goal.state.queued_since().is_some()).count(),
            ailing: world.ailments.iter().map(ail).collect(),
            runs: spent.runs,
            known_usd: spent.known_usd,
            runs_of_unknown_cost: spent.unknown,
            tokens: spent.tokens,
            by: world.goals.keys().next().or(landed.first().map(|goal| &goal.id)).cloned(),
        }
    }

    /// One line.
    pub fn title(&self) -> String {
        let waiting = self.needs.len() + self.ailing.len();
        let mut parts = vec![format!("{} landed", self.landed.len())];
        let more = [(self.stuck.len(), "stuck"), (waiting, "for you"), (self.running.len(), "at work")];
        parts.extend(
            more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")),
        );
        format!("While you slept: {}", parts.join(", "))
    }

    /// The answers, some lines each.
    pub fn text(&self) -> String {
        let mut text = String::new();
        section(&mut text, "Landed", &self.landed);
        section(&mut text, "Stuck", &self.stuck);
        section(&mut text, "Waiting for you", &self.needs);
        for sentence in &self.ailing {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{sentence}");
        }
        let _ = writeln!(text, "{}", self.cost());
        section(&mut text, "At work", &self.running);
        let _ = writeln!(text, "Queued: {}", self.queued);
        text
    }

    fn cost(&self) -> String {
        let runs = match self.runs {
            0 => return "Cost: no run ended".to_owned(),
            1 => "1 run".to_owned(),
            many => format!("{many} runs"),
        };
        let mut text = match self.runs_of_unknown_cost == self.runs {
            true => format!("Cost: unknown, of {runs}"),
            false => format!("Cost: ${:.2} in {runs}", self.known_usd),
        };
        if self.runs_of_unknown_cost > 0 && self.runs_of_unknown_cost < self.runs {
            let _ = write!(text, ", and an unknown sum in {} of them", self.runs_of_unknown_cost);
        }
        let _ = write!(text, ", {} tokens", self.tokens);
        text
    }

    /// What tells a person, once for each time that it is due; nothing where there is no goal.
    pub fn notice(&self, due: Timestamp) -> Option<Effect> {
        Some(Effect::Notify {
            goal: self.by.clone()?,
            key: format!("digest/{due}"),
            title: self.title(),
            message: self.text(),
            level: Level::Info,
            once: Once::All,
        })
    }
}

fn needs_person(goal: &Goal) -> bool {
    let is_waiting = matches!(goal.state, GoalState::SpotCheck { .. } | GoalState::Draft { note: Some(_) });
    let is_stuck = matches!(goal.state, GoalState::Stuck { .. });
    is_waiting || (goal.quarantine.is_some() && !is_stuck)
}

fn section(text: &mut String, name: &str, lines: &[Line]) {
    if lines.is_empty() {
        let _ = writeln!(text, "{name}: nothing");
        return;
    }
    let _ = writeln!(text, "{name} ({}):", lines.len());
    for line in lines.iter().take(NAMED) {
        let why = line.reasons.first().map_or_else(String::new, |why| format!(" ({})", short(why)));
        let _ = writeln!(text, "- {} {}{why}", line.goal, line.title);
    }
    if let Some(more @ 1..) = lines.len().checked_sub(NAMED) {
        let _ = writeln!(text, "- and {more} more");
    }
}

/// The first line of a reason, as far as it goes into a message.
fn short(reason: &str) -> &str {
    let line = reason.lines().next().unwrap_or_default();
    &line[..line.floor_char_boundary(REASON_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_of_day_comes_once_a_day_also_where_clocks_change() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let daily = Daily { zone, at: Time::constant(2, 30, 0, 0) };
        let (spring, before) = (at("2026-03-29T01:30:00Z"), at("2026-03-28T01:30:00Z"));
        assert_eq!(daily.around(at("2026-03-29T01:00:00Z")), Some((before, spring)));
        assert_eq!(daily.around(spring), Some((spring, at("2026-03-30T00:30:00Z"))));
        let daily = Daily { zone: TimeZone::UTC, at: Time::constant(7, 0, 0, 0) };
        let seven = at("2026-03-29T07:00:00Z");
        assert_eq!(daily.around(at("2026-03-29T23:59:00Z")), Some((seven, at("2026-03-30T07:00:00Z"))));
    }
}
