//! Pushes that nobody saw the end of, and the locks that they leave in a repository on this machine.
//!
//! A push to a directory runs git there, too. If that is killed, as by a power cut, its lock files stay, and
//! that repository takes no push any more, from anybody. So a push is noted beside our refs before it
//! begins; whoever finds a note later knows which locks may be ours.

use crate::error::Result;
use crate::id::CommitId;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the note's name begins with; the branch follows.
const NOTE: &str = "herder.push-";

/// A file's time may be older than the clock says, by the kernel's tick and the file system's grain. Seconds.
const SLACK: u64 = 2;

/// A push to a branch of a repository on this machine.
#[derive(Debug)]
pub(super) struct Unfinished {
    note: PathBuf,
    repository: PathBuf,
    branch: String,
}

impl Unfinished {
    /// A push out of the bare repository `from`; `None` where the address is not a directory of this machine.
    pub(super) fn of(from: &Path, url: &str, branch: &str) -> Option<Self> {
        let repository = Path::new(url.strip_prefix("file://").unwrap_or(url));
        if !repository.is_absolute() {
            return None;
        }
        let below = repository.join(".git");
        let repository = if below.is_dir() { below } else { repository.to_owned() };
        let name = branch.replace('%', "%25").replace('/', "%2f");
        Some(Self { note: from.join(format!("{NOTE}{name}")), repository, branch: branch.to_owned() })
    }

    /// The pushes out of the bare repository `from` that were noted and of whose end nothing is known.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub(super) fn noted(from: &Path, url: &str) -> Result<Vec<Self>> {
        let mut noted = Vec::new();
        for entry in fs_err::read_dir(from)? {
            let name = entry?.file_name();
            let branch = name.to_str().and_then(|name| name.strip_prefix(NOTE));
            let branch = branch.map(|name| name.replace("%2f", "/").replace("%25", "%"));
            noted.extend(branch.and_then(|branch| Self::of(from, url, &branch)));
        }
        Ok(noted)
    }

    /// Removes the locks that pushes have left which were noted and never ended.
    ///
    /// # Errors
    /// The note cannot be read.
    pub(super) fn remove_left(&self) -> Result<()> {
        for lock in self.left_locks()? {
            // Somebody else may have removed it, as git's advice is.
            let _ = std::fs::remove_file(lock);
        }
        Ok(())
    }

    /// Notes that a commit is about to be pushed, after the locks of those before it that were noted and
    /// never ended are out of the way.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn begin(&self, commit: &CommitId) -> Result<()> {
        self.remove_left()?;
        let mut note = fs_err::OpenOptions::new().create(true).append(true).open(&self.note)?;
        let is_new = note.metadata()?.len() == 0;
        let since =
            if is_new { format!("{}\n", seconds_of_now().saturating_sub(SLACK)) } else { String::new() };
        // One write, so that it is there whole or not at all.
        Ok(note.write_all(format!("{since}{commit}\n").as_bytes())?)
    }

    /// The push has ended, however it did. The note stays as long as a lock does that may be ours.
    pub(super) fn end(&self) {
        if self.own_locks().is_ok_and(|locks| locks.is_empty()) {
            // Left where it is it does no harm: it vouches for nothing but locks of these commits.
            let _ = std::fs::remove_file(&self.note);
        }
    }

    /// Locks of ours, if no git is at work in the repository that may have them.
    fn left_locks(&self) -> Result<Vec<PathBuf>> {
        let own = self.own_locks()?;
        Ok(if own.is_empty() || is_anybody_in(&self.repository) { Vec::new() } else { own })
    }

    /// The locks that a push of ours takes, made since one was noted: they hold a commit that was noted, or
    /// nothing yet.
    fn own_locks(&self) -> Result<Vec<PathBuf>> {
        let noted = match std::fs::read_to_string(&self.note) {
            Ok(noted) => noted,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut lines = noted.lines();
        let Some(since) = lines.next().and_then(|line| line.parse().ok()) else {
            return Ok(Vec::new());
        };
        let (since, commits) = (UNIX_EPOCH + Duration::from_secs(since), lines);
        // The last is that of the tidying that git begins after a push.
        let names = ["HEAD", "packed-refs", &format!("refs/heads/{}", self.branch), "objects/maintenance"];
        let locks = names.iter().map(|name| self.repository.join(format!("{name}.lock")));
        let is_own = |lock: &PathBuf| {
            let Ok(data) = std::fs::metadata(lock) else { return false };
            let holds = std::fs::read_to_string(lock).unwrap_or_else(|_| "unreadable".to_owned());
            let is_noted = commits.clone().any(|commit| commit.starts_with(holds.trim_end()));
            is_noted && data.modified().is_ok_and(|made| made >= since)
        };
        Ok(locks.filter(is_own).collect())
    }
}

fn seconds_of_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Whether a process works in a repository: git that serves a push does. Others' processes cannot be looked
/// at, but others' locks cannot be removed either.
fn is_anybody_in(repository: &Path) -> bool {
    let Ok(repository) = repository.canonicalize() else { return true };
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let cwds = processes.flatten().filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
    cwds.into_iter().any(|cwd| cwd.starts_with(&repository))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const OURS: &str = "1111111111111111111111111111111111111111";
    const THEIRS: &str = "2222222222222222222222222222222222222222";

    /// A vault, a repository, and a push between them to a branch.
    fn scene() -> (tempfile::TempDir, Unfinished) {
        let place = tempfile::tempdir().unwrap();
        let (vault, origin) = (place.path().join("vault"), place.path().join("origin"));
        fs::create_dir_all(&vault).unwrap();
        fs::create_dir_all(origin.join("refs/heads/feature")).unwrap();
        let url = format!("file://{}", origin.display());
        let push = Unfinished::of(&vault, &url, "feature/a").unwrap();
        (place, push)
    }

    fn lock(push: &Unfinished, name: &str, holds: &str) -> PathBuf {
        let lock = push.repository.join(name);
        fs::write(&lock, holds).unwrap();
        lock
    }

    fn commit(text: &str) -> CommitId {
        CommitId::parse(text).unwrap()
    }

    #[test]
    fn locks_of_a_push_that_was_killed_are_removed_before_the_next() {
        let (_place, push) = scene();
        push.begin(&commit(OURS)).unwrap();
        let locks =
            [lock(&push, "HEAD.lock", ""), lock(&push, "refs/heads/feature/a.lock", &format!("{OURS}\n"))];
        push.begin(&commit(THEIRS)).unwrap();
        assert!(!locks.iter().any(|lock| lock.exists()));
        push.end();
        assert!(!push.note.exists());
    }

    #[test]
    fn what_a_killed_push_left_is_removed_without_another_push() {
        let (place, push) = scene();
        fs::create_dir(push.repository.join("objects")).unwrap();
        push.begin(&commit(OURS)).unwrap();
        let locks = ["HEAD.lock", "objects/maintenance.lock"].map(|name| lock(&push, name, ""));
        let noted =
            Unfinished::noted(&place.path().join("vault"), push.repository.to_str().unwrap()).unwrap();
        let branches: Vec<_> = noted.iter().map(|push| push.branch.as_str()).collect();
        assert_eq!(branches, ["feature/a"]);
        for push in noted {
            push.remove_left().unwrap();
            push.end();
        }
        assert!(!locks.iter().any(|lock| lock.exists()) && !push.note.exists());
    }

    #[test]
    fn a_lock_that_nobody_noted_a_push_for_is_somebody_elses() {
        let (_place, push) = scene();
        let theirs = lock(&push, "HEAD.lock", "");
        push.begin(&commit(OURS)).unwrap();
        assert!(theirs.exists());
    }

    #[test]
    fn a_lock_that_holds_another_commit_or_is_older_than_the_note_is_somebody_elses() {
        let (_place, push) = scene();
        let old = lock(&push, "HEAD.lock", "");
        let hour = Duration::from_secs(3600);
        fs::File::options().write(true).open(&old).unwrap().set_modified(SystemTime::now() - hour).unwrap();
        push.begin(&commit(OURS)).unwrap();
        let other = lock(&push, "refs/heads/feature/a.lock", &format!("{THEIRS}\n"));
        push.begin(&commit(OURS)).unwrap();
        assert!(old.exists() && other.exists());
    }

    #[test]
    fn a_lock_stays_while_somebody_works_in_the_repository_and_so_does_the_note() {
        let (_place, push) = scene();
        push.begin(&commit(OURS)).unwrap();
        let held = lock(&push, "HEAD.lock", "");
        let mut at_work = std::process::Command::new("cat")
            .current_dir(&push.repository)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        push.begin(&commit(OURS)).unwrap();
        push.end();
        assert!(held.exists() && push.note.exists());
        drop(at_work.stdin.take());
        at_work.wait().unwrap();
        push.begin(&commit(OURS)).unwrap();
        assert!(!held.exists());
    }

    #[test]
    fn only_a_directory_of_this_machine_is_looked_into() {
        assert!(Unfinished::of(Path::new("vault"), "https://example.com/a.git", "main").is_none());
        assert!(Unfinished::of(Path::new("vault"), "git@example.com:a.git", "main").is_none());
    }
}
