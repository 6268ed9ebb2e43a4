//! What the screen says of each goal: a sight as texts. Two boards that are the same look the same, so nothing is drawn
//! anew between them.

use std::time::Duration;

use herder_domain::ledger::Cost;
use herder_view::{Work, printable};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::sight::{Item, Sight, Standing};
use crate::words::{bytes, clock, minutes};

/// The texts of a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Board {
    pub(crate) cards: Vec<Card>,
    pub(crate) gauges: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) counts: String,
}

/// What is said of one goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) group: Group,
    /// Its name and title.
    pub(crate) head: String,
    /// Where it stands, a few words.
    pub(crate) standing: String,
    /// More of that, each a sentence.
    pub(crate) more: Vec<String>,
}

/// Why a goal is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Needs,
    Works,
    Waits,
}

impl Group {
    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Needs => "needs you",
            Self::Works => "running",
            Self::Waits => "queue",
        }
    }
}

impl Board {
    /// The texts of a sight.
    pub(crate) fn of(sight: &Sight, zone: &TimeZone) -> Self {
        let gauges = sight.gauges.iter().map(|gauge| format!("{} {}", gauge.name, gauge.reading));
        let working = sight.items.iter().filter(|item| matches!(item.standing, Standing::Works(_))).count();
        let cards = sight.items.iter().map(|item| Card::of(item, sight.at, zone));
        let Sight { needing, queued, .. } = sight;
        Self {
            cards: cards.collect(),
            gauges: gauges.collect::<Vec<_>>().join(" · "),
            warnings: sight.warnings.iter().map(|warning| one_line(warning)).collect(),
            counts: format!("{needing} need you · {working} running · {queued} queued"),
        }
    }
}

impl Card {
    fn of(item: &Item, now: Timestamp, zone: &TimeZone) -> Self {
        let (group, standing, more) = match &item.standing {
            Standing::Needs(need) => (Group::Needs, need.status.to_owned(), need.reasons.clone()),
            Standing::Works(work) => (Group::Works, works(work, now, zone), phase_in_full(work, now, zone)),
            Standing::Waits(waiting) => {
                let first = waiting.reasons.first().map_or("it is next", String::as_str);
                (Group::Waits, first.to_owned(), waiting.reasons.clone())
            }
        };
        let pull = item.pull.iter().map(|pull| format!("pull request: {pull}"));
        let more = more.iter().map(|sentence| one_line(sentence)).chain(pull).collect();
        let head = format!("{} {}", item.name(), item.title);
        Self { group, head: one_line(&head), standing: one_line(&standing), more }
    }
}

/// Phase, iteration, age, spend, processors and memory.
fn works(work: &Work, now: Timestamp, zone: &TimeZone) -> String {
    let mut parts = vec![phase(work, now, zone)];
    if work.iteration > 0 {
        parts.push(format!("it {}", work.iteration));
    }
    parts.push(minutes(Duration::from_secs(work.age_seconds)));
    parts.push(money(work.cost));
    parts.extend(work.cores.map(|cores| format!("{cores:.1}cpu")));
    parts.extend(work.memory_bytes.map(bytes));
    parts.join(" ")
}

/// What it is at, as short as can be: a wait says until when.
fn phase(work: &Work, now: Timestamp, zone: &TimeZone) -> String {
    match (&work.detail, work.waiting_until) {
        (_, Some(until)) => format!("waits till {}", clock(until, now, zone)),
        (Some(detail), None) if work.phase == "working" => detail.clone(),
        (Some(_) | None, None) => work.phase.clone(),
    }
}

fn phase_in_full(work: &Work, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let mut phase = work.phase.clone();
    if let Some(what) = &work.waiting_for {
        phase.push_str(&format!(" for {what}"));
    }
    if let Some(until) = work.waiting_until {
        phase.push_str(&format!(" until {}", clock(until, now, zone)));
    }
    let agent = work.agent.as_deref().unwrap_or("no agent yet");
    let spent = format!("{agent}, run {}, {} tokens", work.attempt, work.tokens);
    [Some(phase), work.detail.clone(), Some(spent)].into_iter().flatten().collect()
}

fn money(cost: Cost) -> String {
    cost.known().map_or_else(|| "$?".to_owned(), |usd| format!("${usd:.2}"))
}

fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}
