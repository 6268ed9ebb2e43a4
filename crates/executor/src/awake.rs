//! Keeping this machine awake for as long as somebody works, whatever logind says in between.

use std::time::{Duration, Instant};

use crate::inhibitor::Inhibitor;

/// How often it is looked whether what was granted still holds.
const LOOK: Duration = Duration::from_secs(5);

/// The wait before it is asked again after a refusal; doubles with each.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// The wish that this machine stays awake, asked again where it was refused or ended by somebody.
#[derive(Debug)]
pub struct Awake {
    now: Now,
    /// The wait after the next refusal.
    pause: Duration,
}

#[derive(Debug)]
enum Now {
    /// Nothing is at work.
    Idle,
    /// It was asked to stay awake at that time, and has not said no.
    Held(Inhibitor, Instant),
    /// It was asked and did not grant it. It is asked again then.
    Refused(Instant),
}

impl Default for Awake {
    fn default() -> Self {
        Self { now: Now::Idle, pause: FIRST }
    }
}

impl Awake {
    /// Asks, or looks whether what was asked still holds; `why` is what `systemd-inhibit --list` shows. To be called
    /// again after [`Awake::look_again`]. Gives why it does not hold, where it was just found out.
    pub fn ask(&mut self, why: &str) -> Option<String> {
        match std::mem::replace(&mut self.now, Now::Idle) {
            Now::Idle => self.hold(why),
            Now::Held(mut inhibitor, since) => {
                if !inhibitor.is_held() {
                    return Some(self.refused("it ended at once, or was ended".to_owned()));
                }
                if since.elapsed() >= LOOK {
                    self.pause = FIRST;
                }
                self.now = Now::Held(inhibitor, since);
                None
            }
            Now::Refused(again) if Instant::now() < again => {
                self.now = Now::Refused(again);
                None
            }
            Now::Refused(_) => self.hold(why),
        }
    }

    /// Lets this machine go to sleep.
    pub fn let_go(&mut self) {
        *self = Self::default();
    }

    /// After what time it is to be asked again; `None` where nothing is at work.
    pub fn look_again(&self) -> Option<Duration> {
        match &self.now {
            Now::Idle => None,
            Now::Held(..) => Some(LOOK),
            Now::Refused(again) => Some(again.saturating_duration_since(Instant::now())),
        }
    }

    fn hold(&mut self, why: &str) -> Option<String> {
        match Inhibitor::hold(why) {
            Ok(inhibitor) => {
                self.now = Now::Held(inhibitor, Instant::now());
                None
            }
            Err(error) => Some(self.refused(error.to_string())),
        }
    }

    fn refused(&mut self, why: String) -> String {
        self.now = Now::Refused(Instant::now() + self.pause);
        self.pause = LONGEST.min(self.pause * 2);
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_each_refusal_it_is_waited_longer_and_anew_when_work_begins_anew() {
        let mut awake = Awake::default();
        assert_eq!(awake.look_again(), None);
        for _ in 0..20 {
            awake.refused("no".to_owned());
        }
        assert!(awake.look_again() > Some(LONGEST / 2) && awake.look_again() <= Some(LONGEST));
        assert_eq!(awake.ask("work"), None, "it is not asked before the wait is over");
        awake.let_go();
        awake.refused("no".to_owned());
        assert!(awake.look_again() <= Some(FIRST));
    }
}
