//! Which effects this daemon carries out, and which may begin as it is going.

use herder_domain::effect::Effect;
use herder_domain::hours::Notices;
use jiff::Timestamp;

use super::daemon::{Course, Daemon};

impl Daemon {
    pub(super) fn is_mine(&self, effect: &Effect) -> bool {
        if self.only_for.as_ref().is_some_and(|what| *effect.goal() != what.goal) {
            return false;
        }
        self.planning.only.as_ref().is_none_or(|only| effect.goal().repo == *only)
    }

    /// Whether an effect may begin: while the daemon is going only what ends runs in order may.
    pub(super) fn is_admitted(&self, effect: &Effect) -> bool {
        match effect {
            Effect::Claim { .. } | Effect::Prepare { .. } | Effect::Launch { .. } => {
                self.course == Course::Working
            }
            Effect::Land { .. } | Effect::FollowLanding { .. } | Effect::Revert { .. } => {
                self.course != Course::Stopping
            }
            Effect::Notify { .. } => self.notices() == Notices::AtOnce,
            Effect::Stop { .. }
            | Effect::Tell { .. }
            | Effect::Freeze { .. }
            | Effect::Thaw { .. }
            | Effect::Propose { .. }
            | Effect::Collect { .. }
            | Effect::Clean { .. }
            | Effect::WriteStats { .. }
            | Effect::Comment { .. }
            | Effect::SumUp { .. }
            | Effect::ShowState { .. }
            | Effect::Announce { .. } => true,
        }
    }

    /// When a person is to be told of what there is to tell.
    fn notices(&self) -> Notices {
        let hour = self.planning.hours.at(Timestamp::now());
        hour.window().map_or(Notices::AtOnce, |window| window.notices)
    }

    /// When another hour begins: what was to be told after this one is told then.
    pub(super) fn next_hour(&self) -> Option<Timestamp> {
        self.planning.hours.at(Timestamp::now()).until()
    }
}
