//! Keeping the claims of goals on hosts while they are worked on, and letting go of them afterwards.
//!
//! It is no effect: nothing in the record follows from a renewal, and what there is to keep is looked at each time.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, TryLockError};
use std::thread;
use std::time::Duration;

use herder_domain::effect::Effect;
use herder_domain::event::Repo;
use herder_domain::forge::Home;
use herder_domain::repo::{Number, RepoId};
use herder_domain::world::World;
use herder_forge::claim::Terms;
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use super::inbox::Message;
use crate::context::Context;

/// When claims are renewed next.
#[derive(Default)]
pub(super) struct Keeping {
    due: Option<Timestamp>,
    /// Repositories in which claims of ours may be that belong to no goal at work. Held while they are kept.
    held: Arc<Mutex<BTreeSet<RepoId>>>,
}

/// A repository with the goals of it that are ours.
type Ours = BTreeMap<RepoId, (Repo, BTreeSet<Number>)>;

impl Daemon {
    /// Renews the claims of goals on hosts; gives when that will be due again.
    pub(super) fn keep_claims(&mut self) -> Result<Option<Timestamp>, UpError> {
        let now = Timestamp::now();
        // The whole picture is wanted only where there is something to keep, and its time has come.
        if self.keeping.is_due(now) && self.store.repos()?.iter().any(|repo| repo.home == Home::Github) {
            let world = self.store.world(&self.planning)?;
            self.keeping.begin(&self.context, &world, now, &self.sender)?;
        }
        Ok(self.keeping.due())
    }
}

impl Keeping {
    /// When.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Whether the time has come.
    fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_none_or(|due| due <= now)
    }

    /// Keeps all claims in a thread of its own, unless the last one is not over.
    pub(super) fn begin(
        &mut self,
        context: &Arc<Context>,
        world: &World,
        now: Timestamp,
        tell: &Sender<Message>,
    ) -> io::Result<()> {
        let is_first = self.due.is_none();
        let ours = ours(world);
        self.due = Some(now.checked_add(every()).unwrap_or(Timestamp::MAX));
        let (context, tell, held) = (Arc::clone(context), tell.clone(), Arc::clone(&self.held));
        thread::Builder::new().name("claims".into()).spawn(move || {
            let mut held = match held.try_lock() {
                Ok(held) => held,
                Err(TryLockError::Poisoned(held)) => held.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            if is_first {
                // An earlier orchestrator may have left claims behind.
                held.extend(ours.keys().cloned());
            }
            for (id, (repo, goals)) in &ours {
                if !goals.is_empty() || held.contains(id) {
                    keep(&context, repo, goals, &mut held, &tell);
                }
            }
        })?;
        Ok(())
    }
}

fn every() -> Duration {
    Terms::default().renew_every()
}

/// The repositories whose goals live on a host, with the goals that have a run here, or are about to.
fn ours(world: &World) -> Ours {
    let repos = world.repos.iter().filter(|(_, repo)| repo.home == Home::Github);
    let mut ours: Ours = repos.map(|(id, repo)| (id.clone(), (repo.clone(), BTreeSet::new()))).collect();
    let claimed = world
        .open
        .values()
        .filter_map(|effect| if let Effect::Claim { goal, .. } = effect { Some(goal) } else { None });
    for goal in world.runs.values().map(|run| &run.goal).chain(claimed) {
        if let Some((_, goals)) = ours.get_mut(&goal.repo) {
            goals.insert(goal.number);
        }
    }
    ours
}

/// Keeps the claims of one repository. What does not succeed is tried again the next time: a lease outlives two failures.
fn keep(
    context: &Context,
    repo: &Repo,
    goals: &BTreeSet<Number>,
    held: &mut BTreeSet<RepoId>,
    tell: &Sender<Message>,
) {
    held.insert(repo.id.clone());
    let kept = match context.claims(repo).map_err(|error| error.in_full()) {
        Ok(claims) => claims.keep(goals).map_err(|trouble| trouble.to_string()),
        Err(error) => Err(error),
    };
    match kept {
        Ok(holds) if !holds && goals.is_empty() => drop(held.remove(&repo.id)),
        Ok(_) => {}
        Err(why) => {
            let text = format!("failed to renew the claims in {}: {why}", repo.id.short());
            // Nobody listens any more where the daemon has ended.
            let _ = tell.send(Message::Noted(context.redactor.line(&text).into_string()));
        }
    }
}
