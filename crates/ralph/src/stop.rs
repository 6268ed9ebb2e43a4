//! The orders to a ralph. To stop: SIGTERM or Ctrl-C once to end in order, twice to end at once. To stand still, and to go
//! on: SIGURG has it look at its run directory.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use herder_executor::{FrostClock, KeeperHandle};

/// How urgently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Not at all: go on.
    #[default]
    None,
    /// End in order: what runs gets its grace.
    Orderly,
    /// End at once.
    AtOnce,
}

/// What a job at work is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// End in order.
    Stop,
    /// End at once.
    Kill,
    /// Stand still.
    Freeze,
    /// Go on.
    Thaw,
}

type Listener = Box<dyn Fn(Word) + Send>;

#[derive(Default)]
struct State {
    urgency: Urgency,
    frost: FrostClock,
    listener: Option<Listener>,
}

/// A switch that signals turn and the loop looks at. Clones are the same switch.
#[derive(Clone, Default)]
pub struct Stop(Arc<(Mutex<State>, Condvar)>);

impl Urgency {
    fn word(self) -> Option<Word> {
        match self {
            Self::None => None,
            Self::Orderly => Some(Word::Stop),
            Self::AtOnce => Some(Word::Kill),
        }
    }
}

impl State {
    fn say(&self, word: Option<Word>) {
        if let Some((listener, word)) = self.listener.as_ref().zip(word) {
            listener(word);
        }
    }
}

impl Stop {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders a stop; the second order is urgent.
    pub fn order(&self) {
        let mut state = self.state();
        state.urgency = match state.urgency {
            Urgency::None => Urgency::Orderly,
            Urgency::Orderly | Urgency::AtOnce => Urgency::AtOnce,
        };
        let word = state.urgency.word();
        state.say(word);
        self.0.1.notify_all();
    }

    /// Orders to stand still until [`Stop::thaw`].
    pub fn freeze(&self) {
        let mut state = self.state();
        state.frost.begin();
        state.say(Some(Word::Freeze));
    }

    /// Lets go on whoever stands still.
    pub fn thaw(&self) {
        let mut state = self.state();
        if state.frost.is_frozen() {
            state.frost.end();
            state.say(Some(Word::Thaw));
            self.0.1.notify_all();
        }
    }

    /// Waits as long as it is to stand still, so that nothing is begun then; an order to stop ends the wait.
    pub fn until_thawed(&self) {
        let mut state = self.state();
        while state.frost.is_frozen() && state.urgency == Urgency::None {
            state = self.0.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether it is to stand still.
    pub fn is_frozen(&self) -> bool {
        self.state().frost.is_frozen()
    }

    /// For how long it was to stand still, in all until now.
    pub fn frozen_for(&self) -> Duration {
        self.state().frost.total()
    }

    /// Whether a stop was ordered.
    pub fn is_ordered(&self) -> bool {
        self.state().urgency > Urgency::None
    }

    /// Has `listener` called at each order, and at once where one was given already, as long as the
    /// guard lives. There is one listener at a time: whatever runs.
    pub fn listen(&self, listener: impl Fn(Word) + Send + 'static) -> Listening<'_> {
        let mut state = self.state();
        state.listener = Some(Box::new(listener));
        let frozen = state.frost.is_frozen().then_some(Word::Freeze);
        let word = state.urgency.word().or(frozen);
        state.say(word);
        Listening(self)
    }

    /// Waits; gives true at once when a stop is ordered.
    pub fn wait(&self, how_long: Duration) -> bool {
        let deadline = Instant::now() + how_long;
        let mut state = self.state();
        while state.urgency == Urgency::None {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Passes on to a job what is said, for [`Stop::listen`].
pub(crate) fn pass_on(job: KeeperHandle) -> impl Fn(Word) + Send + 'static {
    move |word| match word {
        Word::Stop => job.stop(None),
        Word::Kill => job.kill(),
        Word::Freeze => job.freeze(),
        Word::Thaw => job.thaw(),
    }
}

/// Ends a [`Stop::listen`] when it is dropped.
pub struct Listening<'a>(&'a Stop);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.state().listener = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_second_order_is_urgent_and_late_listeners_hear_the_first() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::ZERO));
        stop.order();
        let (tell, told) = mpsc::channel();
        let listening = stop.listen(move |word| tell.send(word).unwrap());
        stop.order();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [Word::Stop, Word::Kill]);
        drop(listening);
        assert!(stop.wait(Duration::from_secs(3600)) && stop.is_ordered());
    }

    #[test]
    fn nothing_is_begun_while_it_is_to_stand_still_unless_it_is_told_to_stop() {
        let stop = Stop::default();
        stop.until_thawed();
        for end in [Stop::thaw, Stop::order] {
            stop.freeze();
            let (waiting, (tell, told)) = (stop.clone(), mpsc::channel());
            let waiter = std::thread::spawn(move || {
                waiting.until_thawed();
                tell.send(()).unwrap();
            });
            assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "it began");
            end(&stop);
            waiter.join().unwrap();
        }
    }

    #[test]
    fn who_begins_to_listen_while_all_stands_still_hears_of_it_and_of_the_thaw() {
        let stop = Stop::default();
        stop.thaw();
        stop.freeze();
        let (tell, told) = mpsc::channel();
        let listening = stop.listen(move |word| tell.send(word).unwrap());
        assert!(stop.is_frozen());
        stop.thaw();
        stop.thaw();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [Word::Freeze, Word::Thaw]);
        drop(listening);
        let stood = stop.frozen_for();
        assert_eq!((stop.is_frozen(), stop.frozen_for()), (false, stood), "its clock goes no more");
    }
}
