//! `herder up`: the daemon's life, from its lock to its last word.

mod admitting;
mod aftermath;
mod announcing;
mod attend;
mod claiming;
mod daemon;
mod farewell;
mod following;
mod hearing;
mod inbox;
mod keeping;
mod measuring;
mod observing;
mod proposals;
mod reload;
mod reminding;
mod shutdown;
mod sleep;
mod spending;
mod starting;
mod sums;
mod telling;
mod unwanted;
mod upkeep;
mod watching;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use herder_config::{ConfigError, Flags, Settings, UserConfig};
use herder_domain::capacity::{Admission, Capacity, Headroom, Room, Slots};
use herder_domain::event::Event;
use herder_domain::hours::Hours;
use herder_domain::judge::Policy;
use herder_domain::plan::{Plan, plan};
use herder_domain::purse::Purse;
use herder_domain::repo::RepoId;
use herder_domain::share::{LATELY, Shares};
use herder_executor::Sampler;
use herder_record::{RecordError, StateDir};
use herder_store::{AppendError, OpenError, Store, StoreError};
use jiff::Timestamp;

use crate::context::{Context, lookup};
use crate::lock::OrchestratorLock;
use crate::told::Told;
pub use attend::{Attend, IsOver, attend};
use daemon::Daemon;
use measuring::Measuring;

pub use spending::heed_purse;

/// When `up` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// When it is told to.
    Stay,
    /// When nothing runs and nothing queued can start without a person.
    Once,
}

/// What `up` is given.
pub struct Up {
    /// The state directory.
    pub state: StateDir,
    /// The user's configuration.
    pub config: UserConfig,
    /// The flags of the command line.
    pub flags: Flags,
    /// When to end.
    pub mode: Mode,
    /// Work off this repository alone.
    pub only: Option<RepoId>,
    /// The program that is herder; `/proc/self/exe` for this very one.
    pub herder: PathBuf,
    /// Where proc(5) tells of this machine: `/proc`, if herder is not in a container that sees its host elsewhere.
    pub proc: PathBuf,
    /// Hears what happens.
    pub tell: Box<dyn Fn(&Told) + Send + Sync>,
}

/// How `up` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpEnd {
    /// It was told to stop.
    Stopped,
    /// It was asked to see home what was at work, and did.
    Drained,
    /// It was asked to go without its ralphs; they are at work.
    Left,
    /// Nothing is left to do without a person.
    Idle,
    /// Goals are left that wait for an account.
    Parked,
}

/// Failed to work.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// Another orchestrator works on this state directory.
    #[error("another orchestrator is at work on {}{}", state.display(), pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Busy {
        /// The state directory.
        state: PathBuf,
        /// The other's process id, where it is known.
        pid: Option<u32>,
    },
    /// The directory for clones is another state directory's.
    #[error("{} holds the clones of another state directory, {}", root.display(), owner.display())]
    RootTaken {
        /// The directory for clones.
        root: PathBuf,
        /// The other state directory.
        owner: PathBuf,
    },
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refuses an event.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The state directory.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The address for webhooks cannot be had.
    #[error("failed to listen for webhooks on {address}: {error}")]
    Deaf {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// Webhooks are to be heard, and none could be told from a forged one.
    #[error("failed to listen for webhooks on {address}: no host has a secret for them ({why})")]
    NoSecret {
        /// The address.
        address: SocketAddr,
        /// What each host lacks.
        why: String,
    },
    /// A thread, a socket or a signal handler could not be had.
    #[error("failed to start the orchestrator: {0}")]
    System(#[from] io::Error),
}

impl UpError {
    /// Whether the same may work a little later. The night must not end because the disk was full for a
    /// minute, or for want of a thread.
    fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) | Self::Append(AppendError::Store(error)) => error.is_passing(),
            Self::System(_) => true,
            Self::Busy { .. }
            | Self::RootTaken { .. }
            | Self::Config(_)
            | Self::Open(_)
            | Self::Append(AppendError::Illegal(_) | AppendError::Unknown(_))
            | Self::Deaf { .. }
            | Self::NoSecret { .. }
            | Self::Record(_) => false,
        }
    }
}

/// Works off queued goals.
///
/// # Errors
/// [`UpError`]. Ralphs that are at work stay so; the next `up` adopts them.
pub fn up(order: Up) -> Result<UpEnd, UpError> {
    order.state.create()?;
    let settings = order.config.vet(&order.flags, lookup)?;
    let Some(lock) = OrchestratorLock::try_take(&order.state)? else {
        let holder = crate::lock::holder(&order.state)?;
        let pid = holder.and_then(|holder| holder.process).map(|process| process.pid);
        return Err(UpError::Busy { state: order.state.root().into(), pid });
    };
    let root = &settings.root.value;
    if let Some(owner) = crate::root::claim(root, order.state.root())? {
        return Err(UpError::RootTaken { root: root.clone(), owner });
    }
    let mut store = Store::open(&order.state.database())?;
    for trouble in aftermath::sweep(&order.state, &store.repos()?) {
        (order.tell)(&Told::note(Timestamp::now(), trouble));
    }
    give_way(&mut store, &order)?;
    let planning =
        herder_store::Settings { only: order.only, ..planning(&order.config, &order.flags, &settings)? };
    // Keepers of landing gates are ours to inherit, should they die.
    herder_executor::become_subreaper()?;
    let context = Context::new(order.state, order.config, order.flags, settings, order.herder)?;
    let mut daemon = Daemon::new(context, store, planning, order.tell)?;
    daemon.measuring = Measuring::reading(order.proc);
    let listening = hearing::begin(&daemon)?;
    let end = daemon.run(order.mode);
    drop(listening);
    drop(lock);
    end
}

/// What a person set before (`herder set max`) gives way to what is said now.
fn give_way(store: &mut Store, order: &Up) -> Result<(), UpError> {
    let (Some(now), Some(before)) = (order.flags.max, store.limits()?.everywhere) else { return Ok(()) };
    let at = Timestamp::now();
    store.append(&Event::MaxSet { repo: None, max: None }, at)?;
    (order.tell)(&Told::note(at, format!("`up --max {now}` replaces `herder set max {before}`")));
    Ok(())
}

/// What `up` would do now, in one repository alone where `only` names it: the plan, with nothing recorded and nothing done.
///
/// # Errors
/// [`UpError`].
pub fn dry_run(
    state: &StateDir,
    config: &UserConfig,
    flags: &Flags,
    only: Option<RepoId>,
) -> Result<Plan, UpError> {
    let settings = config.settings(flags, lookup)?;
    let store = Store::open(&state.database())?;
    let mut planning = herder_store::Settings { only, ..planning(config, flags, &settings)? };
    let now = Timestamp::now();
    heed_repos(&mut planning, &store, config, now)?;
    heed_room(&mut planning, &store, state)?;
    heed_purse(&mut planning, (&store, state), config, now)?;
    let world = store.world(&planning)?;
    Ok(plan(&world, now))
}

/// The settings as the planner takes them.
///
/// # Errors
/// Settings that an orchestrator could not work with.
pub fn planning(
    config: &UserConfig,
    flags: &Flags,
    settings: &Settings,
) -> Result<herder_store::Settings, ConfigError> {
    let policy = Policy {
        backoff_first: settings.backoff_first.value.0,
        backoff_longest: settings.backoff_longest.value.0,
        ..Policy::default()
    };
    let defaults = herder_config::resolve(
        &herder_domain::goal::GoalOptions::default(),
        flags,
        None,
        &herder_config::RepositoryConfig::empty(),
        config,
        lookup,
    )?;
    let hours = config.hours(flags)?;
    let is_auto = asks_machine(settings, &hours);
    Ok(herder_store::Settings {
        capacity: Capacity { max: settings.max.value.most(), admission: Admission::Open },
        room: is_auto.then(Room::unknown),
        policy,
        default_agent: defaults.agent.value,
        only: None,
        max_in: BTreeMap::new(),
        hours,
        starts_on_red: std::collections::BTreeSet::new(),
        purse: Purse { allowances: config.allowances(), ..Purse::default() },
        shares: Shares::default(),
        past_gate: std::collections::BTreeSet::new(),
    })
}

/// Whether it is configured anywhere that the machine's room decides.
fn asks_machine(settings: &Settings, hours: &Hours) -> bool {
    let mut slots = hours.windows.iter().map(|window| window.max).chain([settings.max.value]);
    slots.any(|slots| slots == Slots::Auto)
}

/// Puts into what the planner looks at what an orchestrator measured last, or what is seen now where none did, and what runs
/// are like, where that is to decide.
///
/// # Errors
/// The database.
pub fn heed_room(
    planning: &mut herder_store::Settings,
    store: &Store,
    state: &StateDir,
) -> Result<(), StoreError> {
    if store.limits()?.everywhere == Some(Slots::Auto) {
        planning.room.get_or_insert_with(Room::unknown);
    }
    if let Some(room) = &mut planning.room {
        // What cannot be read was not measured.
        let measured = state.headroom().ok().flatten();
        room.headroom = Some(measured.unwrap_or_else(|| {
            let mut sampler = Sampler::new(vec![state.root().to_owned()]);
            Headroom::of(&sampler.sample(Timestamp::now(), &[]))
        }));
        room.footprints = store.footprints()?;
    }
    Ok(())
}

/// Puts into what the planner looks at what the user says of each registered repository, and what each has had.
///
/// # Errors
/// The database.
pub fn heed_repos(
    planning: &mut herder_store::Settings,
    store: &Store,
    config: &UserConfig,
    now: Timestamp,
) -> Result<(), StoreError> {
    let repos: Vec<RepoId> = store.repos()?.into_iter().map(|repo| repo.id).collect();
    let bounded = |repo: &RepoId| Some((repo.clone(), config.max_in(repo)?.value));
    let weighed = |repo: &RepoId| Some((repo.clone(), config.weight_of(repo)?.value));
    planning.max_in = repos.iter().filter_map(bounded).collect();
    planning.shares.weights = repos.iter().filter_map(weighed).collect();
    let starts_on_red = repos.iter().filter(|repo| !config.pauses_on_red(repo).value);
    planning.starts_on_red = starts_on_red.cloned().collect();
    // Whoever is alone has all.
    planning.shares.had = match repos.len() {
        0 | 1 => BTreeMap::new(),
        _ => store.time_at_work(now.saturating_sub(LATELY).unwrap_or(Timestamp::MIN))?,
    };
    Ok(())
}
