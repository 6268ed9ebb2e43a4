//! What this machine and the runs on it use: pressure, memory, processors, disks, once a second.
//!
//! Files that are there stay open and are read anew from their beginning, which costs a few microseconds each. Where a
//! file is missing, the machine does not tell that figure, and the next best source is asked; a figure that nobody
//! tells is absent and never nought. See the kernel's accounting/psi, admin-guide/cgroup-v2 and proc(5).

mod check;
mod group;
mod host;
mod live;
mod own;
mod sampler;
mod text;
mod tree;

pub(crate) use check::check;
pub use sampler::{Sampler, Subject};

use herder_domain::measure::Pressures;

use self::live::{Live, Scratch};

/// The three files of pressure, of the machine or of a cgroup.
#[derive(Debug)]
struct PressureFiles {
    cpu: Live,
    memory: Live,
    io: Live,
}

impl PressureFiles {
    /// `name` says what the file of a resource is called.
    fn open(name: impl Fn(&str) -> std::path::PathBuf) -> Self {
        Self { cpu: Live::open(name("cpu")), memory: Live::open(name("memory")), io: Live::open(name("io")) }
    }

    fn read(&mut self, scratch: &mut Scratch) -> Pressures {
        let mut one = |file: &mut Live| file.read(scratch).and_then(text::pressure);
        Pressures { cpu: one(&mut self.cpu), memory: one(&mut self.memory), io: one(&mut self.io) }
    }
}
