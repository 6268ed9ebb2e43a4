//! A keeper on a kernel that cannot make a child inside a cgroup: clone3(2) is refused as by a system before Linux 5.3,
//! and as by a container's seccomp filter that does not know the call.
#![allow(unsafe_code)] // a seccomp filter has no safe binding, and this is a test's own process

use std::process::ExitCode;

fn main() -> ExitCode {
    match refuse_clone3() {
        Ok(()) => herder_executor::keeper_main(),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Classic BPF over `struct seccomp_data`: seccomp(2).
fn refuse_clone3() -> std::io::Result<()> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const JUMP_IF: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut filter = [
        // The number of the call stands first.
        step(LOAD, 0, 0, 0),
        step(JUMP_IF, 0, 1, libc::SYS_clone3 as u32),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    rustix::thread::set_no_new_privs(true)?;
    // SAFETY: the pointer is to a program of as many instructions as it says, which the kernel copies.
    let result = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
