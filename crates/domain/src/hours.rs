//! Hours: windows of the week in which herder may begin work, each with what holds in it.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::Slots;

/// So far ahead the next opening is looked for, in days: one opening of a weekly window may be lost to a change of clocks.
const AHEAD: i64 = 15;

/// When herder may begin work. Without a window it always may.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// Whose clocks the windows go by.
    pub zone: TimeZone,
    /// The windows.
    pub windows: Vec<Window>,
}

/// A time of the week in which herder may begin work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// The days on which it opens.
    pub days: Vec<Weekday>,
    /// When it opens.
    pub from: Time,
    /// When it closes: on the next day, where that is not later than it opens.
    pub to: Time,
    /// How many runs may be at work at once while it is open.
    pub max: Slots,
    /// The models that may be used while it is open; all, where none is named. A goal that names none gets the first.
    pub models: Vec<String>,
    /// When a person is told of what happens while it is open.
    pub notices: Notices,
}

/// When a person is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notices {
    /// When it happens.
    #[default]
    AtOnce,
    /// When the window has closed.
    After,
}

/// A window that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open<'h> {
    /// It.
    pub window: &'h Window,
    /// When it opened.
    pub since: Timestamp,
    /// When it closes, or another window goes before it.
    pub until: Timestamp,
}

/// Which hour it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hour<'h> {
    /// There are no windows.
    Any,
    /// In a window.
    In(Open<'h>),
    /// In none.
    Out {
        /// The window that opens next, and when.
        next: Option<(&'h Window, Timestamp)>,
    },
}

impl Default for Hours {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, windows: Vec::new() }
    }
}

impl Hours {
    /// Which hour it is. Where several windows are open, the one that opened last counts; of those that opened together
    /// the last by name.
    pub fn at(&self, now: Timestamp) -> Hour<'_> {
        if self.windows.is_empty() {
            return Hour::Any;
        }
        let next = self.openings(now, 0..=AHEAD).filter(|opening| opening.since > now);
        let next = next.min_by_key(|opening| (opening.since, &opening.window.name));
        // A window is a day long at most, and a change of clocks may add to it.
        let open = self.openings(now, -2..=0).filter(|opening| opening.since <= now && now < opening.until);
        match open.max_by_key(|opening| (opening.since, &opening.window.name)) {
            Some(open) => {
                let until = next.map_or(open.until, |next| next.since.min(open.until));
                Hour::In(Open { until, ..open })
            }
            None => Hour::Out { next: next.map(|next| (next.window, next.since)) },
        }
    }

    /// The openings of all windows on days around a time.
    fn openings(
        &self,
        now: Timestamp,
        days: std::ops::RangeInclusive<i64>,
    ) -> impl Iterator<Item = Open<'_>> {
        let today = now.to_zoned(self.zone.clone()).date();
        days.filter_map(move |day| today.checked_add(Span::new().days(day)).ok())
            .flat_map(move |day| self.windows.iter().filter_map(move |window| self.opening(window, day)))
    }

    /// A window as it opens on a day; not at all where clocks are put forward over the whole of it.
    fn opening<'h>(&self, window: &'h Window, day: Date) -> Option<Open<'h>> {
        if !window.days.contains(&day.weekday()) {
            return None;
        }
        let closes = if window.to <= window.from { day.tomorrow().ok()? } else { day };
        let at = |day: Date, time| Some(day.to_datetime(time).to_zoned(self.zone.clone()).ok()?.timestamp());
        let (since, until) = (at(day, window.from)?, at(closes, window.to)?);
        (since < until).then_some(Open { window, since, until })
    }
}

impl<'h> Hour<'h> {
    /// The window that is open.
    pub fn window(self) -> Option<&'h Window> {
        match self {
            Self::In(open) => Some(open.window),
            Self::Any | Self::Out { .. } => None,
        }
    }

    /// When another hour begins.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Any => None,
            Self::In(open) => Some(open.until),
            Self::Out { next } => next.map(|(_, at)| at),
        }
    }
}

impl Window {
    /// Whether a model may be used while it is open.
    pub fn allows(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|allowed| allowed == model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKDAYS: [Weekday; 5] =
        [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

    fn window(name: &str, days: &[Weekday], from: &str, to: &str) -> Window {
        Window {
            name: name.into(),
            days: days.to_vec(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            max: Slots::Auto,
            models: Vec::new(),
            notices: Notices::AtOnce,
        }
    }

    /// Central Europe: clocks go forward on 2027-03-28 at 02:00, and back on 2027-10-31 at 03:00.
    fn hours(windows: Vec<Window>) -> Hours {
        Hours { zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(), windows }
    }

    /// The name of the open window and when that ends, or of the next one and when it opens.
    fn said(hours: &Hours, now: &str) -> String {
        match hours.at(now.parse().unwrap()) {
            Hour::Any => "any".into(),
            Hour::In(open) => format!("in {} until {}", open.window.name, open.until),
            Hour::Out { next: Some((window, at)) } => format!("{} at {at}", window.name),
            Hour::Out { next: None } => "never".into(),
        }
    }

    #[test]
    fn without_windows_every_hour_will_do() {
        assert_eq!(said(&hours(Vec::new()), "2026-11-23T12:00:00Z"), "any");
    }

    #[test]
    fn a_night_begins_on_its_day_and_ends_on_the_next() {
        let hours = hours(vec![window("night", &WORKDAYS, "22:00", "06:00")]);
        for (now, expected) in [
            ("2026-11-23T12:00:00Z", "night at 2026-11-23T21:00:00Z"),
            ("2026-11-23T21:00:00Z", "in night until 2026-11-24T05:00:00Z"),
            ("2026-11-24T04:59:59Z", "in night until 2026-11-24T05:00:00Z"),
            ("2026-11-24T05:00:00Z", "night at 2026-11-24T21:00:00Z"),
            // Friday's night is Saturday's morning; then nothing until Monday evening.
            ("2026-11-28T03:00:00Z", "in night until 2026-11-28T05:00:00Z"),
            ("2026-11-28T21:30:00Z", "night at 2026-11-30T21:00:00Z"),
        ] {
            assert_eq!(said(&hours, now), expected, "{now}");
        }
    }

    #[test]
    fn the_window_that_opened_last_counts() {
        let lunch = window("lunch", &WORKDAYS, "12:00", "13:00");
        let hours = hours(vec![window("day", &WORKDAYS, "08:00", "18:00"), lunch]);
        for (now, expected) in [
            ("2026-11-23T10:00:00Z", "in day until 2026-11-23T11:00:00Z"),
            ("2026-11-23T11:00:00Z", "in lunch until 2026-11-23T12:00:00Z"),
            ("2026-11-23T12:00:00Z", "in day until 2026-11-23T17:00:00Z"),
        ] {
            assert_eq!(said(&hours, now), expected, "{now}");
        }
    }

    #[test]
    fn clocks_that_are_changed_make_a_night_shorter_or_longer_and_lose_none() {
        let all = [&WORKDAYS[..], &[Weekday::Saturday, Weekday::Sunday]].concat();
        let night = hours(vec![window("night", &all, "22:00", "06:00")]);
        // Seven hours, and nine.
        assert_eq!(said(&night, "2027-03-27T21:00:00Z"), "in night until 2027-03-28T04:00:00Z");
        assert_eq!(said(&night, "2027-10-30T20:00:00Z"), "in night until 2027-10-31T05:00:00Z");
        // 02:00 to 03:00 is not there when clocks go forward, and is there twice when they go back.
        let hour = hours(vec![window("hour", &all, "02:00", "03:00")]);
        assert_eq!(said(&hour, "2027-03-28T00:30:00Z"), "hour at 2027-03-29T00:00:00Z");
        assert_eq!(said(&hour, "2027-10-31T00:00:00Z"), "in hour until 2027-10-31T02:00:00Z");
        // What would open at a time that is not there opens when that time would have been.
        let late = hours(vec![window("late", &all, "02:30", "05:00")]);
        assert_eq!(said(&late, "2027-03-28T00:30:00Z"), "late at 2027-03-28T01:30:00Z");
    }

    #[test]
    fn a_whole_day_has_no_gap() {
        let day = hours(vec![window("free", &[Weekday::Saturday, Weekday::Sunday], "00:00", "00:00")]);
        assert_eq!(said(&day, "2026-11-27T12:00:00Z"), "free at 2026-11-27T23:00:00Z");
        assert_eq!(said(&day, "2026-11-28T12:00:00Z"), "in free until 2026-11-28T23:00:00Z");
        assert_eq!(said(&day, "2026-11-28T23:00:00Z"), "in free until 2026-11-29T23:00:00Z");
        assert_eq!(said(&day, "2026-11-29T23:00:00Z"), "free at 2026-12-04T23:00:00Z");
    }
}
