//! Gates that tell a ralph's question from that of a landing: each has package caches of its own.

use herder_testkit::until;

use super::{PATIENCE, Stage};

/// Runs the rest of a gate's script only where work is landing, not where a ralph asks.
pub fn landing_only(rest: &str) -> String {
    format!("case \"$CARGO_HOME\" in */gates/*) mkdir -p \"$CARGO_HOME\" ;; *) exit 0 ;; esac\n{rest}")
}

/// A landing gate that takes for ever the first time.
pub fn slow_once() -> String {
    landing_only("mkdir \"$CARGO_HOME/seen\" 2>/dev/null || exit 0\nsleep 600")
}

impl Stage {
    /// Waits until the first landing gate of [`slow_once`] is at work.
    #[track_caller]
    pub fn until_landing_gate(&self) {
        let caches = self.home.root().join(".cache");
        until("the landing gate", PATIENCE, || {
            let mut repos = std::fs::read_dir(&caches).ok()?;
            repos.any(|repo| repo.unwrap().path().join("gates/cargo/seen").exists()).then_some(())
        });
    }
}
