//! The system calls that have no safe binding. Nothing else in this crate is `unsafe`.
#![allow(unsafe_code)] // Landlock's version query, getrusage and close_range have no safe binding; pre_exec is unsafe by nature.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// What all children that were waited for have used together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChildrenUsage {
    /// User and system time of all of them.
    pub cpu: Duration,
    /// Resident memory at its peak, in bytes, of the largest single one.
    pub largest_process_bytes: u64,
}

/// Has `setup` run in the child between fork and exec; an error there fails the spawn.
///
/// `setup` allocates, so the caller must be single-threaded (the keeper is) or `setup` must make
/// system calls only.
pub(crate) fn before_exec<F>(command: &mut Command, setup: F)
where
    F: FnMut() -> io::Result<()> + Send + Sync + 'static,
{
    // SAFETY: after fork only the calling thread exists; the callers keep the condition above, so
    // no lock can be held by a thread that is gone.
    unsafe {
        command.pre_exec(setup);
    }
}

/// getrusage(2) of RUSAGE_CHILDREN.
pub(crate) fn children_usage() -> io::Result<ChildrenUsage> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a writable rusage, which zeroes make valid.
    let usage = unsafe {
        if libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        usage.assume_init()
    };
    Ok(ChildrenUsage {
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        largest_process_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024),
    })
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// Marks every descriptor from 3 on close-on-exec (Linux 5.11 or later).
pub(crate) fn close_others_on_exec() -> io::Result<()> {
    // SAFETY: takes three integers and touches no memory.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The version of Landlock's interface in this kernel; an error where Landlock is not built in
/// (ENOSYS) or not enabled at boot (EOPNOTSUPP).
pub(crate) fn landlock_abi() -> io::Result<u32> {
    const VERSION: u32 = 1; // LANDLOCK_CREATE_RULESET_VERSION of linux/landlock.h
    // SAFETY: with this flag the call takes a null pointer and a size of zero.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION) };
    u32::try_from(version).map_err(|_| io::Error::last_os_error())
}
