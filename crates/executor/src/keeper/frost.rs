//! Standing still: the keeper goes on and hears orders, and nothing below it does.

use rustix::process::Signal;

use super::supervise::{Phase, Supervision, is_child};
use crate::cgroup::Frost;
use crate::strays;
use crate::sweep::{self, Reach};

impl Supervision {
    /// Has all below stand still: by the job's cgroup, which no process can tell, or else each by SIGSTOP. One that is
    /// ending is not kept from it.
    pub(super) fn freeze(&mut self) {
        if self.phase != Phase::Running || self.frost == Frost::Frozen {
            return;
        }
        self.frost = Frost::Frozen;
        if !self.program.leaf.set_frost(Frost::Frozen) {
            // What cannot be looked at now goes on; whoever froze it sees that by what it uses.
            let _ = strays::freeze(is_child());
        }
    }

    /// Has all below go on. Done also before it is ended: a process that stands still obeys SIGKILL alone.
    pub(super) fn thaw(&mut self) {
        if self.frost == Frost::Thawed {
            return;
        }
        self.frost = Frost::Thawed;
        if !self.program.leaf.set_frost(Frost::Thawed) {
            let _ = sweep::signal_below(is_child(), Signal::CONT, Reach::Processes);
        }
    }
}
