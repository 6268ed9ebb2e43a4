//! A system call that is held, and which calls are.

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

/// What a held call is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// Write to an open file (write, pwrite64, writev, copy_file_range, sendfile, a reflink).
    Write,
    /// Bring a file or directory to the disk (fsync, fdatasync).
    Sync,
    /// Open a file that is made or emptied by it (openat with O_CREAT or O_TRUNC).
    Create,
    /// Give a file another name.
    Rename,
    /// Remove a file or directory.
    Remove,
    /// Make a directory.
    MakeDir,
    /// Give a file one more name, or make a link.
    Link,
    /// Cut or extend a file.
    Truncate,
    /// Replace the process's program.
    Execute,
    /// Send a process a signal (kill, pidfd_send_signal), but for the one that only asks whether it lives.
    Signal,
}

/// A descriptor is an `int`: what stands in the upper half of its argument is nothing.
const DESCRIPTOR: u64 = 0xffff_ffff;

/// A held system call. All that it can be asked is read from `/proc` while its thread stands still.
#[derive(Debug)]
pub struct Call {
    id: u64,
    thread: u32,
    number: i64,
    args: [u64; 6],
}

/// Which arguments tell what a call makes, changes or removes.
#[derive(Clone, Copy)]
enum Subject {
    /// An open file.
    File(usize),
    /// A path.
    Path(usize),
    /// A directory, and a path that may begin there.
    At(usize, usize),
    /// No file.
    Process,
}

/// A call that a filter holds.
struct Held {
    number: i64,
    deed: Deed,
    subject: Subject,
}

const fn held(number: i64, deed: Deed, subject: Subject) -> Held {
    Held { number, deed, subject }
}

/// The calls that change files or end processes, on every architecture.
const HELD: &[Held] = &[
    held(libc::SYS_write, Deed::Write, Subject::File(0)),
    held(libc::SYS_pwrite64, Deed::Write, Subject::File(0)),
    held(libc::SYS_writev, Deed::Write, Subject::File(0)),
    held(libc::SYS_copy_file_range, Deed::Write, Subject::File(2)),
    held(libc::SYS_sendfile, Deed::Write, Subject::File(0)),
    held(libc::SYS_ioctl, Deed::Write, Subject::File(0)),
    held(libc::SYS_fsync, Deed::Sync, Subject::File(0)),
    held(libc::SYS_fdatasync, Deed::Sync, Subject::File(0)),
    held(libc::SYS_ftruncate, Deed::Truncate, Subject::File(0)),
    held(libc::SYS_openat, Deed::Create, Subject::At(0, 1)),
    held(libc::SYS_renameat, Deed::Rename, Subject::At(2, 3)),
    held(libc::SYS_renameat2, Deed::Rename, Subject::At(2, 3)),
    held(libc::SYS_unlinkat, Deed::Remove, Subject::At(0, 1)),
    held(libc::SYS_mkdirat, Deed::MakeDir, Subject::At(0, 1)),
    held(libc::SYS_linkat, Deed::Link, Subject::At(2, 3)),
    held(libc::SYS_symlinkat, Deed::Link, Subject::At(1, 2)),
    held(libc::SYS_execve, Deed::Execute, Subject::Path(0)),
    held(libc::SYS_kill, Deed::Signal, Subject::Process),
    held(libc::SYS_pidfd_send_signal, Deed::Signal, Subject::Process),
];

/// The older forms of the same, which newer architectures do not have.
#[cfg(target_arch = "x86_64")]
const OLDER: &[Held] = &[
    held(libc::SYS_rename, Deed::Rename, Subject::Path(1)),
    held(libc::SYS_unlink, Deed::Remove, Subject::Path(0)),
    held(libc::SYS_rmdir, Deed::Remove, Subject::Path(0)),
    held(libc::SYS_mkdir, Deed::MakeDir, Subject::Path(0)),
    held(libc::SYS_link, Deed::Link, Subject::Path(1)),
    held(libc::SYS_symlink, Deed::Link, Subject::Path(1)),
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[Held] = &[];

fn all() -> impl Iterator<Item = &'static Held> {
    HELD.iter().chain(OLDER)
}

/// The filter: calls of the tables are held, all others are let through. So are writes to the three
/// standard streams, openings that change nothing, and signals that are none.
pub(super) fn filtered() -> Vec<libc::sock_filter> {
    let mut program = vec![load(NUMBER)];
    for held in all() {
        let number = u32::try_from(held.number).unwrap_or(u32::MAX);
        program.extend(match condition(held) {
            None => vec![jump(libc::BPF_JEQ, number, 0, 1), give(libc::SECCOMP_RET_USER_NOTIF)],
            Some((index, test, value)) => vec![
                jump(libc::BPF_JEQ, number, 0, 4),
                load(argument(index)),
                jump(test, value, 0, 1),
                give(libc::SECCOMP_RET_USER_NOTIF),
                load(NUMBER),
            ],
        });
    }
    program.push(give(libc::SECCOMP_RET_ALLOW));
    program
}

/// What must hold of which argument, for calls that are not always held.
fn condition(held: &Held) -> Option<(u32, u32, u32)> {
    match held.number {
        libc::SYS_openat => Some((2, libc::BPF_JSET, (libc::O_CREAT | libc::O_TRUNC).cast_unsigned())),
        libc::SYS_write | libc::SYS_writev => Some((0, libc::BPF_JGT, 2)),
        libc::SYS_ioctl => Some((1, libc::BPF_JEQ, u32::try_from(libc::FICLONE).unwrap_or(0))),
        libc::SYS_kill | libc::SYS_pidfd_send_signal => Some((1, libc::BPF_JGT, 0)),
        _ => None,
    }
}

/// The offset of the call's number in `struct seccomp_data` (linux/seccomp.h).
const NUMBER: u32 = 0;

/// The offset of the lower half of an argument there, on a little-endian machine.
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

fn load(offset: u32) -> libc::sock_filter {
    step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0)
}

fn jump(test: u32, value: u32, if_so: u8, if_not: u8) -> libc::sock_filter {
    step(libc::BPF_JMP | test | libc::BPF_K, value, if_so, if_not)
}

fn give(verdict: u32) -> libc::sock_filter {
    step(libc::BPF_RET | libc::BPF_K, verdict, 0, 0)
}

fn step(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).unwrap_or(0), jt, jf, k }
}

impl Call {
    pub(super) fn new(id: u64, thread: u32, number: i64, args: [u64; 6]) -> Self {
        Self { id, thread, number, args }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The thread that makes it.
    pub fn thread(&self) -> u32 {
        self.thread
    }

    fn held(&self) -> &'static Held {
        all().find(|held| held.number == self.number).expect("the filter holds nothing else")
    }

    /// What it is about to do.
    pub fn deed(&self) -> Deed {
        self.held().deed
    }

    /// The path of the file that it is about to change, as an absolute path where it can be told. A pipe
    /// or a socket has a name like `pipe:[123]`.
    ///
    /// # Errors
    /// The thread is gone, or the call is about no file.
    pub fn path(&self) -> io::Result<PathBuf> {
        let (directory, text) = match self.held().subject {
            Subject::File(index) => return self.file(self.args[index] & DESCRIPTOR),
            Subject::Path(text) => (None, text),
            Subject::At(directory, text) => (Some(directory), text),
            Subject::Process => return Err(io::Error::other("a signal is about no file")),
        };
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(&self.text(self.args[text])?));
        if path.is_absolute() {
            return Ok(path);
        }
        let directory = directory.map(|index| self.args[index] & DESCRIPTOR);
        let at = match directory {
            Some(fd) if fd != u64::from(libc::AT_FDCWD.cast_unsigned()) => self.file(fd)?,
            _ => std::fs::read_link(self.proc("cwd"))?,
        };
        Ok(at.join(path))
    }

    fn file(&self, descriptor: u64) -> io::Result<PathBuf> {
        std::fs::read_link(self.proc(&format!("fd/{descriptor}")))
    }

    fn proc(&self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.thread.to_string()).join(name)
    }

    /// Text in the memory of the process, up to its zero.
    fn text(&self, address: u64) -> io::Result<Vec<u8>> {
        let memory = File::open(self.proc("mem"))?;
        let mut text = Vec::new();
        let mut byte = [0; 64];
        while text.len() < 4096 {
            let at = address + text.len() as u64;
            // No further than the end of the page: what follows need not be there.
            let most = (4096 - at % 4096).min(64);
            let count = memory.read_at(&mut byte[..usize::try_from(most).unwrap_or(1)], at)?;
            let part = &byte[..count];
            match part.iter().position(|byte| *byte == 0) {
                Some(end) => {
                    text.extend_from_slice(&part[..end]);
                    return Ok(text);
                }
                None if count == 0 => break,
                None => text.extend_from_slice(part),
            }
        }
        Err(io::Error::other("a path without an end"))
    }

    /// How many bytes a write is about to write; 0 for all other calls, and for writev.
    pub fn length(&self) -> u64 {
        if self.number == libc::SYS_write || self.number == libc::SYS_pwrite64 { self.args[2] } else { 0 }
    }

    /// Does the first half of a write (write, pwrite64) in the name of the process, which still stands before it: what is on
    /// the disk if it is killed in it.
    ///
    /// # Errors
    /// It is not a write of two bytes or more, or the process is gone.
    pub fn half_do(&self) -> io::Result<()> {
        let half = usize::try_from(self.length() / 2).map_err(io::Error::other)?;
        if half == 0 {
            return Err(io::Error::other("nothing to be halved"));
        }
        let mut bytes = vec![0; half];
        File::open(self.proc("mem"))?.read_exact_at(&mut bytes, self.args[1])?;
        let file = File::from(self.take(self.args[0])?);
        if self.number == libc::SYS_pwrite64 {
            file.write_all_at(&bytes, self.args[3])
        } else {
            io::Write::write_all(&mut &file, &bytes)
        }
    }

    /// A copy of a descriptor of the process.
    fn take(&self, descriptor: u64) -> io::Result<std::os::fd::OwnedFd> {
        let leader = self.process().ok_or_else(|| io::Error::other("the process is gone"))?;
        let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
        let leader = pidfd_open(leader.ok_or_else(|| io::Error::other("no process"))?, PidfdFlags::empty())?;
        let descriptor = i32::try_from(descriptor).map_err(io::Error::other)?;
        Ok(pidfd_getfd(leader, descriptor, PidfdGetfdFlags::empty())?)
    }

    /// The process that the thread belongs to.
    pub fn process(&self) -> Option<u32> {
        let status = std::fs::read_to_string(self.proc("status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("Tgid:"))?.trim().parse().ok()
    }

    /// The name of the thread, of which the kernel keeps 15 bytes.
    pub fn thread_name(&self) -> String {
        std::fs::read_to_string(self.proc("comm")).unwrap_or_default().trim_end().to_owned()
    }
}
