//! Canaries: programs that must never be executed and secrets that must never be seen.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A set of tripwires to plant in a hostile repository (hooks, filters, `core.fsmonitor`, `.envrc`, ...), each of
/// which leaves its name when somebody executes it, and one secret that must not turn up anywhere.
///
/// Tripwires need no environment. They write beside themselves, so inside a sandbox that denies that directory
/// they are silent: this proves that *our* processes did not run them, which is what it is for.
pub struct Canary {
    dir: PathBuf,
    secret: String,
}

impl Canary {
    /// Keeps tripwires and their log in `dir` (created when missing).
    pub fn new(dir: &Path) -> Canary {
        fs_err::create_dir_all(dir).unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let secret = format!("canary-secret-{}-{number}", std::process::id());
        Canary { dir: dir.canonicalize().unwrap(), secret }
    }

    /// An executable that notes `name`, its arguments and its working directory, and exits 0. Calling it twice
    /// with one name gives the same file.
    pub fn tripwire(&self, name: &str) -> PathBuf {
        self.write(name, "exit 0")
    }

    /// Like [`Canary::tripwire`], for git filters: passes its input on, so that git notices nothing.
    pub fn filter(&self, name: &str) -> PathBuf {
        self.write(name, "exec cat")
    }

    /// What was executed, one line a call: `name arguments (in directory)`.
    pub fn heard(&self) -> Vec<String> {
        let log = std::fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&log).lines().map(str::to_owned).collect()
    }

    /// # Panics
    /// When any tripwire was executed.
    #[track_caller]
    pub fn assert_silent(&self) {
        let heard = self.heard();
        assert!(heard.is_empty(), "a canary was executed:\n  {}", heard.join("\n  "));
    }

    /// A value unlike any other, to plant as a credential. It has no known token's form.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// # Panics
    /// When a file below `dir` contains the secret.
    #[track_caller]
    pub fn assert_secret_not_below(&self, dir: &Path) {
        let found = files_containing(dir, &self.secret);
        assert!(found.is_empty(), "the secret was written to {found:?}");
    }

    fn log(&self) -> PathBuf {
        self.dir.join("heard.log")
    }

    fn write(&self, name: &str, end: &str) -> PathBuf {
        let path = self.dir.join(format!("tripwire-{name}"));
        let log = self.log();
        let script =
            format!("#!/bin/sh\necho \"{name} $* (in $(pwd))\" >> '{}' 2>/dev/null\n{end}\n", log.display());
        write_program(&path, &script);
        path
    }
}

/// Every regular file below `dir` whose bytes contain `needle`; symbolic links are not followed.
pub fn files_containing(dir: &Path, needle: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs_err::read_dir(&dir).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() && has(&entry.path(), needle.as_bytes()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

fn has(path: &Path, needle: &[u8]) -> bool {
    let bytes = fs_err::read(path).unwrap();
    memchr::memmem::find(&bytes, needle).is_some()
}

/// Writes an executable script (mode 0755).
///
/// `install` writes it, not this process: a descriptor open for writing here would be inherited by a child that
/// another test's thread forks at that moment, and running the script would fail as "text file busy".
pub(crate) fn write_program(path: &Path, script: &str) {
    let draft = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(draft.path(), script).unwrap();
    let status = Command::new("install").args(["-m", "755"]).arg(draft.path()).arg(path).status().unwrap();
    assert!(status.success(), "failed to install {}", path.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executed_tripwire_is_heard_with_its_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let canary = Canary::new(dir.path());
        let wire = canary.tripwire("pre-commit");
        canary.assert_silent();
        assert!(Command::new(wire).arg("x").env_clear().current_dir("/").status().unwrap().success());
        assert_eq!(canary.heard(), ["pre-commit x (in /)"]);
    }

    #[test]
    fn a_planted_secret_is_found_where_it_leaked() {
        let dir = tempfile::tempdir().unwrap();
        let canary = Canary::new(&dir.path().join("canary"));
        canary.assert_secret_not_below(dir.path());
        let leak = dir.path().join("leak");
        fs_err::write(&leak, format!("key={}\n", canary.secret())).unwrap();
        assert_eq!(files_containing(dir.path(), canary.secret()), [leak]);
    }
}
