//! Giving up privileges for good: capabilities(7).

use std::io;

use rustix::io::Errno;
use rustix::thread::{self, CapabilitySet, CapabilitySets};

/// The number of the last capability that this kernel knows.
pub(crate) fn last_capability() -> u32 {
    // Where /proc does not say, try all that fit; the kernel refuses those that it does not know.
    let text = std::fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap_or_default();
    text.trim().parse().unwrap_or(63)
}

/// Drops every capability of the calling thread from all five sets, so that not even a program
/// with file capabilities or the root user brings one back. Makes system calls only.
///
/// A process without CAP_SETPCAP cannot empty its bounding set; it has nothing to drop from the
/// other sets either, and no_new_privs keeps it so.
pub(crate) fn drop_capabilities(last: u32) -> io::Result<()> {
    for number in 0..=last.min(63) {
        match thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) | Err(Errno::INVAL) => {}
            Err(Errno::PERM) => break,
            Err(error) => return Err(error.into()),
        }
    }
    thread::clear_ambient_capability_set()?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    thread::set_capabilities(None, none)?;
    Ok(())
}
