//! Days, as numbers.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// A day by the clock on the wall, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayNumber(pub i32);

const SECONDS: i64 = 86_400;

impl DayNumber {
    /// The day of a moment.
    pub fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let local = at.as_second() + i64::from(zone.to_offset(at).seconds());
        Self(i32::try_from(local.div_euclid(SECONDS)).unwrap_or(i32::MAX))
    }

    /// The day of a date.
    pub fn of_date(day: Date) -> Self {
        let days = day.since(date(1970, 1, 1)).map_or(0, |span| span.get_days());
        Self(days)
    }

    /// The date; the first of all days where a calendar does not reach so far.
    pub fn date(self) -> Date {
        date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(i64::from(self.0).clamp(-700_000, 2_900_000)))
            .unwrap_or(date(1970, 1, 1))
    }
}

impl Serialize for DayNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.date())
    }
}
