//! Gates that tell a ralph's question from that of a landing: each has package caches of its own.

use herder_domain::repo::GoalRef;
use herder_testkit::until;

use super::{PATIENCE, Stage};

/// Runs the rest of a gate's script only where work is landing, not where a ralph asks.
pub fn landing_only(rest: &str) -> String {
    format!("case \"$CARGO_HOME\" in */gates/*) mkdir -p \"$CARGO_HOME\" ;; *) exit 0 ;; esac\n{rest}")
}

/// Takes for ever the first time.
const SLOW_ONCE: &str = "mkdir \"$CARGO_HOME/seen\" 2>/dev/null || exit 0\nsleep 600";

/// A landing gate that takes for ever the first time.
pub fn slow_once() -> String {
    landing_only(SLOW_ONCE)
}

/// A gate that takes for ever the first time that a ralph asks, and lets everything land.
pub fn slow_feedback_once() -> String {
    format!("case \"$CARGO_HOME\" in */gates/*) exit 0 ;; *) mkdir -p \"$CARGO_HOME\" ;; esac\n{SLOW_ONCE}")
}

impl Stage {
    /// The goal whose work is landing.
    pub fn landing_now(&self) -> GoalRef {
        let open = self.store.open_effects().unwrap();
        open.into_iter().find(|open| open.key.starts_with("land/")).unwrap().effect.goal().clone()
    }

    /// Waits until the landing gate of [`slow_once`] is at work.
    #[track_caller]
    pub fn until_landing_gate(&self) {
        self.until_slow_gate("gates");
    }

    /// Waits until a ralph asks the gate of [`slow_feedback_once`].
    #[track_caller]
    pub fn until_feedback_gate(&self) {
        self.until_slow_gate("runs");
    }

    #[track_caller]
    fn until_slow_gate(&self, set: &str) {
        let caches = self.home.root().join(".cache");
        until("a slow gate", PATIENCE, || {
            let mut repos = std::fs::read_dir(&caches).ok()?;
            repos.any(|repo| repo.unwrap().path().join(set).join("cargo/seen").exists()).then_some(())
        });
    }
}
