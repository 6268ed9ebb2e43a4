//! What the planner sees, and what it would say: kept until something was written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use herder_domain::forecast::Forecast;
use herder_domain::plan::{Wait, plan};
use herder_domain::repo::GoalRef;
use herder_domain::world::World;
use herder_record::StateDir;
use herder_store::{Store, StoreError};
use jiff::Timestamp;

use super::foretold::foretell;
use super::now::Now;

/// How long a picture is good for where nothing was written: reasons pass with time alone.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// What the planner sees, and what it would say. Copies share it.
#[derive(Clone, Debug)]
pub struct Picture {
    version: i64,
    made: Instant,
    world: Arc<World>,
    waits: Arc<BTreeMap<GoalRef, Vec<Wait>>>,
    forecast: Arc<Forecast>,
}

impl Picture {
    /// The picture of a world that was read from a database when it had this version ([`Store::data_version`]).
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn of(store: &Store, version: i64, world: World, at: Timestamp) -> Result<Self, StoreError> {
        let waits = plan(&world, at).waits;
        let forecast = foretell(store, &world, at)?;
        let (world, waits, forecast) = (Arc::new(world), Arc::new(waits), Arc::new(forecast));
        Ok(Self { version, made: Instant::now(), world, waits, forecast })
    }

    /// Whether it still shows what is so, where the database has this version.
    pub fn is_good(&self, version: i64) -> bool {
        self.version == version && self.made.elapsed() < GOOD_FOR
    }

    /// The database's version that it is of.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// What the planner sees.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What is so at this moment, with what the run directories tell.
    pub fn now(&self, state: &StateDir, at: Timestamp) -> Now {
        Now::of(&self.world, &self.waits, &self.forecast, state, at)
    }
}
