//! An orchestrator as a process, to be watched, signalled and killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use herder_testkit::{TempHome, processes, until};
use rustix::process::Signal;

use super::{PATIENCE, stand_in};

pub struct Orchestrator {
    child: Child,
    log: PathBuf,
}

impl Orchestrator {
    pub fn start(home: &TempHome, args: &[&str]) -> Self {
        Self::start_program(&stand_in(), home, args)
    }

    /// Another copy of the program.
    pub fn start_program(program: &Path, home: &TempHome, args: &[&str]) -> Self {
        let mut command = home.herder(program);
        command.args(args);
        Self::start_command(command, home)
    }

    /// A command that is made already.
    pub fn start_command(mut command: Command, home: &TempHome) -> Self {
        let log = home.path().join("up.log");
        let said = File::options().create(true).append(true).open(&log).unwrap();
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        Self { child: command.spawn().unwrap(), log }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        processes::kill(self.pid(), signal);
    }

    /// SIGKILL, as by a power cut.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ctrl-C, and its end.
    pub fn stop(self) -> ExitStatus {
        self.signal(Signal::INT);
        self.finish()
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until it ends by itself.
    pub fn finish(mut self) -> ExitStatus {
        until("the orchestrator's end", PATIENCE, || self.ended())
    }

    /// All that orchestrators of this stage said until now.
    pub fn said(&self) -> String {
        fs_err::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Orchestrator {
    fn drop(&mut self) {
        // What has ended cannot be killed, and what cannot be reaped is nobody's any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", fs_err::read_to_string(&self.log).unwrap_or_default());
        }
    }
}
