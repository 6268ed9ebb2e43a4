//! What the terminal view is told and may order: by the very functions that carry commands out.

use std::time::Duration;

use herder_dashboard::Desk as _;
use herder_domain::forge::Home;
use herder_domain::hours::Hour;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::world::World;
use herder_executor::{cores, tokens_taken};
use herder_forge::budget::{Budget, Resource};
use herder_oneshot::{Environment, OneShot};
use herder_view::{Now, Order, Picture};
use herder_watch::{Desk, Gauge, Sight};
use jiff::Timestamp;

use crate::call::{Call, Opened, env_text};
use crate::command::why;
use crate::desk::CommandDesk;
use crate::failure::Failure;
use crate::output::Output;

/// How long a program may take to hand an address to a browser.
const OPENING: Duration = Duration::from_secs(10);

/// Answers the terminal view as the command line would.
#[derive(Debug)]
pub struct WatchDesk {
    opened: Opened,
    only: Option<RepoId>,
    orders: CommandDesk,
    picture: Option<Picture>,
}

impl WatchDesk {
    /// For this state directory, which is that of the environment; of all repositories or of one.
    pub fn new(opened: Opened, only: Option<RepoId>) -> Self {
        let orders = CommandDesk::of(opened.state.clone());
        Self { opened, only, orders, picture: None }
    }

    fn picture(&mut self, now: Timestamp) -> Result<Picture, Failure> {
        let version = self.opened.store.data_version()?;
        if let Some(picture) = self.picture.as_ref().filter(|picture| picture.is_good(version)) {
            return Ok(picture.clone());
        }
        let call = Call { output: Output::new(true), repo: None, now };
        let world = why::world(&call, &self.opened.state, &self.opened.store)?;
        let picture = Picture::of(&self.opened.store, version, world, now)?;
        self.picture = Some(picture.clone());
        Ok(picture)
    }

    fn sight(&mut self, at: Timestamp) -> Result<Sight, Failure> {
        let picture = self.picture(at)?;
        let mut now = picture.now(&self.opened.state, at);
        if let Some(only) = &self.only {
            narrow(&mut now, only);
        }
        let gauges = self.gauges(picture.world(), at)?;
        Ok(Sight::of(picture.world(), now, self.orders.orchestrator(), gauges))
    }

    fn gauges(&self, world: &World, now: Timestamp) -> Result<Vec<Gauge>, Failure> {
        let tokens = self.tokens(now)?;
        let gauges = tokens
            .into_iter()
            .chain(budget(world))
            .chain(self.requests(world, now)?)
            .chain(window(world, now));
        Ok(gauges.collect())
    }

    /// Build tokens in use.
    fn tokens(&self, now: Timestamp) -> Result<Option<Gauge>, Failure> {
        let call = Call { output: Output::new(true), repo: None, now };
        let count = call.config()?.build_tokens();
        let pool = count.pool(cores(), self.opened.state.tokens(), Vec::new());
        Ok(pool.and_then(|pool| {
            let taken = tokens_taken(&pool.pool)?;
            Some(Gauge::new("build tokens", format!("{taken}/{}", pool.count)))
        }))
    }

    /// Requests to each forge in the hour that goes on, as the orchestrator wrote them down last.
    fn requests(&self, world: &World, now: Timestamp) -> Result<Vec<Gauge>, Failure> {
        let homes = world.repos.values().filter(|repo| repo.home != Home::Local);
        let mut hosts: Vec<&str> = homes.map(|repo| repo.id.host()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let mut gauges = Vec::new();
        for host in hosts {
            let kept = self.opened.store.budget(host)?;
            let kept = kept.and_then(|text| serde_json::from_str::<Budget>(&text).ok());
            gauges.extend(kept.map(|budget| {
                let of = |resource| budget.spent(resource, now);
                let reading = format!("{} requests {} points", of(Resource::Core), of(Resource::Graphql));
                Gauge::new(host, format!("{reading} this hour"))
            }));
        }
        Ok(gauges)
    }
}

impl Desk for WatchDesk {
    fn look(&mut self, now: Timestamp) -> Result<Sight, String> {
        self.sight(now).map_err(|failure| failure.message)
    }

    fn order(&mut self, goal: &GoalRef, order: &Order) -> Result<(), String> {
        herder_dashboard::Desk::order(&self.orders, goal, order).map_err(|trouble| trouble.message)
    }

    fn open(&mut self, address: &str) -> Result<(), String> {
        // Without a screen of its own there is no browser that a person would see (ssh).
        if ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().all(|name| env_text(name).is_none()) {
            return Err("no screen for a browser here".to_owned());
        }
        let opening = OneShot::new("xdg-open").arg(address).environment(Environment::Inherited(Vec::new()));
        match opening.time_limit(OPENING).run() {
            Ok(finished) if finished.status.success() => Ok(()),
            Ok(finished) => Err(format!("xdg-open: {}", finished.status)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What is of one repository.
fn narrow(now: &mut Now, only: &RepoId) {
    now.needs.retain(|need| need.goal.repo == *only);
    now.running.retain(|work| work.goal.as_ref().is_some_and(|goal| goal.repo == *only));
    now.queue.retain(|waiting| waiting.goal.repo == *only);
    (now.needing, now.queued) = (now.needs.len(), now.queue.len());
}

/// What was spent today of what may be.
fn budget(world: &World) -> Option<Gauge> {
    let limit = world.purse.allowances.day.usd?;
    let live: f64 = world.purse.live.values().map(|spent| spent.usd).sum();
    Some(Gauge::new("today", format!("${:.2} of ${limit:.2}", world.purse.ended.day.usd + live)))
}

/// When another hour begins.
fn window(world: &World, now: Timestamp) -> Option<Gauge> {
    let clock = |at: Timestamp| at.to_zoned(world.hours.zone.clone()).strftime("%a %H:%M").to_string();
    match world.hours.at(now) {
        Hour::Any => None,
        Hour::In(open) => {
            Some(Gauge::new("window", format!("{} till {}", open.window.name, clock(open.until))))
        }
        Hour::Out { next: Some((window, at)) } => {
            Some(Gauge::new("next window", format!("{} at {}", window.name, clock(at))))
        }
        Hour::Out { next: None } => Some(Gauge::new("next window", "none")),
    }
}
