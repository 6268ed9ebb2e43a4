//! The system calls that have no safe binding. Nothing else in this crate is `unsafe`.
#![allow(unsafe_code)] // Landlock's version query, getrusage, sysconf and close_range have no safe binding; fork and pre_exec are unsafe by nature.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// Where a child was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Birth {
    /// In the cgroup that was asked for.
    Inside,
    /// In that of its parent.
    Beside,
}

/// Makes a child that does `act` and then ends; returns its process id. The child is made in a cgroup v2
/// whose directory is given (CLONE_INTO_CGROUP of clone3(2), Linux 5.7 or later), or, where that is refused for
/// whatever reason, beside its parent.
///
/// The calling process must have one thread only: `act` may take locks, which another thread might have held.
pub(crate) fn fork(cgroup: Option<&File>, act: impl FnOnce(Birth)) -> io::Result<u32> {
    let inside = cgroup.map(clone_into).filter(|pid| *pid >= 0);
    let (pid, birth) = match inside {
        Some(pid) => (pid, Birth::Inside),
        // SAFETY: the child only does what a process with one thread may do, and ends below.
        None => (libc::c_long::from(unsafe { libc::fork() }), Birth::Beside),
    };
    if pid != 0 {
        return u32::try_from(pid).map_err(|_| io::Error::last_os_error());
    }
    // What follows in the callers is the parent's.
    let _ = catch_unwind(AssertUnwindSafe(|| act(birth)));
    // SAFETY: ends this process, without what its parent would want done at its own exit.
    unsafe { libc::_exit(127) }
}

/// clone3(2) as fork(2) does it, but into a cgroup: 0 in the child, negative where it is refused.
fn clone_into(cgroup: &File) -> libc::c_long {
    const INTO_CGROUP: u64 = 0x2_0000_0000; // CLONE_INTO_CGROUP of linux/sched.h, which libc has too narrow
    // SAFETY: zeroes are a valid clone_args: no flag, no stack, no pointer.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = INTO_CGROUP;
    args.exit_signal = libc::SIGCHLD.cast_unsigned().into();
    args.cgroup = u64::from(cgroup.as_raw_fd().cast_unsigned());
    // SAFETY: the pointer is to a clone_args of the size that is told. The child has a copy of the memory and of the
    // one thread; glibc's record of that thread's id is stale in it, which only matters to threads it does not start.
    unsafe { libc::syscall(libc::SYS_clone3, std::ptr::from_ref(&args), size_of::<libc::clone_args>()) }
}

/// Has `setup` run in the child between fork and exec; an error there fails the spawn.
///
/// `setup` must make system calls only, for other threads may hold any lock.
pub(crate) fn before_exec<F>(command: &mut Command, setup: F)
where
    F: FnMut() -> io::Result<()> + Send + Sync + 'static,
{
    // SAFETY: after fork only the calling thread exists; the callers keep the condition above, so
    // they wait for no lock that a thread which is gone held.
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

/// Clock ticks in a second, as /proc counts them; bytes in a page of memory.
pub(crate) fn units() -> (u64, u64) {
    // SAFETY: takes an integer and touches no memory.
    let value = |name| u64::try_from(unsafe { libc::sysconf(name) }).ok().filter(|value| *value > 0);
    (value(libc::_SC_CLK_TCK).unwrap_or(100), value(libc::_SC_PAGESIZE).unwrap_or(4096))
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use herder_domain::setup::Bounds;

    use crate::cgroup::Leaf;

    /// Where a child was made, as it tells by itself.
    fn birth(cgroup: Option<&File>) -> String {
        let (mut told, mut teller) = io::pipe().unwrap();
        // Neither locks nor allocates: this process has other threads.
        let child = fork(cgroup, move |birth| {
            let word: &[u8] = match birth {
                Birth::Inside => b"inside",
                Birth::Beside => b"beside",
            };
            let _ = teller.write_all(word);
        });
        let mut text = String::new();
        told.read_to_string(&mut text).unwrap();
        let child = rustix::process::Pid::from_raw(child.unwrap().cast_signed());
        let (_, status) =
            rustix::process::waitpid(child, rustix::process::WaitOptions::empty()).unwrap().unwrap();
        assert_eq!(status.exit_status(), Some(127));
        text
    }

    #[test]
    fn a_child_is_made_in_a_cgroup_or_beside_its_parent_where_that_is_refused() {
        let leaf = Leaf::create(
            &"fork".to_owned().try_into().unwrap(),
            &std::process::id().to_string(),
            &Bounds::default(),
        );
        let directory = leaf.open_unified();
        // Without the right to make cgroups there is none to be in.
        assert_eq!(birth(directory.as_ref()), if directory.is_some() { "inside" } else { "beside" });
        assert_eq!(birth(Some(&File::open("/").unwrap())), "beside");
        assert_eq!(birth(None), "beside");
    }
}
