//! Supervised processes: keeper, signals, cgroups, Landlock.
//!
//! A *job* is a program with all that it starts. Each runs under a *keeper*, a process of its own that
//! ends when nothing of the job is left, and that ends the job when the process which started it is
//! gone. A job with a *sandbox* touches only what its allow-list names, or is not started.
//!
//! This crate alone starts, watches and ends processes that may outlive a call, and is the only one
//! with `unsafe` code, all of it in `sys`. It knows nothing of goals, agents or gates.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "herder runs on Linux only: keepers and sandbox are made of pidfds, subreapers, cgroups and Landlock; \
     see docs/install.md"
);

mod awake;
mod cgroup;
mod check;
mod children;
mod detached;
mod disk;
mod frost;
mod inhibitor;
mod job;
mod keeper;
mod launcher;
mod leash;
mod measure;
mod privilege;
mod process;
mod procfs;
mod room;
mod sandbox;
mod strays;
mod sweep;
mod sys;
mod tokens;
mod toolchains;
mod wire;

pub use awake::Awake;
pub use check::check;
pub use children::{EndError, become_subreaper, end_orphans};
pub use detached::{DetachError, Detached, announce_ready, spawn_detached};
pub use disk::check_disk;
pub use frost::FrostClock;
pub use job::{Ending, Exit, Job, KEEPER_MARKER, Leftover, Limits, PeakMemory, RUN_MARKER, Resource};
pub use keeper::keeper_main;
pub use launcher::{ChildStdio, KeeperDied, KeeperHandle, KeeperReports, Launcher, Report, StartError};
pub use measure::{Sampler, Subject};
pub use process::{EndSignal, ProcessError, ProcessId, Signalled, Waited};
pub use room::Room;
pub use sandbox::{Sandbox, SandboxSupport};
pub use strays::end_strays;
pub use tokens::{Heavy, HeavyError, InHand, TOKENS_MARKER, cores, tokens_taken};
pub use toolchains::Toolchains;
pub use wire::Step;
