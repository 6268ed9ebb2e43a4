//! What is to be done now: a pure function of the whole picture and the time.

mod ailing;
mod announce;
mod books;
mod follow;
mod lanes;
mod outlook;
mod queue;
mod relief;
mod rooms;
mod runs;
mod turns;
mod wait;
mod windows;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use outlook::{Outlook, is_at_work, outlook};
pub(crate) use relief::makes_way_at;
pub use runs::is_wanted;
pub use turns::turns;
pub use wait::{DependencyTrouble, Wait};

use crate::effect::Effect;
use crate::event::{Event, What};
use crate::repo::GoalRef;
use crate::story::StoryState;
use crate::world::World;

/// What is to be done now, and why the rest is not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Events that are decisions of the planner; they are recorded, and then it plans again.
    pub decisions: Vec<Event>,
    /// Deeds that are not ordered yet.
    pub effects: Vec<Effect>,
    /// Why each queued goal that does not start does not.
    pub waits: BTreeMap<GoalRef, Vec<Wait>>,
    /// When time alone will change the answer.
    pub wake_at: Option<Timestamp>,
}

impl Plan {
    /// Whether nothing is to be done.
    pub fn is_quiet(&self) -> bool {
        self.decisions.is_empty() && self.effects.is_empty()
    }

    fn wake(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Decides, unless the goal is out of the planner's hands: a decision that its record refuses would be
    /// decided again and again.
    fn decide(&mut self, world: &World, goal: &GoalRef, what: What) {
        if !world.is_quarantined(goal) {
            self.decisions.push(Event::of(goal, what));
        }
    }

    fn order(&mut self, world: &World, effect: Effect) {
        if !world.was_ordered(&effect.key()) {
            self.effects.push(effect);
        }
    }
}

/// Plans. It knows no clock: the same world and the same time give the same plan.
pub fn plan(world: &World, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let books = books::Books::of(world, now);
    runs::advance(world, books.as_ref(), now, &mut plan);
    relief::relieve(world, now, &mut plan);
    lanes::advance(world, now, &mut plan);
    follow::show(world, &mut plan);
    close_stories(world, &mut plan);
    queue::admit(world, books.as_ref(), now, &mut plan);
    books.iter().for_each(|books| books.warn(world, &mut plan));
    ailing::tell(world, &mut plan);
    announce::refresh(world, now, &mut plan);
    plan
}

fn close_stories(world: &World, plan: &mut Plan) {
    for (story, standing) in &world.stories {
        match standing.state {
            StoryState::Open if standing.goals > 0 && standing.unsettled == 0 => {
                plan.decisions.push(Event::StoryClosed { story: story.clone() });
            }
            StoryState::Closed if standing.unsettled > 0 => {
                plan.decisions.push(Event::StoryReopened { story: story.clone() });
            }
            StoryState::Open | StoryState::Closed => {}
        }
    }
}
