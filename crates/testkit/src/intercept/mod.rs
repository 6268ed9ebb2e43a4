//! System calls of a process and all below it, held one by one before they change a file or end a process.
//!
//! The kernel stops the calling thread and asks (seccomp user notification, Linux 5.19 or later). So every
//! write of every program is a point that a test can number, at which it can kill, tear or refuse, without
//! the program's help.

mod call;
mod seccomp;

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

pub use call::{Call, Deed};
pub use seccomp::Reply;

/// Starts programs whose calls are held. They, and what they start, stay under it when it is dropped, and
/// are answered until the last of them is gone.
pub struct Interceptor {
    orders: Sender<Order>,
}

struct Order {
    command: Command,
    started: Sender<io::Result<Child>>,
}

impl Interceptor {
    /// Begins. `decide` is asked for each call, one after another; while it thinks, every other call waits.
    ///
    /// # Errors
    /// The kernel does not let itself be asked.
    pub fn new(mut decide: impl FnMut(&Call) -> Reply + Send + 'static) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let (begun, listener) = mpsc::channel();
        // The filter cannot be taken off: the thread that bears it does nothing but start programs.
        thread::Builder::new().name("starter".into()).spawn(move || start_all(&inbox, &begun))?;
        let listener = listener.recv().map_err(io::Error::other)??;
        thread::Builder::new().name("interceptor".into()).spawn(move || {
            while let Ok(Some(call)) = listener.next() {
                let reply = decide(&call);
                if listener.reply(&call, reply).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { orders })
    }

    /// Starts a program under it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, command: Command) -> io::Result<Child> {
        let (started, answer) = mpsc::channel();
        self.orders.send(Order { command, started }).map_err(io::Error::other)?;
        answer.recv().map_err(io::Error::other)?
    }
}

fn start_all(inbox: &Receiver<Order>, begun: &Sender<io::Result<seccomp::Listener>>) {
    let listening = seccomp::listen();
    let is_listening = listening.is_ok();
    if begun.send(listening).is_err() || !is_listening {
        return;
    }
    while let Ok(Order { mut command, started }) = inbox.recv() {
        let child = command.spawn();
        // Or the program's ends of its streams would stay open here.
        drop(command);
        if started.send(child).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use rustix::io::Errno;
    use rustix::process::Signal;

    use super::*;
    use crate::processes;

    fn shell(dir: &Path, script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.current_dir(dir).args(["-c", script]);
        command
    }

    #[test]
    fn each_change_of_a_file_is_told_with_its_path_before_it_happens() {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().canonicalize().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let (place, telling) = (here.clone(), Arc::clone(&told));
        let interceptor = Interceptor::new(move |call| {
            if let Ok(path) = call.path()
                && let Ok(below) = path.strip_prefix(&place)
            {
                telling.lock().unwrap().push((call.deed(), below.display().to_string(), path.exists()));
            }
            Reply::GoOn
        });
        let script = "mkdir a; : >a/b; mv a/b c; rm c";
        assert!(interceptor.unwrap().start(shell(&here, script)).unwrap().wait().unwrap().success());
        let told = told.lock().unwrap();
        let told: Vec<_> = told.iter().map(|(deed, path, there)| (*deed, path.as_str(), *there)).collect();
        assert_eq!(
            told,
            [
                (Deed::MakeDir, "a", false),
                (Deed::Create, "a/b", false),
                (Deed::Rename, "c", false),
                (Deed::Remove, "c", true)
            ]
        );
    }

    #[test]
    fn a_call_that_is_refused_is_not_made_and_the_program_hears_why() {
        let dir = tempfile::tempdir().unwrap();
        let refuse = |call: &Call| match call.deed() {
            Deed::MakeDir => Reply::Fail(Errno::NOSPC.raw_os_error()),
            _ => Reply::GoOn,
        };
        let script = "mkdir a 2>said; grep -q 'No space left' said";
        let mut child = Interceptor::new(refuse).unwrap().start(shell(dir.path(), script)).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(!dir.path().join("a").exists());
    }

    #[test]
    fn a_write_is_half_done_and_its_process_killed_before_the_other_half() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().canonicalize().unwrap().join("f");
        let wanted = file.clone();
        let tear = move |call: &Call| {
            if call.deed() == Deed::Write && call.path().is_ok_and(|path| path == wanted) {
                call.half_do().unwrap();
                processes::kill(call.process().unwrap(), Signal::KILL);
            }
            Reply::GoOn
        };
        let script = "printf 12345678 | tee f >tee.out; test $(wc -c <f) = 4";
        let mut child = Interceptor::new(tear).unwrap().start(shell(dir.path(), script)).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(fs::read_to_string(file).unwrap(), "1234");
    }
}
