//! How many runs may be at work, hour by hour, as far ahead as a night is played.

use jiff::Timestamp;

use super::night::Millis;
use crate::hours::Hour;
use crate::world::World;

/// So many changes of hours are looked at; a week with two windows a day has 28.
const MOST: usize = 64;

/// The hours from now on.
#[derive(Debug)]
pub(super) struct Calendar {
    /// The first begins now; the last has no end.
    stretches: Vec<Stretch>,
}

/// A time in which the same holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    from: Millis,
    /// How many runs may be at work.
    pub slots: usize,
    /// Whether the machine has to have room, too.
    pub by_machine: ByMachine,
}

/// Who decides whether one more run may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByMachine {
    /// The machine's room, within the slots.
    Asked,
    /// The slots alone.
    NotAsked,
}

impl Calendar {
    pub(super) fn of(world: &World, now: Timestamp) -> Self {
        let mut stretches = Vec::new();
        let mut at = now;
        while stretches.len() < MOST {
            let hour = world.hours.at(at);
            stretches.push(Stretch::of(world, hour, super::night::millis(now, at)));
            match hour.until() {
                Some(until) if until > at => at = until,
                Some(_) | None => break,
            }
        }
        Self { stretches }
    }

    pub(super) fn at(&self, now: Millis) -> Stretch {
        let after = self.stretches.partition_point(|stretch| stretch.from <= now);
        let at = self.stretches.get(after.saturating_sub(1));
        at.copied().unwrap_or(Stretch { from: 0, slots: 0, by_machine: ByMachine::NotAsked })
    }

    /// When another hour begins.
    pub(super) fn next(&self, now: Millis) -> Option<Millis> {
        let after = self.stretches.partition_point(|stretch| stretch.from <= now);
        self.stretches.get(after).map(|stretch| stretch.from)
    }
}

impl Stretch {
    fn of(world: &World, hour: Hour<'_>, from: Millis) -> Self {
        let slots = match hour {
            Hour::Any | Hour::In(_) => world.max(hour),
            Hour::Out { .. } => 0,
        };
        let by_machine = world.room_in(hour).map_or(ByMachine::NotAsked, |_| ByMachine::Asked);
        Self { from, slots, by_machine }
    }
}
