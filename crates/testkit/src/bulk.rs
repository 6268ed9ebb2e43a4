//! Repositories of many files, for benchmarks, and how often git is called.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::pairs::Failure;

/// A repository `<top>/origin` whose `main` has so many files of about so many bytes, in three commits.
///
/// # Errors
/// The disk or git refuses.
pub fn make_origin(top: &Path, files: usize, bytes: usize) -> Result<PathBuf, Failure> {
    let origin = top.join("origin");
    fs_err::create_dir_all(&origin)?;
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"];
        done(Command::new("git").arg("-C").arg(&origin).args(who).args(args))
    };
    git(&["init", "-q", "-b", "main"])?;
    for commit in 0..3 {
        for number in (commit..files).step_by(1 + commit) {
            let file = origin.join(place(number));
            fs_err::create_dir_all(file.parent().unwrap_or(&origin))?;
            fs_err::write(file, text(number * 3 + commit, bytes))?;
        }
        git(&["add", "-A"])?;
        git(&["commit", "-q", "-m", "More"])?;
    }
    git(&["gc", "-q"])?;
    Ok(origin)
}

/// Where the file with this number lies, from the top.
pub fn place(number: usize) -> String {
    format!("d{}/e{}/f{number}.txt", number % 20, number % 7)
}

/// Text that packs about as well as source code does.
pub fn text(seed: usize, bytes: usize) -> String {
    let words = ["let ", "fn ", "value", " = ", "self.", "();\n", "// why\n", "0x"];
    let mut state = seed as u64 + 1;
    let mut text = String::with_capacity(bytes + 32);
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(words[(state >> 61) as usize]);
        text.push_str(&format!("{:x}", state >> 48));
    }
    text
}

/// Runs a program that must succeed, in silence.
///
/// # Errors
/// It cannot be started, or fails.
pub fn done(command: &mut Command) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// A git that writes its calls down, first on the path.
pub struct CountedGit {
    bin: PathBuf,
    log: PathBuf,
}

impl CountedGit {
    /// Installs it in `dir`.
    ///
    /// # Errors
    /// There is no git on the path, or the disk refuses.
    pub fn install(dir: &Path) -> Result<Self, Failure> {
        let counted = Self { bin: dir.join("counted-bin"), log: dir.join("counted-calls") };
        fs_err::create_dir_all(&counted.bin)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|git| git.is_file());
        let git = found.ok_or("git is not on the PATH")?;
        let (log, stub) = (counted.log.display(), counted.bin.join("git"));
        fs_err::write(&stub, format!("#!/bin/sh\necho . >>'{log}'\nexec '{}' \"$@\"\n", git.display()))?;
        fs_err::set_permissions(stub, std::fs::Permissions::from_mode(0o755))?;
        Ok(counted)
    }

    /// The path for whoever is to be counted.
    ///
    /// # Errors
    /// A directory on the path cannot be one.
    pub fn path(&self) -> Result<std::ffi::OsString, Failure> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Ok(std::env::join_paths(std::iter::once(self.bin.clone()).chain(std::env::split_paths(&path)))?)
    }

    /// How often git has been called since it was installed. Git's own calls of itself do not count.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn calls(&self) -> Result<usize, Failure> {
        Ok(if self.log.exists() { fs_err::read_to_string(&self.log)?.lines().count() } else { 0 })
    }
}
