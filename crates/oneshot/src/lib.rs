//! Runs one short program to its end, bounded in time and output.
//!
//! No shell, no threads: one `poll(2)` loop feeds standard input, drains standard output and error,
//! and watches the process by its pidfd, so a grandchild that keeps a pipe open cannot hold the
//! caller. What must be supervised for longer belongs to `executor`, not here.

mod capture;
mod drive;
mod error;

pub use capture::Captured;
pub use error::OneShotError;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Where the program's environment comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environment {
    /// Exactly these variables and nothing of the caller's.
    Cleared(Vec<(OsString, OsString)>),
    /// The caller's environment with these variables set on top.
    Inherited(Vec<(OsString, OsString)>),
}

/// One call of one program: what to run and the bounds it must keep.
#[derive(Debug, Clone)]
pub struct OneShot {
    program: OsString,
    args: Vec<OsString>,
    environment: Environment,
    directory: Option<PathBuf>,
    stdin: Vec<u8>,
    time_limit: Duration,
    stdout_cap: usize,
    stderr_cap: usize,
}

/// What a program left behind when it ended by itself.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// The first bytes of standard output, up to the cap.
    pub stdout: Captured,
    /// The last bytes of standard error, up to the cap.
    pub stderr: Captured,
}

impl OneShot {
    /// A call of `program`, looked up on the caller's `PATH`, with no arguments, an empty
    /// environment, no input, one minute, 16 MiB of output and 64 KiB of error text.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            environment: Environment::Cleared(Vec::new()),
            directory: None,
            stdin: Vec::new(),
            time_limit: Duration::from_secs(60),
            stdout_cap: 16 << 20,
            stderr_cap: 64 << 10,
        }
    }

    /// Appends one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Appends arguments.
    pub fn args<I, A>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets the environment as a whole.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets the working directory; the caller's by default.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets the bytes given on standard input; without any the program reads an end of file.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sets how long the program may take (CLOCK_MONOTONIC).
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sets how many bytes of standard output are kept: the first ones.
    pub fn stdout_cap(mut self, bytes: usize) -> Self {
        self.stdout_cap = bytes;
        self
    }

    /// Sets how many bytes of standard error are kept: the last ones.
    pub fn stderr_cap(mut self, bytes: usize) -> Self {
        self.stderr_cap = bytes;
        self
    }

    /// Runs the program to its end, whatever its exit status.
    ///
    /// # Errors
    /// The program or its directory is missing, cannot be started, or outlives its time limit (then
    /// its whole process group is killed; what has left that group by `setsid` is not).
    pub fn run(self) -> Result<Finished, OneShotError> {
        let name = self.program.to_string_lossy().into_owned();
        let child = self.spawn(&name)?;
        drive::to_the_end(child, self, name)
    }

    /// Runs the program and takes any status but 0 as an error.
    ///
    /// # Errors
    /// Those of [`OneShot::run`], and [`OneShotError::Failed`] with the end of its error text.
    pub fn run_ok(self) -> Result<Finished, OneShotError> {
        let name = self.program.to_string_lossy().into_owned();
        let finished = self.run()?;
        if finished.status.success() {
            return Ok(finished);
        }
        Err(OneShotError::Failed { program: name, status: finished.status, stderr: finished.stderr.text() })
    }

    fn spawn(&self, name: &str) -> Result<std::process::Child, OneShotError> {
        if let Some(directory) = &self.directory
            && !directory.is_dir()
        {
            return Err(OneShotError::NoDirectory { program: name.to_owned(), directory: directory.clone() });
        }
        // By its place, not its name: where the child's PATH is set as well, a name has the standard library fork the
        // whole process, all its memory's tables included, instead of calling posix_spawn(3).
        let mut command = Command::new(found(&self.program).unwrap_or_else(|| (&self.program).into()));
        command.arg0(&self.program).args(&self.args).process_group(0);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        match &self.environment {
            Environment::Cleared(set) => command.env_clear().envs(set.iter().cloned()),
            Environment::Inherited(set) => command.envs(set.iter().cloned()),
        };
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command.spawn().map_err(|source| {
            if source.kind() == std::io::ErrorKind::NotFound {
                OneShotError::NotFound { program: name.to_owned() }
            } else {
                OneShotError::Io { program: name.to_owned(), what: "start", source }
            }
        })
    }
}

/// Where the caller's `PATH` has a program; `None` for one that is named by its place, or is nowhere.
fn found(program: &OsStr) -> Option<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return None;
    }
    let path = std::env::var_os("PATH")?;
    let is_program = |place: &PathBuf| {
        place.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let directories = std::env::split_paths(&path).filter(|directory| directory.is_absolute());
    directories.map(|directory| directory.join(program)).find(is_program)
}
