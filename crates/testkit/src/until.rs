//! Waiting for a condition: the only place of a test that sleeps.

use std::time::{Duration, Instant};

/// Pause between two looks: short enough for quick tests, long enough to leave a 2-core machine to the others.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks again and again until `look` gives a value and returns it.
///
/// `timeout` is the bound after which the test is hopeless, not an expectation: make it generous.
///
/// # Panics
/// After `timeout`, with `what` in the message.
#[track_caller]
pub fn until<T>(what: &str, timeout: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < timeout, "waited {timeout:?} in vain for: {what}");
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_the_first_value_found() {
        let mut looks = 0;
        let found = until("the third look", Duration::from_secs(30), || {
            looks += 1;
            (looks == 3).then_some("here")
        });
        assert_eq!((found, looks), ("here", 3));
    }

    #[test]
    #[should_panic(expected = "in vain for: a miracle")]
    fn names_what_did_not_happen() {
        until("a miracle", Duration::from_millis(1), || None::<()>);
    }
}
