//! Seeing one goal through: what a person's command has ordered is waited for. The orchestrator at work does
//! it; where none is, the command carries out what that one goal needs, and nothing else.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use herder_config::{Flags, UserConfig};
use herder_domain::capacity::{Admission, Capacity};
use herder_domain::repo::GoalRef;
use herder_record::StateDir;
use herder_store::{Store, StoreError};

use super::daemon::Daemon;
use super::{UpError, planning};
use crate::context::{Context, lookup};
use crate::lock::OrchestratorLock;
use crate::told::Told;

/// How often the database is looked at while somebody else is at work on it.
const LOOK: Duration = Duration::from_millis(100);

/// Says whether what is waited for has come about.
pub type IsOver = Box<dyn Fn(&Store) -> Result<bool, StoreError>>;

/// One goal that is seen through.
pub(super) struct OnlyFor {
    pub(super) goal: GoalRef,
    /// Whether what is waited for has come about.
    pub(super) is_over: IsOver,
}

/// What is waited for.
pub struct Attend {
    /// The state directory.
    pub state: StateDir,
    /// The user's configuration.
    pub config: UserConfig,
    /// The program that is herder; `/proc/self/exe` for this very one.
    pub herder: PathBuf,
    /// The goal.
    pub goal: GoalRef,
    /// Whether it has come about.
    pub is_over: IsOver,
    /// Hears what happens, where this process does it.
    pub tell: Box<dyn Fn(&Told) + Send + Sync>,
}

/// Waits until it has come about; false where this process was told to stop before. What is under way then
/// goes on with the next orchestrator.
///
/// # Errors
/// [`UpError`].
pub fn attend(order: Attend) -> Result<bool, UpError> {
    let store = Store::open(&order.state.database())?;
    loop {
        if (order.is_over)(&store)? {
            return Ok(true);
        }
        match OrchestratorLock::try_take(&order.state)? {
            Some(lock) => {
                let is_over = alone(order, store);
                drop(lock);
                return is_over;
            }
            None => thread::sleep(LOOK),
        }
    }
}

/// Under the orchestrator's lock, with no slot: what runs elsewhere goes on, and nothing begins but for the
/// goal.
fn alone(order: Attend, store: Store) -> Result<bool, UpError> {
    let flags = Flags::default();
    let settings = order.config.settings(&flags, lookup)?;
    let root = &settings.root.value;
    if let Some(owner) = crate::root::claim(root, order.state.root())? {
        return Err(UpError::RootTaken { root: root.clone(), owner });
    }
    let planning = herder_store::Settings {
        capacity: Capacity { max: 0, admission: Admission::Open },
        ..planning(&order.config, &flags, &settings)?
    };
    herder_executor::become_subreaper()?;
    let context = Context::new(order.state, order.config, flags, settings, order.herder)?;
    let daemon = Daemon::new(context, store, planning, order.tell)?;
    daemon.see_through(OnlyFor { goal: order.goal, is_over: order.is_over })
}
