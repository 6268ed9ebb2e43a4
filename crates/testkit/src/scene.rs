//! The stage of a process test: a home of its own, an almost empty environment, and nothing left afterwards.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::canary::write_program;
use crate::processes;

/// A private home, state directory and place for clones below one short temporary path.
///
/// The name of that path is the scene's [`marker`](TempHome::marker): every process started with
/// [`TempHome::herder`] carries it, and so does everything below it that has its HOME, TMPDIR or working
/// directory inside. Dropping the value kills what still carries it and removes the files.
pub struct TempHome {
    dir: tempfile::TempDir,
}

impl TempHome {
    /// Makes the directories. They lie in the system's temporary directory under a short name, because paths of
    /// sockets are limited to 108 bytes.
    pub fn new() -> TempHome {
        TempHome::within(&std::env::temp_dir())
    }

    /// The same in another directory than the system's temporary one. Its path should be short, too.
    pub fn within(directory: &Path) -> TempHome {
        let dir = tempfile::Builder::new().prefix("hd.").rand_bytes(8).tempdir_in(directory).unwrap();
        let scene = TempHome { dir };
        for path in [scene.home(), scene.state(), scene.tmp(), scene.bin()] {
            fs_err::create_dir_all(path).unwrap();
        }
        scene
    }

    /// The directory that holds all the others.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Has the files outlive this value, to be looked at. Gives where they are.
    pub fn keep(&mut self) -> &Path {
        self.dir.disable_cleanup(true);
        self.path()
    }

    /// HOME of the commands.
    pub fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// RALPH_DIR of the commands: database, runs, mirrors, statistics.
    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// Where the clones lie by default: `~/.ralphs`.
    pub fn root(&self) -> PathBuf {
        self.home().join(".ralphs")
    }

    /// TMPDIR of the commands.
    pub fn tmp(&self) -> PathBuf {
        self.path().join("tmp")
    }

    /// The first directory of the commands' PATH; see [`TempHome::install_program`].
    pub fn bin(&self) -> PathBuf {
        self.path().join("bin")
    }

    /// Text that every process of this scene carries: for [`processes_with`](crate::processes_with).
    pub fn marker(&self) -> &str {
        self.path().file_name().and_then(|name| name.to_str()).unwrap()
    }

    /// Writes a file, given relative to the home, and makes its directories.
    pub fn write(&self, path: &str, contents: &str) -> PathBuf {
        let path = self.home().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, contents).unwrap();
        path
    }

    /// Puts an executable script first on the commands' PATH.
    pub fn install_program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.bin().join(name);
        write_program(&path, script);
        path
    }

    /// `program` in the environment of this scene: PATH (the test's own, behind [`TempHome::bin`]), HOME,
    /// RALPH_DIR, TMPDIR, LANG and TERM, and nothing else. It starts in the home.
    ///
    /// IS_SANDBOX, tokens and git settings of the person who runs the tests never get in.
    pub fn herder(&self, program: impl AsRef<Path>) -> Command {
        let inherited = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", format!("{}:{inherited}", self.bin().display()))
            .env("HOME", self.home())
            .env("RALPH_DIR", self.state())
            .env("TMPDIR", self.tmp())
            .env("LANG", "C.UTF-8")
            .env("TERM", "dumb")
            .current_dir(self.home());
        command
    }

    /// # Panics
    /// When a process of this scene is still there 20 s from now.
    #[track_caller]
    pub fn assert_no_process_left(&self) {
        processes::assert_no_process_left(self.marker());
    }
}

impl Default for TempHome {
    fn default() -> TempHome {
        TempHome::new()
    }
}

impl Drop for TempHome {
    fn drop(&mut self) {
        // A second panic while the first unwinds would abort the whole test program.
        if std::thread::panicking() {
            let _ = std::panic::catch_unwind(|| processes::kill_all_with(self.marker()));
        } else {
            processes::kill_all_with(self.marker());
        }
    }
}

/// The program that cargo builds of `examples/<name>.rs` of the package whose test calls this.
///
/// # Panics
/// When it was not built: cargo builds examples for a test only when it is asked for all targets.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = profile.join("examples").join(name);
    assert!(program.is_file(), "{} is missing: build the examples first", program.display());
    program
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_command_sees_only_the_scene() {
        let scene = TempHome::new();
        let output = scene.herder("/usr/bin/env").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        names.sort_unstable();
        assert_eq!(names, ["HOME", "LANG", "PATH", "RALPH_DIR", "TERM", "TMPDIR"]);
        assert!(text.contains(&format!("HOME={}", scene.home().display())));
    }

    #[test]
    fn installed_programs_come_first_on_the_path() {
        let scene = TempHome::new();
        scene.install_program("git", "#!/bin/sh\necho mine\n");
        let output = scene.herder("/bin/sh").args(["-c", "git"]).output().unwrap();
        assert_eq!(output.stdout, b"mine\n");
    }

    #[test]
    fn the_end_of_a_scene_ends_its_processes_and_files() {
        let scene = TempHome::new();
        let (marker, path) = (scene.marker().to_owned(), scene.path().to_owned());
        let script = "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo started";
        let mut child = scene.herder("/bin/sh").args(["-c", script]).stdout(Stdio::null()).spawn().unwrap();
        child.wait().unwrap();
        assert_eq!(processes::processes_with(&marker).len(), 1);
        drop(scene);
        assert!(processes::processes_with(&marker).is_empty());
        assert!(!path.exists());
    }
}
