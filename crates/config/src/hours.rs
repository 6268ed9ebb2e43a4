//! When work may begin: windows of the week, each with what holds in it.

use herder_domain::capacity::Slots;
use herder_domain::hours::{Hours, Notices, Window};
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::error::ConfigError;
use crate::file::UserConfig;
use crate::resolve::Flags;

/// The table of one window.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct HoursText {
    pub days: Option<Vec<Day>>,
    pub from: Option<Clock>,
    pub to: Option<Clock>,
    pub max: Option<Slots>,
    pub models: Vec<String>,
    pub notify: Option<Notices>,
}

/// A day of the week, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

/// A time of day, written `22:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Clock(pub Time);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// Why a text is no time of day.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no time of day")]
pub(crate) struct BadClock(String);

impl TryFrom<String> for Clock {
    type Error = BadClock;

    fn try_from(text: String) -> Result<Self, BadClock> {
        Time::strptime("%H:%M", &text).map(Self).map_err(|_| BadClock(text))
    }
}

impl UserConfig {
    /// When work may begin. `up --max` goes before what windows say of slots, and where they say nothing the usual number
    /// holds in them too.
    ///
    /// # Errors
    /// A time zone that this machine does not know, a window without its beginning or end, a model that is no name.
    pub fn hours(&self, flags: &Flags) -> Result<Hours, ConfigError> {
        let usual = self.max(flags).value;
        let window = |(name, said): (&String, &HoursText)| {
            let max = flags.max.or(said.max).unwrap_or(usual);
            self.window(name, said, max)
        };
        let windows = self.raw.hours.iter().map(window).collect::<Result<_, _>>()?;
        Ok(Hours { zone: self.time_zone()?, windows })
    }

    fn window(&self, name: &str, said: &HoursText, max: Slots) -> Result<Window, ConfigError> {
        let missing = |key: &str| self.lines.bad_value(&["hours", name, key], "the window needs it");
        let from = said.from.ok_or_else(|| missing("from"))?.0;
        let to = said.to.ok_or_else(|| missing("to"))?.0;
        let days = said.days.clone().unwrap_or_else(|| Day::ALL.to_vec());
        if days.is_empty() {
            return Err(self.lines.bad_value(&["hours", name, "days"], "it would never open"));
        }
        for model in &said.models {
            let key = ["hours", name, "models"];
            if model.is_empty() || model.starts_with('-') || model.contains(char::is_whitespace) {
                return Err(self.lines.bad_value(&key, format!("{model:?} is not a name")));
            }
        }
        Ok(Window {
            name: name.to_owned(),
            days: days.into_iter().map(Day::weekday).collect(),
            from,
            to,
            max,
            models: said.models.clone(),
            notices: said.notify.unwrap_or_default(),
        })
    }

    /// Whose clocks windows and days go by: this machine's, where nobody says.
    ///
    /// # Errors
    /// This machine does not know the zone.
    pub fn time_zone(&self) -> Result<TimeZone, ConfigError> {
        let Some(name) = &self.raw.time_zone else { return Ok(TimeZone::system()) };
        TimeZone::get(name)
            .or_else(|_| TimeZone::posix(name))
            .map_err(|error| self.lines.bad_value(&["time_zone"], error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn hours(text: &str, flags: &Flags) -> Result<Hours, String> {
        let config = UserConfig::parse(Path::new("/c.toml"), text).map_err(|error| error.to_string())?;
        config.hours(flags).map_err(|error| error.to_string())
    }

    #[test]
    fn windows_are_read_with_what_holds_in_them() {
        let text = "max = 3\ntime_zone = \"CET-1CEST,M3.5.0,M10.5.0/3\"\n\
                    [hours.day]\ndays = [\"mon\", \"sun\"]\nfrom = \"08:00\"\nto = \"18:30\"\nmodels = [\"haiku\"]\n\
                    [hours.night]\nfrom = \"22:00\"\nto = \"06:00\"\nmax = \"auto\"\nnotify = \"after\"\n";
        let read = hours(text, &Flags::default()).unwrap();
        let [day, night] = &read.windows[..] else { panic!("{read:?}") };
        assert_eq!((day.name.as_str(), &day.days[..]), ("day", &[Weekday::Monday, Weekday::Sunday][..]));
        assert_eq!((day.max, night.max), ("3".parse().unwrap(), Slots::Auto));
        assert_eq!((day.allows("haiku"), day.allows("opus"), night.allows("opus")), (true, false, true));
        assert_eq!((day.notices, night.notices, night.days.len()), (Notices::AtOnce, Notices::After, 7));
        assert_eq!(day.to, Time::constant(18, 30, 0, 0));
        let flags = Flags { max: Some("7".parse().unwrap()), ..Flags::default() };
        assert!(hours(text, &flags).unwrap().windows.iter().all(|window| window.max.most() == 7));
        assert_eq!(hours("", &flags).unwrap().windows, []);
    }

    #[test]
    fn what_is_no_window_is_an_error_that_names_its_line() {
        for (text, expected) in [
            ("time_zone = \"Mars/Olympus\"", "/c.toml:1"),
            ("[hours.night]\nfrom = \"22:00\"\n", "hours.night.to"),
            ("[hours.night]\nto = \"22:00\"\n", "hours.night.from"),
            ("[hours.night]\nfrom = \"10 pm\"\nto = \"06:00\"\n", "time of day"),
            ("[hours.night]\nfrom = \"22:00\"\nto = \"06:00\"\ndays = []\n", "never open"),
            ("[hours.night]\nfrom = \"22:00\"\nto = \"06:00\"\ndays = [\"monday\"]\n", "days"),
            ("[hours.night]\nfrom = \"22:00\"\nto = \"06:00\"\nmodels = [\"-x\"]\n", "not a name"),
        ] {
            let error = hours(text, &Flags::default()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
