//! What is told by a way, and when.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::level::Level;
use crate::repo::{GoalRef, RepoId};

/// What is told by a way, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// What matters less is not told by it.
    pub level: Level,
    /// What is about other repositories is not told by it; none: about whichever.
    pub repos: Vec<RepoId>,
    /// What is about other stories is not told by it; none: about whichever.
    pub stories: Vec<GoalRef>,
    /// When it tells; absent: at any hour.
    pub awake: Option<Awake>,
}

/// From when to when somebody hears a way, each day.
#[derive(Clone, Debug, PartialEq)]
pub struct Awake {
    /// Whose clocks count.
    pub zone: TimeZone,
    /// From then.
    pub from: Time,
    /// Until then: on the next day, where that is not later.
    pub to: Time,
}

impl Route {
    /// Whether what matters so much, and is about this goal (with its story), is told by this way at all. What is about
    /// none (a digest) is not kept back by repositories and stories.
    pub fn takes(&self, level: Level, about: Option<(&GoalRef, Option<&GoalRef>)>) -> bool {
        let is_wanted = about.is_none_or(|(goal, story)| {
            (self.repos.is_empty() || self.repos.contains(&goal.repo))
                && (self.stories.is_empty() || story.is_some_and(|story| self.stories.contains(story)))
        });
        level >= self.level && is_wanted
    }

    /// When this way tells next, where it does not now. What is urgent is told at any hour.
    pub fn opens(&self, level: Level, now: Timestamp) -> Option<Timestamp> {
        match (&self.awake, level) {
            (Some(awake), Level::Info | Level::Attention) => awake.opens(now),
            (Some(_), Level::Urgent) | (None, _) => None,
        }
    }
}

impl Awake {
    fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let here = now.to_zoned(self.zone.clone());
        let time = here.time();
        let is_awake = match self.from < self.to {
            true => self.from <= time && time < self.to,
            false => self.from <= time || time < self.to,
        };
        if is_awake {
            return None;
        }
        let today = here.date();
        let day = if time < self.from { today } else { today.checked_add(1.day()).ok()? };
        // Where clocks are put forward over the time, it is when they have been.
        let opens = day.to_datetime(self.from).to_zoned(self.zone.clone()).ok()?.timestamp();
        (opens > now).then_some(opens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_takes_what_it_is_for() {
        let app: RepoId = "acme/app".parse().unwrap();
        let all = Route { level: Level::Info, ..Route::default() };
        let loud = Route::default();
        let of_app = Route { repos: vec![app.clone()], ..all.clone() };
        let of_story = Route { stories: vec![GoalRef::new(app, 2)], ..all.clone() };
        let table = [
            (Level::Info, None, None, [true, false, true, true]),
            (Level::Info, Some("acme/app"), None, [true, false, true, false]),
            (Level::Attention, Some("acme/app"), Some(2), [true, true, true, true]),
            (Level::Attention, Some("acme/app"), Some(3), [true, true, true, false]),
            (Level::Urgent, Some("acme/lib"), Some(2), [true, true, false, false]),
        ];
        for (level, repo, story, expected) in table {
            let of = |number| repo.map(|name: &str| GoalRef::new(name.parse().unwrap(), number));
            let (goal, story) = (of(7), story.and_then(of));
            let about = goal.as_ref().map(|goal| (goal, story.as_ref()));
            let takes = [&all, &loud, &of_app, &of_story].map(|route| route.takes(level, about));
            assert_eq!(takes, expected, "{level} {about:?}");
        }
    }

    #[test]
    fn a_way_waits_for_its_hours_unless_it_is_urgent() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let time = |hour| Time::constant(hour, 0, 0, 0);
        let by_day = Awake { zone: TimeZone::UTC, from: time(8), to: time(22) };
        let by_night = Awake { from: time(22), to: time(6), ..by_day.clone() };
        let (early, noon, late) = ("2026-03-01T07:59:00Z", "2026-03-01T12:00:00Z", "2026-03-01T22:00:00Z");
        assert_eq!(by_day.opens(at(early)), Some(at("2026-03-01T08:00:00Z")));
        assert_eq!(by_day.opens(at(noon)), None);
        assert_eq!(by_day.opens(at(late)), Some(at("2026-03-02T08:00:00Z")));
        assert_eq!(by_night.opens(at(late)), None);
        assert_eq!(by_night.opens(at("2026-03-01T05:59:59Z")), None);
        assert_eq!(by_night.opens(at(early)), Some(at(late)));
        let route = Route { awake: Some(by_day), ..Route::default() };
        assert!(route.opens(Level::Attention, at(late)).is_some());
        assert_eq!(route.opens(Level::Urgent, at(late)), None);
    }

    #[test]
    fn a_way_wakes_by_the_clocks_of_its_place_when_they_change() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let awake = Awake { zone, from: Time::constant(2, 30, 0, 0), to: Time::constant(22, 0, 0, 0) };
        // On 29 March 2026 there is no 02:30 there.
        let midnight: Timestamp = "2026-03-28T23:00:00Z".parse().unwrap();
        assert_eq!(awake.opens(midnight), Some("2026-03-29T01:30:00Z".parse().unwrap()));
    }
}
