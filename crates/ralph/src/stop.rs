//! The order to stop: SIGTERM or Ctrl-C once to end in order, twice to end at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

type Listener = Box<dyn Fn(Urgency) + Send>;

#[derive(Default)]
struct State {
    urgency: Urgency,
    listener: Option<Listener>,
}

/// A switch that signals turn and the loop looks at. Clones are the same switch.
#[derive(Clone, Default)]
pub struct Stop(Arc<(Mutex<State>, Condvar)>);

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
        if let Some(listener) = &state.listener {
            listener(state.urgency);
        }
        self.0.1.notify_all();
    }

    /// Whether a stop was ordered.
    pub fn is_ordered(&self) -> bool {
        self.state().urgency > Urgency::None
    }

    /// Has `listener` called at each order, and at once where one was given already, as long as the
    /// guard lives. There is one listener at a time: whatever runs.
    pub fn listen(&self, listener: impl Fn(Urgency) + Send + 'static) -> Listening<'_> {
        let mut state = self.state();
        if state.urgency > Urgency::None {
            listener(state.urgency);
        }
        state.listener = Some(Box::new(listener));
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
        let listening = stop.listen(move |urgency| tell.send(urgency).unwrap());
        stop.order();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [Urgency::Orderly, Urgency::AtOnce]);
        drop(listening);
        assert!(stop.wait(Duration::from_secs(3600)) && stop.is_ordered());
    }
}
