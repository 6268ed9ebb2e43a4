//! A time to come, as people type it.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use herder_domain::duration::Span;
use herder_domain::goal::{DEADLINE, GoalText, NOT_BEFORE};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

/// When a goal may begin.
#[derive(Clone, Debug, Default, Args)]
pub struct Times {
    /// Begin it no earlier: 8h from now, 22:00 here, "2026-11-24 22:00" here, 2026-11-24T22:00Z, or `none`
    #[arg(long, value_name = "WHEN")]
    pub not_before: Option<Moment>,
    /// Begin it no later, and before others of its priority whose deadline is later; as --not-before
    #[arg(long, value_name = "WHEN")]
    pub deadline: Option<Moment>,
}

impl Times {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.not_before.is_none() && self.deadline.is_none()
    }

    /// A goal's text whose front matter says so.
    pub fn written(&self, body: &str, now: Timestamp) -> String {
        let settings = [(NOT_BEFORE, self.not_before), (DEADLINE, self.deadline)];
        settings.into_iter().fold(body.to_owned(), |body, (key, moment)| match moment {
            Some(moment) => {
                let at = moment.seen_from(now).map(|at| format!("{at:.0}"));
                GoalText::with_setting(&body, key, at.as_deref())
            }
            None => body,
        })
    }
}

/// A time to come, or no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long from now.
    In(Span),
    /// When clocks here show this next.
    Next(civil::Time),
    /// Then.
    At(Timestamp),
    /// At no time: what was said before is taken back.
    Never,
}

impl FromStr for Moment {
    type Err = BadMoment;

    /// `8h`, `22:00`, `2026-11-24 22:00` (here), `2026-11-24T22:00Z` or `none`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::Never);
        }
        let span = || text.parse().ok().map(Self::In);
        let at = || text.parse().ok().map(Self::At);
        let clock = || text.parse().ok().map(Self::Next);
        let here = || {
            let time = text.parse::<civil::DateTime>().ok()?;
            time.to_zoned(TimeZone::system()).ok().map(|time| Self::At(time.timestamp()))
        };
        span().or_else(at).or_else(here).or_else(clock).ok_or(BadMoment)
    }
}

impl Moment {
    /// The time, seen from now; nothing where it is taken back.
    fn seen_from(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::In(span) => Some(now.checked_add(span.0).unwrap_or(Timestamp::MAX)),
            Self::Next(clock) => Some(next(clock, now, TimeZone::system())),
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }
}

/// When clocks of a zone show a time next.
fn next(clock: civil::Time, now: Timestamp, zone: TimeZone) -> Timestamp {
    let today = now.to_zoned(zone.clone()).date();
    let on = |day: civil::Date| Some(day.to_datetime(clock).to_zoned(zone.clone()).ok()?.timestamp());
    let days = [Some(today), today.tomorrow().ok()];
    days.into_iter().flatten().filter_map(on).find(|at| *at > now).unwrap_or(Timestamp::MAX)
}

/// Why a text is no time to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadMoment;

impl std::error::Error for BadMoment {}

impl fmt::Display for BadMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("that is no time; write 8h, 22:00, \"2026-11-24 22:00\", 2026-11-24T22:00Z or none")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_come_is_typed_in_many_ways() {
        let now: Timestamp = "2026-11-22T20:00:00Z".parse().unwrap();
        let seen =
            |text: &str| text.parse::<Moment>().map(|moment| moment.seen_from(now).map(|at| at.to_string()));
        assert_eq!(seen("8h"), Ok(Some("2026-11-23T04:00:00Z".into())));
        assert_eq!(seen("2026-11-24T22:00Z"), Ok(Some("2026-11-24T22:00:00Z".into())));
        assert_eq!(seen("none"), Ok(None));
        assert!(matches!("22:00".parse(), Ok(Moment::Next(_))));
        assert!(matches!("2026-11-24 22:00".parse(), Ok(Moment::At(_))));
        for bad in ["", "soon", "25:00", "2026-13-01T00:00Z"] {
            assert_eq!(seen(bad), Err(BadMoment), "{bad:?}");
        }
    }

    #[test]
    fn a_time_of_day_is_the_next_one_also_where_clocks_are_changed() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let seen = |clock: &str, now: &str| {
            next(clock.parse().unwrap(), now.parse().unwrap(), zone.clone()).to_string()
        };
        assert_eq!(seen("22:00", "2026-11-22T20:00:00Z"), "2026-11-22T21:00:00Z");
        assert_eq!(seen("22:00", "2026-11-22T21:00:00Z"), "2026-11-23T21:00:00Z");
        // In the night of 2027-03-28 there is no 02:30: it is when 02:30 would have been.
        assert_eq!(seen("02:30", "2027-03-27T22:00:00Z"), "2027-03-28T01:30:00Z");
        assert_eq!(seen("07:00", "2027-03-27T22:00:00Z"), "2027-03-28T05:00:00Z");
    }

    #[test]
    fn what_is_said_stands_in_the_front_matter() {
        let now: Timestamp = "2026-11-22T20:00:00Z".parse().unwrap();
        let times =
            Times { not_before: Some(Moment::In("1h".parse().unwrap())), deadline: Some(Moment::Never) };
        let text = "---\ndeadline: 2026-11-24T22:00:00Z\n---\n## Objective\nx\n";
        assert_eq!(times.written(text, now), "---\nnot_before: 2026-11-22T21:00:00Z\n---\n## Objective\nx\n");
        assert_eq!(Times::default().written(text, now), text);
    }
}
