//! Whether the machine has room for the next goal: one begins at a time, and then it is looked at again.

use jiff::Timestamp;

use super::wait::Wait;
use crate::capacity::{GLANCE, Room, Shortage, shortage};
use crate::goal::Goal;
use crate::hours::Hour;
use crate::world::World;

/// The machine's room, as goals ask for it one after the other.
pub(super) struct Rooms<'w> {
    world: &'w World,
    room: Option<&'w Room>,
    now: Timestamp,
    /// What there was no room for any more. Whoever is next in turn is not passed over by a smaller one: it would
    /// wait for ever.
    refused: Option<Shortage>,
}

impl<'w> Rooms<'w> {
    pub(super) fn of(world: &'w World, hour: Hour<'_>, now: Timestamp) -> Self {
        Self { world, room: world.room_in(hour), now, refused: None }
    }

    pub(super) fn no_room(&mut self, goal: &Goal) -> Option<Wait> {
        let room = self.room?;
        if self.refused.is_none() {
            self.refused = shortage(self.world, room, goal, self.now);
        }
        self.refused.clone().map(|shortage| Wait::NoRoom { shortage })
    }

    /// A goal begins.
    pub(super) fn take(&mut self) {
        let until = self.now.checked_add(GLANCE).unwrap_or(Timestamp::MAX);
        self.refused = Some(Shortage::Settling { until });
    }
}
