//! How much may wait between one who writes and one who reads.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A bound on bytes that wait. Clones are the same bound.
#[derive(Clone, Default)]
pub(super) struct Ration(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    bytes: Mutex<usize>,
    fewer: Condvar,
}

/// So many bytes of a ration; given back when dropped.
pub(super) struct Share {
    ration: Ration,
    bytes: usize,
}

impl Ration {
    /// Takes `bytes` as soon as no more than `most` wait then, or nothing else does.
    pub(super) fn take(&self, bytes: usize, most: usize) -> Share {
        let mut waiting = self.bytes();
        while !has_room(*waiting, bytes, most) {
            waiting = self.0.fewer.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        *waiting += bytes;
        Share { ration: self.clone(), bytes }
    }

    fn bytes(&self) -> MutexGuard<'_, usize> {
        self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether somebody with so many bytes may come to those that wait.
fn has_room(waiting: usize, bytes: usize, most: usize) -> bool {
    waiting == 0 || waiting.saturating_add(bytes) <= most
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.ration.bytes() -= self.bytes;
        self.ration.0.fewer.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn there_is_room_up_to_the_most_and_for_whoever_is_alone() {
        assert!(has_room(0, 100, 10) && has_room(9, 1, 10) && has_room(3, 7, 10));
        assert!(!has_room(9, 2, 10) && !has_room(1, usize::MAX, 10) && !has_room(100, 1, 10));
    }

    #[test]
    fn what_is_too_much_waits_for_the_rest_to_go_and_not_for_itself() {
        let ration = Ration::default();
        let large = ration.take(100, 10);
        let (tell, told) = mpsc::channel();
        let other = ration.clone();
        let second = thread::spawn(move || {
            let share = other.take(1, 10);
            // What it found when it was let in: the large one is gone by then.
            tell.send(*other.bytes()).unwrap();
            share
        });
        drop(large);
        assert_eq!(told.recv().unwrap(), 1);
        drop((ration.take(9, 10), second.join().unwrap()));
        assert_eq!(*ration.bytes(), 0);
    }
}
