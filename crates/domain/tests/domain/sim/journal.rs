//! What outlives a killed orchestrator: events and effects as JSON, as the store keeps them.

use herder_domain::capacity::Capacity;
use herder_domain::effect::Effect;
use herder_domain::event::Event;
use herder_domain::world::World;
use jiff::Timestamp;

use super::{AGENT, Sim};

/// One line.
pub enum Line {
    Event { json: String, at: Timestamp },
    Opened { json: String },
    Done(String),
    Capacity(Capacity),
}

impl Line {
    pub fn event(event: &Event, at: Timestamp) -> Self {
        Self::Event { json: serde_json::to_string(event).unwrap(), at }
    }

    pub fn opened(effect: &Effect) -> Self {
        Self::Opened { json: serde_json::to_string(effect).unwrap() }
    }
}

impl Sim {
    /// The orchestrator is killed and started again: what it knows is what the journal says. Effects that
    /// were open are open still, and are done again.
    pub fn crash(&mut self) {
        // Which gates were passed, too: both landings begin again.
        self.world.past_gate.clear();
        let mut world = World::new(self.world.capacity, self.world.policy, AGENT);
        // Of what was said and of what the ledger has, the journal knows nothing.
        world.shares.clone_from(&self.world.shares);
        for line in &self.journal {
            match line {
                Line::Event { json, at } => {
                    let event: Event = serde_json::from_str(json).unwrap();
                    world.record(&event, *at).unwrap_or_else(|refusal| panic!("{refusal} in replay: {json}"));
                }
                Line::Opened { json } => {
                    let effect: Effect = serde_json::from_str(json).unwrap();
                    world.open.insert(effect.key(), effect);
                }
                Line::Done(key) => {
                    world.open.remove(key);
                    world.done.insert(key.clone());
                }
                Line::Capacity(capacity) => world.capacity = *capacity,
            }
        }
        assert_eq!(world, self.world, "the replayed journal gives another world");
        self.world = world;
    }
}
