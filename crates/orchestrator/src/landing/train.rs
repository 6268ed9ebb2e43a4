//! Trains: landings on one branch that follow each other so closely that the next one's gate is asked while the one
//! ahead is still being pushed. It is asked about the work on top of the commit ahead, and counts only if that commit
//! arrives: a push names the commit that the branch must be at.
//!
//! Nothing here is recorded. After a crash each landing begins again with the branch as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use herder_domain::repo::RepoId;
use herder_domain::run::RunId;
use herder_workspace::CommitId;

/// The branch of a repository that work lands on.
type Track = (RepoId, String);

/// All trains of this process.
#[derive(Default)]
pub(crate) struct Trains {
    tracks: Mutex<BTreeMap<Track, Vec<Arc<Coach>>>>,
    changed: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// A landing that is past its gate.
pub(super) struct Coach {
    run: RunId,
    /// What the branch is to be at before.
    onto: CommitId,
    /// What the branch is at then.
    commit: CommitId,
    arrived: Mutex<Option<bool>>,
    settled: Condvar,
}

/// A coach that is part of its train until the value goes; it has not arrived if nobody says so.
pub(super) struct Coupled<'a> {
    trains: &'a Trains,
    track: Track,
    coach: Arc<Coach>,
}

impl Trains {
    /// Has somebody told whenever a landing has passed its gate, so that the next one may begin.
    pub(crate) fn on_change(&self, tell: impl Fn() + Send + Sync + 'static) {
        // A second one would be another daemon in this process, which has a context of its own.
        let _ = self.changed.set(Box::new(tell));
    }

    /// The runs whose landing is past its gate.
    pub(crate) fn past_gate(&self) -> BTreeSet<RunId> {
        self.tracks().values().flatten().map(|coach| coach.run.clone()).collect()
    }

    /// The landings that are past their gate now. To be asked for before the branch is looked at: one that arrives in
    /// between is then part of either.
    pub(super) fn on(&self, track: &Track) -> Vec<Arc<Coach>> {
        self.tracks().get(track).cloned().unwrap_or_default()
    }

    /// Puts a landing that is past its gate at the end of its train.
    pub(super) fn couple(
        &self,
        track: Track,
        run: &RunId,
        onto: &CommitId,
        commit: &CommitId,
    ) -> Coupled<'_> {
        let coach = Arc::new(Coach {
            run: run.clone(),
            onto: onto.clone(),
            commit: commit.clone(),
            arrived: Mutex::default(),
            settled: Condvar::new(),
        });
        self.tracks().entry(track.clone()).or_default().push(Arc::clone(&coach));
        if let Some(tell) = self.changed.get() {
            tell();
        }
        Coupled { trains: self, track, coach }
    }

    fn tracks(&self) -> MutexGuard<'_, BTreeMap<Track, Vec<Arc<Coach>>>> {
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Coach {
    /// The last of the landings that go on from `tip`, each from the commit of the one ahead.
    pub(super) fn ahead(coupled: &[Arc<Self>], tip: &CommitId) -> Option<Arc<Self>> {
        let last = coupled.iter().fold(None, |ahead: Option<&Arc<Self>>, coach| {
            let at = ahead.map_or(tip, |ahead| &ahead.commit);
            if coach.onto == *at { Some(coach) } else { ahead }
        });
        last.cloned()
    }

    /// What the branch is at once it has arrived.
    pub(super) fn commit(&self) -> &CommitId {
        &self.commit
    }

    /// Waits until it has arrived, or not; gives whether. A push is bounded in time, and so is this.
    pub(super) fn has_arrived(&self) -> bool {
        let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let arrived = self.settled.wait_while(arrived, |arrived| arrived.is_none());
        arrived.unwrap_or_else(PoisonError::into_inner).unwrap_or(false)
    }

    fn settle(&self, arrived: bool) {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(arrived);
        self.settled.notify_all();
    }
}

impl Coupled<'_> {
    /// The branch is at its commit.
    pub(super) fn arrive(&self) {
        self.coach.settle(true);
    }
}

impl Drop for Coupled<'_> {
    fn drop(&mut self) {
        let mut tracks = self.trains.tracks();
        if let Some(train) = tracks.get_mut(&self.track) {
            train.retain(|coach| !Arc::ptr_eq(coach, &self.coach));
            if train.is_empty() {
                tracks.remove(&self.track);
            }
        }
        drop(tracks);
        self.coach.settle(false);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use herder_domain::repo::{GoalRef, Number};

    use super::*;

    fn commit(digit: char) -> CommitId {
        CommitId::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn run(number: u64) -> RunId {
        RunId::of(&GoalRef { repo: track().0, number: Number(number) }, 1)
    }

    fn track() -> Track {
        ("local/acme/app".parse().unwrap(), "main".to_owned())
    }

    #[test]
    fn the_next_landing_goes_on_from_the_last_one_of_a_train_that_begins_at_the_tip() {
        let trains = Trains::default();
        let ahead = |tip| Coach::ahead(&trains.on(&track()), &commit(tip));
        assert!(ahead('a').is_none(), "nobody is ahead");
        let first = trains.couple(track(), &run(1), &commit('a'), &commit('b'));
        let second = trains.couple(track(), &run(2), &commit('b'), &commit('c'));
        assert_eq!(ahead('a').unwrap().commit(), &commit('c'));
        assert!(ahead('d').is_none(), "somebody else has pushed");
        let beside = trains.couple(track(), &run(3), &commit('a'), &commit('e'));
        assert_eq!(ahead('a').unwrap().commit(), &commit('c'), "it loses to the first");
        drop(beside);
        assert_eq!(trains.past_gate(), BTreeSet::from([run(1), run(2)]));
        drop((first, second));
        assert!(ahead('a').is_none());
        assert!(trains.past_gate().is_empty());
    }

    #[test]
    fn who_follows_hears_whether_the_one_ahead_has_arrived() {
        for arrives in [true, false] {
            let trains = Trains::default();
            let first = trains.couple(track(), &run(1), &commit('a'), &commit('b'));
            let ahead = Coach::ahead(&trains.on(&track()), &commit('a')).unwrap();
            let heard = thread::scope(|scope| {
                let heard = scope.spawn(move || ahead.has_arrived());
                if arrives {
                    first.arrive();
                }
                drop(first);
                heard.join().unwrap()
            });
            assert_eq!(heard, arrives);
        }
    }

    #[test]
    fn whoever_plans_is_told_that_the_next_may_begin() {
        let (trains, told) = (Trains::default(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&told);
        trains.on_change(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let _coupled = trains.couple(track(), &run(1), &commit('a'), &commit('b'));
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }
}
