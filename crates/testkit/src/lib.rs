//! Doubles for tests: a scripted model server, scenes, canaries. Never shipped.
//!
//! Everything here may panic: a helper that cannot do its work has to fail the test that asked, with a sentence
//! that says what was expected. Nothing here starts a process or a listener that outlives the value that owns it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "used by tests only")]

pub mod bulk;
pub mod canary;
pub mod http;
pub mod intercept;
pub mod model;
pub mod namespace;
pub mod pairs;
pub mod processes;
pub mod scene;
pub mod sink;
pub mod smtp;
pub mod target;
pub mod until;
pub mod zoo;

pub use canary::Canary;
pub use http::Latch;
pub use model::{Fault, ModelServer, Reply, Seen, Tokens};
pub use namespace::PidNamespace;
pub use processes::{assert_no_process_left, processes_with};
pub use scene::{TempHome, example};
pub use sink::{NotifySink, Post};
pub use smtp::{Letter, Mood, SmtpSink};
pub use target::{TargetRepo, TargetRepoBuilder};
pub use until::until;
