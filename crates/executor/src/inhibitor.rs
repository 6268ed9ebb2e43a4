//! Keeping this machine awake while work is under way.

use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use herder_domain::finding::Finding;

use crate::{children, sys};

/// The program that asks systemd-logind for it: systemd-inhibit(1).
const PROGRAM: &str = "systemd-inhibit";

/// How often, and after what pause, it is looked whether an inhibitor that was let go has ended, before it is
/// killed.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// How often, with the same pause, it is looked whether logind has answered: 5 s.
const LIST_TRIES: u32 = 500;

/// A request not to let this machine go to sleep, which holds as long as this value lives. The kernel ends it
/// with this process, however that ends: what holds the request reads from a pipe that this process alone
/// writes to.
#[derive(Debug)]
pub struct Inhibitor {
    child: Child,
    /// `None` once it is let go.
    line: Option<PipeWriter>,
}

impl Inhibitor {
    /// Asks for it; `why` is what `systemd-inhibit --list` shows. Whether it is granted is seen by
    /// [`Inhibitor::is_held`].
    ///
    /// # Errors
    /// `NotFound` where there is no systemd-inhibit; whatever keeps a process from being started.
    pub fn hold(why: &str) -> io::Result<Self> {
        let (theirs, line) = io::pipe()?;
        let mut command = Command::new(PROGRAM);
        command
            .args(["--what=sleep:idle", "--who=herder", "--mode=block"])
            .arg(format!("--why={why}"))
            .arg("cat")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // A session of its own: Ctrl-C at the terminal is for this process, which goes on for a while, and
        // nothing may ask for a password there. One system call, so other threads do no harm.
        sys::before_exec(&mut command, || Ok(rustix::process::setsid().map(drop)?));
        let child = children::spawn(&mut command)?;
        Ok(Self { child, line: Some(line) })
    }

    /// Whether it still holds. One that was refused ends by itself.
    pub fn is_held(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Inhibitor {
    fn drop(&mut self) {
        drop(self.line.take());
        for _ in 0..TRIES {
            if !self.is_held() {
                // It is reaped; its number may be another's from now on.
                return children::reap(self.child.id(), || ());
            }
            thread::sleep(PAUSE);
        }
        // It does not listen. What cannot be killed has ended.
        let _ = self.child.kill();
        let _ = children::wait(&mut self.child);
    }
}

/// Whether this machine can be asked to stay awake. Whether it grants it is seen when it is asked.
pub(crate) fn check() -> Finding {
    match listed() {
        Ok(true) => Finding::ok("sleep", "this machine is asked to stay awake while anything is at work"),
        Ok(false) => nothing("systemd-logind does not answer"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            nothing("there is no systemd-inhibit on PATH")
        }
        Err(error) => nothing(&format!("systemd-inhibit cannot be started ({error})")),
    }
}

/// Whether logind lists who keeps this machine awake, which everybody may ask.
fn listed() -> io::Result<bool> {
    let mut command = Command::new(PROGRAM);
    command.arg("--list").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    for _ in 0..LIST_TRIES {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        thread::sleep(PAUSE);
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}

fn nothing(why: &str) -> Finding {
    Finding::warning(
        "sleep",
        format!("{why}, so nothing keeps this machine awake"),
        "see to it that this machine does not go to sleep by itself; servers usually do not",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_it_can_be_kept_awake_is_said_in_a_sentence() {
        assert_eq!(check().subject, "sleep");
    }
}
