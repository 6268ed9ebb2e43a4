//! `down`, `pause`, `resume` and `set`: what a person says to the orchestrator as a whole.

use std::str::FromStr;

use clap::{Args, Subcommand};
use herder_domain::capacity::{Farewell, Slots};
use herder_domain::duration::Span;
use herder_orchestrator::Manner;
use jiff::civil::{DateTime, Time};
use jiff::{Timestamp, ToSpan, Zoned};

use super::reference::Reference;

/// `down`.
#[derive(Debug, Args)]
pub struct Down {
    /// Start nothing new, and stop when all that runs has ended and has landed
    #[arg(long, conflicts_with = "keep")]
    pub drain: bool,
    /// Leave the ralphs at work; the next `up` adopts them, a newer herder too
    #[arg(long)]
    pub keep: bool,
}

impl Down {
    /// How the orchestrator is to go.
    pub fn manner(&self) -> Manner {
        match (self.drain, self.keep) {
            (true, _) => Manner::Ask(Farewell::Drain),
            (false, true) => Manner::Ask(Farewell::Keep),
            (false, false) => Manner::Stop,
        }
    }
}

/// `pause`.
#[derive(Debug, Args)]
pub struct Pause {
    /// Only the goals of this story
    #[arg(long, value_name = "STORY")]
    pub story: Option<Reference>,
    /// For so long: 90s, 200m, 4h, 1h30m
    #[arg(long = "for", value_name = "TIME", conflicts_with = "until")]
    pub span: Option<Span>,
    /// Until then: 07:30, 2026-11-23T07:30, or with an offset
    #[arg(long, value_name = "WHEN")]
    pub until: Option<When>,
    /// Why, for whoever asks
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `resume`.
#[derive(Debug, Args)]
pub struct Resume {
    /// Free this agent's account, which is parked
    #[arg(long, value_name = "AGENT", conflicts_with = "story")]
    pub agent: Option<String>,
    /// Lift the pause of this story
    #[arg(long, value_name = "STORY")]
    pub story: Option<Reference>,
    /// As `--agent`.
    #[arg(value_name = "AGENT", hide = true, conflicts_with_all = ["agent", "story"])]
    pub account: Option<String>,
}

/// What to set in a running orchestrator.
#[derive(Debug, Subcommand)]
pub enum SetCommand {
    /// How many ralphs work at once; with --repo, in that repository
    Max(SetMax),
}

/// `set max`.
#[derive(Debug, Args)]
pub struct SetMax {
    /// So many, `auto` for as many as this machine has room for, or `default` for what is configured
    #[arg(value_name = "N|auto|default")]
    pub max: Most,
}

/// A number of ralphs, or what is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most(pub Option<Slots>);

impl FromStr for Most {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "default" {
            return Ok(Self(None));
        }
        text.parse().map(|max| Self(Some(max))).map_err(|_| {
            "write a number from 1 up, `auto`, or `default`; `herder pause` keeps everything from starting".to_owned()
        })
    }
}

/// A point in time as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The next time that the clock here shows this.
    Clock(Time),
    /// A date and a time here.
    Here(DateTime),
    /// With an offset.
    Exactly(Timestamp),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Each of these is taken for what stands below it too, which would drop its offset or its date.
        let exactly = text.parse::<Timestamp>().map(Self::Exactly).ok();
        let here = || text.parse::<DateTime>().map(Self::Here).ok();
        let clock = || text.parse::<Time>().map(Self::Clock).ok();
        exactly.or_else(here).or_else(clock).ok_or_else(|| "write 07:30 or 2026-11-23T07:30".to_owned())
    }
}

impl When {
    /// The point in time; `None` where the calendar has no such one.
    pub fn after(self, now: &Zoned) -> Option<Timestamp> {
        let at = match self {
            Self::Exactly(at) => return Some(at),
            Self::Here(at) => at,
            Self::Clock(time) if time > now.time() => now.date().to_datetime(time),
            Self::Clock(time) => now.date().checked_add(1.day()).ok()?.to_datetime(time),
        };
        at.to_zoned(now.time_zone().clone()).ok().map(|at| at.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> String {
        let now: Zoned = "2026-11-22T22:00[Europe/Vienna]".parse().unwrap();
        text.parse::<When>().unwrap().after(&now).unwrap().to_string()
    }

    #[test]
    fn a_time_of_the_clock_is_the_next_one() {
        assert_eq!(after("23:30"), "2026-11-22T22:30:00Z");
        assert_eq!(after("07:30"), "2026-11-23T06:30:00Z");
        assert_eq!(after("2026-11-24T07:30"), "2026-11-24T06:30:00Z");
        assert_eq!(after("2026-11-24 07:30"), "2026-11-24T06:30:00Z");
        assert_eq!(after("2026-11-24T07:30:00+05:00"), "2026-11-24T02:30:00Z");
        assert!("tomorrow".parse::<When>().is_err());
    }

    #[test]
    fn nought_is_no_number_of_ralphs() {
        assert_eq!("default".parse(), Ok(Most(None)));
        assert_eq!("3".parse(), Ok(Most(Slots::fixed(3))));
        assert_eq!("auto".parse(), Ok(Most(Some(Slots::Auto))));
        assert!("0".parse::<Most>().unwrap_err().contains("herder pause"));
    }
}
