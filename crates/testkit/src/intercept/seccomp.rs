//! The kernel's side of an interceptor: a filter, and the descriptor that tells of the calls it holds
//! (seccomp_unotify(2)).
#![allow(unsafe_code)] // seccomp(2) and its three requests have no safe binding.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};

use super::call::{Call, filtered};

/// What is answered to a call that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The kernel carries it out.
    GoOn,
    /// It is not carried out and fails with this error number.
    Fail(i32),
}

/// The descriptor that tells of calls.
#[derive(Debug)]
pub(super) struct Listener(OwnedFd);

/// Has every call that [`filtered`] names held, in this thread and all that it starts from now on.
///
/// A filter is inherited and never taken away; so the thread should be one for the purpose.
pub(super) fn listen() -> io::Result<Listener> {
    // Without it only root may filter; what is started loses nothing but set-user-id.
    rustix::thread::set_no_new_privs(true)?;
    let mut program = filtered();
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(io::Error::other)?,
        filter: program.as_mut_ptr(),
    };
    // With the second one a signal that is handled does not have the call made, and told, twice.
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    // SAFETY: the program outlives the call, which copies it.
    let fd =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    let fd = i32::try_from(fd).map_err(io::Error::other)?;
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has made this descriptor, and nobody else knows of it.
    Ok(Listener(unsafe { OwnedFd::from_raw_fd(fd) }))
}

impl Listener {
    /// Waits for the next call; `None` once nobody is left under the filter.
    pub(super) fn next(&self) -> io::Result<Option<Call>> {
        loop {
            let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let revents = fds[0].revents();
            if !revents.contains(PollFlags::IN) && revents.contains(PollFlags::HUP) {
                return Ok(None);
            }
            if let Some(call) = self.receive()? {
                return Ok(Some(call));
            }
        }
    }

    /// Takes a call; `None` if its thread has died meanwhile.
    fn receive(&self) -> io::Result<Option<Call>> {
        // SAFETY: the kernel wants it zeroed, and zeroes are valid in all its fields.
        let mut held: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the request writes one structure of this type.
        let done = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut held) };
        if done == 0 {
            return Ok(Some(Call::new(held.id, held.pid, held.data.nr.into(), held.data.args)));
        }
        match io::Error::last_os_error() {
            error if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR)) => Ok(None),
            error => Err(error),
        }
    }

    /// Answers a call. That its thread has died meanwhile is no error.
    pub(super) fn reply(&self, call: &Call, reply: Reply) -> io::Result<()> {
        let mut answer = libc::seccomp_notif_resp { id: call.id(), val: 0, error: 0, flags: 0 };
        match reply {
            Reply::GoOn => answer.flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).unwrap_or(1),
            Reply::Fail(errno) => answer.error = -errno,
        }
        // SAFETY: the request reads one structure of this type.
        let done = unsafe {
            libc::ioctl(self.0.as_fd().as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const answer)
        };
        match io::Error::last_os_error() {
            error if done != 0 && error.raw_os_error() != Some(libc::ENOENT) => Err(error),
            _ => Ok(()),
        }
    }
}
