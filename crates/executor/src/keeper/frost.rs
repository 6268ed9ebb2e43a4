//! Standing still: the keeper goes on and hears orders, and nothing below it does.

use rustix::process::Signal;

use super::supervise::{Phase, Supervision, is_child};
use crate::strays;
use crate::sweep::{self, Reach};

/// Whether all below the keeper stands still, and by what means: it goes on by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It does not.
    Going,
    /// By the job's cgroup, which no process can tell.
    Frozen,
    /// Each process by SIGSTOP.
    Stopped,
}

impl Supervision {
    /// Has all below stand still. One that is ending is not kept from it.
    pub(super) fn freeze(&mut self) {
        if self.phase != Phase::Running || self.standing != Standing::Going {
            return;
        }
        self.standing = if self.program.leaf.freeze() {
            Standing::Frozen
        } else {
            // What cannot be looked at now goes on; whoever froze it sees that by what it uses.
            let _ = strays::freeze(is_child());
            Standing::Stopped
        };
    }

    /// Has all below go on. Done also before it is ended: a process that stands still obeys SIGKILL alone. Where it cannot
    /// be done, the next order tries again.
    pub(super) fn thaw(&mut self) {
        let is_going = match self.standing {
            Standing::Going => true,
            Standing::Frozen => self.program.leaf.thaw(),
            Standing::Stopped => sweep::signal_below(is_child(), Signal::CONT, Reach::Processes).is_ok(),
        };
        if is_going {
            self.standing = Standing::Going;
        }
    }
}
