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
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::{Run, RunId, RunState};
use herder_domain::world::World;
use herder_forge::claim::Terms;
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use super::inbox::Message;
use crate::context::Context;
use crate::github::Kept;

/// When claims are renewed next.
#[derive(Default)]
pub(super) struct Keeping {
    due: Option<Timestamp>,
    /// Repositories in which claims of ours may be that belong to no goal at work. Held while they are kept.
    held: Arc<Mutex<BTreeSet<RepoId>>>,
}

/// A repository with the goals of it that are ours, and the run of each that is at work there or on its way home.
type Ours = BTreeMap<RepoId, (Repo, BTreeMap<Number, Option<RunId>>)>;

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

/// The repositories whose goals live on a host, with the goals that have a run here, or are about to, or whose end is not
/// shown there yet.
fn ours(world: &World) -> Ours {
    let repos = world.repos.iter().filter(|(_, repo)| repo.home == Home::Github);
    let mut ours: Ours = repos.map(|(id, repo)| (id.clone(), (repo.clone(), BTreeMap::new()))).collect();
    let is_about_it = |effect: &&Effect| matches!(effect, Effect::Claim { .. } | Effect::ShowState { .. });
    let about = world.open.values().filter(is_about_it).map(|effect| (effect.goal(), None));
    let runs = world.runs.values().map(|run| (&run.goal, can_be_lost(world, run).then(|| run.id.clone())));
    for (goal, run) in about.chain(runs) {
        if let Some((_, goals)) = ours.get_mut(&goal.repo) {
            let known = goals.entry(goal.number).or_default();
            *known = known.take().or(run);
        }
    }
    ours
}

/// Whether a run has its goal, and is to hear of it if that is so no more. What a person has in hand stays there, and one
/// that asks for its goal is answered itself.
fn can_be_lost(world: &World, run: &Run) -> bool {
    let is_landing = world.goals.get(&run.goal).is_some_and(|goal| goal.is_landing(&run.id));
    is_landing && run.by.is_none() && run.state != RunState::Ordered
}

/// Keeps the claims of one repository. What does not succeed is tried again the next time: a lease outlives two failures.
fn keep(
    context: &Context,
    repo: &Repo,
    goals: &BTreeMap<Number, Option<RunId>>,
    held: &mut BTreeSet<RepoId>,
    tell: &Sender<Message>,
) {
    held.insert(repo.id.clone());
    let ours = goals.keys().copied().collect();
    let kept = match context.claims(repo).map_err(|error| error.in_full()) {
        Ok(claims) => claims.keep(&ours).map_err(|trouble| trouble.to_string()),
        Err(error) => Err(error),
    };
    // Nobody listens any more where the daemon has ended.
    match kept {
        Ok(Kept { has_any, lost }) => {
            if !has_any && goals.is_empty() {
                held.remove(&repo.id);
            }
            for (goal, (owner, until)) in lost {
                let Some(Some(run)) = goals.get(&goal) else { continue };
                let what = What::GoalElsewhere { run: Some(run.clone()), owner: owner.to_string(), until };
                let goal = GoalRef { repo: repo.id.clone(), number: goal };
                let _ = tell.send(Message::Lost(Box::new(Event::of(&goal, what))));
            }
        }
        Err(why) => {
            let text = format!("failed to renew the claims in {}: {why}", repo.id.short());
            let _ = tell.send(Message::Noted(context.redactor.line(&text).into_string()));
        }
    }
}
