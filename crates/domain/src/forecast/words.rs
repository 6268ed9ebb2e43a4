//! Forecasts as people read them: `$14-$31`, `03:10-05:40`, `5m-12m`.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{Basis, Estimate, Kin, LeftOut, Range, Sum, When, Whole};
use crate::duration::Span;

/// From this figure on whole numbers are enough, dollars.
const WHOLE_DOLLARS: f64 = 10.0;

impl Sum {
    /// In dollars: `$14-$31`, `$0.40-$1.20 and up to 2 runs of unknown cost`, `unknown cost`.
    pub fn dollars(&self) -> String {
        self.said(dollars, "", "cost")
    }

    /// As tokens: `120k-1.4M tokens`.
    pub fn counted(&self) -> String {
        self.said(count, " tokens", "tokens")
    }

    fn said(&self, one: fn(f64) -> String, unit: &str, what: &str) -> String {
        let Some(known) = self.known else { return format!("unknown {what}") };
        let known = between(&one(known.p50), &one(known.p90)) + unit;
        match self.unknown_runs.p90 {
            unknown if unknown < 1.0 => known,
            1.0 => format!("{known} and up to 1 run of unknown {what}"),
            unknown => format!("{known} and up to {unknown} runs of unknown {what}"),
        }
    }
}

impl Range {
    /// As a time: `5m-12m`.
    pub fn spans(&self) -> String {
        between(&span(self.p50), &span(self.p90))
    }
}

impl When {
    /// By a clock: `03:10-05:40`, with the day where that is not the one of `now`.
    pub fn clock(&self, now: Timestamp, zone: &TimeZone) -> String {
        let at = |at: Timestamp| at.to_zoned(zone.clone());
        let (today, p50, p90) = (at(now).date(), at(self.p50), at(self.p90));
        // What is over before tomorrow's noon is tonight.
        let is_tonight = |time: &Zoned| {
            time.date() == today
                || (today.tomorrow().is_ok_and(|next| time.date() == next) && time.hour() < 12)
        };
        let format = if is_tonight(&p50) && is_tonight(&p90) { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        between(&p50.strftime(format).to_string(), &p90.strftime(format).to_string())
    }
}

impl Estimate {
    /// One sentence; clocks are those of a zone.
    pub fn sentence(&self, now: Timestamp, zone: &TimeZone) -> String {
        let begins = self.begins.map(|when| format!("begins {}, ", when.clock(now, zone)));
        let ends = match self.ends {
            Some(when) => format!("is through {}", when.clock(now, zone)),
            None => "when it is through is unknown".to_owned(),
        };
        let (usd, tokens, spans) = (self.usd.dollars(), self.tokens.counted(), self.seconds.spans());
        format!("{}{ends}: {spans} at work, {usd}, {tokens} ({})", begins.unwrap_or_default(), self.basis)
    }
}

impl Whole {
    /// One sentence; clocks are those of a zone.
    pub fn sentence(&self, now: Timestamp, zone: &TimeZone) -> String {
        let ends = match self.ends {
            Some(when) => format!("finishes {}", when.clock(now, zone)),
            None => "when it finishes is unknown".to_owned(),
        };
        let goals = if self.goals == 1 { "1 goal".to_owned() } else { format!("{} goals", self.goals) };
        let (usd, tokens, spans) = (self.usd.dollars(), self.tokens.counted(), self.seconds.spans());
        format!("{goals}: {ends}, {usd}, {tokens}, {spans} at work")
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs;
        match &self.kin {
            Kin::Model { repo, agent, model } => {
                write!(f, "from {runs} runs of {} by {agent} with {model}", repo.short())
            }
            Kin::Repo { repo, agent } => write!(f, "from {runs} runs of {} by {agent}", repo.short()),
            Kin::Agent { agent } => write!(f, "from {runs} runs by {agent}"),
            Kin::Any => write!(f, "from {runs} runs of any kind"),
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { why } => write!(f, "it waits for a person: {why}"),
            Self::Behind { on } => write!(f, "it waits for {on}, of which nobody can tell"),
            Self::NoHistory => f.write_str("too few runs have ended to compare it with"),
        }
    }
}

/// One figure where both are the same.
fn between(p50: &str, p90: &str) -> String {
    if p50 == p90 { p50.to_owned() } else { format!("{p50}-{p90}") }
}

fn dollars(usd: f64) -> String {
    if usd < WHOLE_DOLLARS { format!("${usd:.2}") } else { format!("${usd:.0}") }
}

fn count(tokens: f64) -> String {
    match tokens {
        few if few < 1e3 => format!("{few:.0}"),
        thousands if thousands < 1e6 => format!("{:.0}k", thousands / 1e3),
        millions => format!("{:.1}M", millions / 1e6),
    }
}

/// Minutes are enough for what takes some.
fn span(seconds: f64) -> String {
    let whole = if seconds < 90.0 { seconds.round() } else { (seconds / 60.0).round() * 60.0 };
    Span(Duration::try_from_secs_f64(whole).unwrap_or_default()).to_string()
}
