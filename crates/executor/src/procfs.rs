//! Reading /proc: proc_pid_stat(5), command lines, environments.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Pid, PidfdFlags, Signal};

use crate::job::Leftover;

/// The fields of /proc/PID/stat that are used here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub pid: u32,
    pub name: String,
    pub is_zombie: bool,
    /// A thread of the kernel's own, which no program is.
    pub is_kernel: bool,
    pub parent: u32,
    pub group: u32,
    pub session: u32,
    /// Clock ticks from boot to the start of the process.
    pub start_ticks: u64,
    /// Clock ticks of processor time, its own and that of its children that were waited for.
    pub cpu_ticks: u64,
    /// Pages that are in memory.
    pub resident_pages: u64,
}

/// The state of a process, `None` if there is none with this id.
pub(crate) fn stat(pid: u32) -> io::Result<Option<Stat>> {
    // One line: the name is of 15 bytes at most, the rest are some fifty numbers.
    let mut line = [0; 2048];
    let length = match File::open(format!("/proc/{pid}/stat")).and_then(|mut file| file.read(&mut line)) {
        Ok(0) => return Ok(None),
        Ok(length) => length,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let stat = parse(&String::from_utf8_lossy(&line[..length]));
    stat.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unexpected /proc/PID/stat"))
}

/// The session of the calling process, as /proc tells it: 0 where its leader is in another pid namespace.
pub(crate) fn own_session() -> io::Result<u32> {
    Ok(stat(std::process::id())?.map_or(0, |own| own.session))
}

/// A process that ends while its file is read gives ESRCH instead of ENOENT.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

/// PF_KTHREAD of the kernel's include/linux/sched.h, among the flags of a process.
const KERNEL_THREAD: i64 = 0x0020_0000;

fn parse(text: &str) -> Option<Stat> {
    // The name stands in parentheses and may itself hold any character, so the last one counts.
    let (head, tail) = text.rsplit_once(')')?;
    let (pid, name) = head.split_once('(')?;
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    // A process that was reaped while it was looked at has the state X and no group: -1.
    let number = |index: usize| -> Option<i64> { fields.get(index)?.parse().ok() };
    let id = |index: usize| Some(u32::try_from(number(index)?).unwrap_or(0));
    Some(Stat {
        pid: pid.trim().parse().ok()?,
        name: name.to_owned(),
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        is_kernel: number(6)? & KERNEL_THREAD != 0,
        parent: id(1)?,
        group: id(2)?,
        session: id(3)?,
        start_ticks: fields.get(19)?.parse().ok()?,
        cpu_ticks: (11..15).filter_map(number).filter_map(|ticks| u64::try_from(ticks).ok()).sum(),
        resident_pages: number(21).and_then(|pages| u64::try_from(pages).ok()).unwrap_or(0),
    })
}

/// The ids of all processes, ascending.
pub(crate) fn pids() -> io::Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs_err::read_dir("/proc")? {
        // An entry that vanished while the directory was read is no process any more.
        let Ok(entry) = entry else { continue };
        pids.extend(entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    pids.sort_unstable();
    Ok(pids)
}

/// How many processes and threads this process's user has, as RLIMIT_NPROC counts them.
pub(crate) fn tasks_of_own_user() -> u64 {
    let own = rustix::process::getuid().as_raw();
    let is_own = |pid: &u32| std::fs::metadata(format!("/proc/{pid}")).is_ok_and(|found| found.uid() == own);
    // A directory has two links and one for each directory in it.
    let tasks = |pid: u32| std::fs::metadata(format!("/proc/{pid}/task")).map_or(0, |dir| dir.nlink() - 2);
    pids().unwrap_or_default().into_iter().filter(is_own).map(tasks).sum()
}

/// Whether the process was started with `name=value` in its environment. A process whose
/// environment may not be read counts as not marked.
pub(crate) fn has_marker(stat: &Stat, name: &str, value: &str) -> bool {
    // Neither has an environment.
    if stat.is_zombie || stat.is_kernel {
        return false;
    }
    let Ok(environment) = read(&format!("/proc/{}/environ", stat.pid), usize::MAX) else { return false };
    let wanted = format!("{name}={value}");
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
}

/// The process in words for a report.
pub(crate) fn describe(stat: &Stat) -> Leftover {
    const LONGEST: usize = 200;
    let raw = read(&format!("/proc/{}/cmdline", stat.pid), LONGEST).unwrap_or_default();
    let text = String::from_utf8_lossy(&raw);
    let words: Vec<&str> = text.split('\0').filter(|word| !word.is_empty()).collect();
    Leftover { pid: stat.pid, name: stat.name.clone(), command: words.join(" ") }
}

fn read(path: &str, limit: usize) -> io::Result<Vec<u8>> {
    // Files of /proc do not tell their size, and most are shorter than this: two reads then.
    const USUAL: usize = 4096;
    let mut content = Vec::with_capacity(USUAL);
    File::open(path)?.take(limit as u64).read_to_end(&mut content)?;
    Ok(content)
}

/// Signals the very process that `seen` describes and no later one with its id: the pidfd is
/// opened first and the start time compared after it. `false` if it is gone.
pub(crate) fn signal(seen: &Stat, signal: Signal) -> io::Result<bool> {
    let Some(pidfd) = open(seen.pid, seen.start_ticks)? else { return Ok(false) };
    match rustix::process::pidfd_send_signal(&pidfd, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A pidfd of the process that has this id and started at this time; `None` if it is gone.
pub(crate) fn open(pid: u32, start_ticks: u64) -> io::Result<Option<OwnedFd>> {
    let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
    let pidfd = match rustix::process::pidfd_open(raw, PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(rustix::io::Errno::SRCH) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let is_same = stat(pid)?.is_some_and(|stat| stat.start_ticks == start_ticks);
    Ok(is_same.then_some(pidfd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let line = "42 (a) (b) c) S 7 8 9 0 -1 0 1 1 1 1 1 1 1 1 20 0 1 0 4711 1 1";
        let stat = parse(line).unwrap();
        assert_eq!((stat.pid, stat.parent, stat.group, stat.session), (42, 7, 8, 9));
        assert_eq!((stat.name.as_str(), stat.start_ticks), ("a) (b) c", 4711));
        assert_eq!((stat.cpu_ticks, stat.resident_pages), (4, 1));
    }

    #[test]
    fn a_process_that_has_just_been_reaped_is_no_longer_alive() {
        let line = "42 (sh) X 0 -1 -1 0 -1 0 1 1 1 1 1 1 1 1 20 0 0 0 4711 1 1";
        let stat = parse(line).unwrap();
        assert!(stat.is_zombie);
        assert_eq!((stat.parent, stat.group, stat.session), (0, 0, 0));
    }

    #[test]
    fn a_truncated_line_is_refused() {
        assert_eq!(parse("42 (a) S 7"), None);
    }

    #[test]
    fn the_own_process_is_found_with_its_parent() {
        let own = stat(std::process::id()).unwrap().unwrap();
        assert_eq!(own.parent, std::os::unix::process::parent_id());
        assert!(pids().unwrap().contains(&own.pid));
    }

    #[test]
    fn no_process_has_the_id_zero() {
        assert!(open(0, 1).unwrap().is_none());
    }
}
